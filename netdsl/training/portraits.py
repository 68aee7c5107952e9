"""What a net looks like from inside: each unit's picture of the plane, or each layer's feature maps of one image.

Values are sent as bytes in base64: −1…1 as 0…255 for what has a sign, with the largest magnitude beside them.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from netdsl.core.sizes import format_shape
from netdsl.program import Experiment, Network, Node
from netdsl.training.metric_setup import gives_probabilities
from netdsl.training.metrics import scores

GRID, FINE = 36, 72
"""Points to a side: of a unit's picture, of the whole net's."""

MOST_UNITS, MOST_COLUMNS = 24, 10
"""How many units of a layer, and how many layers, are shown."""

MOST_MAPS, MOST_NUMBERS, LARGEST_MAP = 32, 128, 64
"""How many feature maps and how many numbers of a layer are shown; larger maps are made smaller."""

MOST_POINTS = 600
FOLLOWING = frozenset({"activation", "normalisation", "regularisation", "shape"})
"""Families of layers that change values one by one: their output stands for that of the layer before."""

Portrait = dict[str, Any]


def find_columns(network: Network) -> list[Node]:
    """The layers of which units are shown: those that give a vector, each with what follows it one by one."""
    found: list[Node] = []
    for node, after in zip(network.nodes, [*network.nodes[1:], None], strict=True):
        follows = after is not None and after.out == node.out and after.layer is not None
        if len(node.out) == 1 and not (
            follows and after is not None and after.layer and after.layer.family in FOLLOWING
        ):
            found.append(node)
    return found if len(found) <= MOST_COLUMNS else [*found[: MOST_COLUMNS - 1], found[-1]]


def square(points: Tensor) -> tuple[float, float, float]:
    """The square that holds points, with a margin: its middle, and half its side."""
    low, high = points.amin(0), points.amax(0)
    middle, half = (low + high) / 2, (high - low).max() / 2 * 1.1
    return float(middle[0]), float(middle[1]), float(half) or 1.0


def draw_plane(module: nn.Module, experiment: Experiment, area: tuple[float, float, float]) -> Portrait:
    """Each unit's picture of the plane, the weights between the units, and what the whole net makes of it."""
    columns = find_columns(experiment.network)
    device = next(module.parameters()).device
    with _watching(module, [node.path for node in columns]) as seen:
        module(_grid(area, GRID, device))
        units = [_column(node, seen.get(node.path)) for node in columns]
    surface = scores(module(_grid(area, FINE, device)), probabilities=gives_probabilities(experiment.loss)).softmax(1)
    sure, chosen = surface.max(1)
    classes = surface.shape[1]
    # Where classes are even the surface is pale: 0 stands for a chance of 1 in `classes`, 1 for certainty.
    strength = (sure - 1 / classes) / (1 - 1 / classes)
    return {
        "columns": units,
        "links": _links(experiment.network, columns, module),
        "surface": {"side": FINE, "classes": _bytes(chosen), "strength": _bytes(strength * 255)},
    }


def describe_points(x: Tensor, y: Tensor) -> Portrait:
    """Some points of the plane with their classes."""
    return {
        "points": [[round(value, 3) for value in pair] for pair in x[:MOST_POINTS].tolist()],
        "classes": y[:MOST_POINTS].tolist(),
    }


def draw_image(module: nn.Module, experiment: Experiment, x: Tensor) -> Portrait:
    """What each layer makes of one image, and the probabilities of the classes."""
    layers = [node for node in experiment.network.nodes if len(node.out) in (1, 3)]
    with _watching(module, [node.path for node in layers]) as seen:
        output = module(x)
    shown = [_layer(node, seen[node.path][0]) for node in layers if node.path in seen]
    answer: Portrait = {"layers": [{"path": "", "statement": "input", **_maps(x[0])}, *shown]}
    if experiment.data is not None and experiment.data.facts.classes:
        chances = scores(output, probabilities=gives_probabilities(experiment.loss)).softmax(1)[0]
        answer["chances"] = [round(value, 4) for value in chances.tolist()]
    return answer


@contextmanager
def _watching(module: nn.Module, paths: Sequence[str]) -> Iterator[dict[str, Tensor]]:
    """Notes the outputs of modules, in evaluation mode and without gradients; the modes are put back."""
    seen: dict[str, Tensor] = {}
    modes = {one: one.training for one in module.modules()}
    known = dict(module.named_modules())

    def note(path: str) -> Any:
        def hook(_: nn.Module, __: object, output: object) -> None:
            if isinstance(output, Tensor):
                seen[path] = output

        return hook

    handles = [known[path].register_forward_hook(note(path)) for path in paths if path in known]
    try:
        with torch.inference_mode():
            module.eval()
            yield seen
    finally:
        for handle in handles:
            handle.remove()
        for one, mode in modes.items():
            one.training = mode


def _grid(area: tuple[float, float, float], side: int, device: torch.device) -> Tensor:
    """The points of a square, row by row from the top."""
    x, y, half = area
    steps = torch.linspace(-half, half, side)
    down, along = torch.meshgrid(y - steps, x + steps, indexing="ij")
    return torch.stack((along.flatten(), down.flatten()), dim=1).to(device)


def _column(node: Node, output: Tensor | None) -> Portrait:
    """The pictures of a layer's units, each by the layer's own scale."""
    column: Portrait = {"path": node.path, "statement": node.written, "units": 0, "side": GRID}
    if output is None or output.dim() != 2:
        return column
    shown = output[:, :MOST_UNITS].T
    largest = shown.abs().max().clamp_min(1e-6)
    return column | {
        "units": output.shape[1],
        "shown": shown.shape[0],
        "largest": float(largest),
        "pixels": _bytes(shown / largest * 127.5 + 127.5),
    }


def _links(network: Network, columns: Sequence[Node], module: nn.Module) -> list[Portrait | None]:
    """For each column the weights that come from the one before: of its linear layer, where it has just one."""
    known = dict(module.named_modules())
    found: list[Portrait | None] = []
    start = 0
    for column in columns:
        end = network.nodes.index(column) + 1
        between = [known.get(node.path) for node in network.nodes[start:end]]
        linear = [one for one in between if isinstance(one, nn.Linear)]
        found.append(_link(linear[0]) if len(linear) == 1 else None)
        start = end
    return found


def _link(layer: nn.Linear) -> Portrait:
    weights = layer.weight.detach()[:MOST_UNITS, :MOST_UNITS]
    largest = weights.abs().max().clamp_min(1e-6)
    return {"out": weights.shape[0], "in": weights.shape[1], "pixels": _bytes(weights / largest * 127.5 + 127.5)}


def _layer(node: Node, output: Tensor) -> Portrait:
    about = {"path": node.path, "statement": node.written, "shape": format_shape(node.out)}
    return about | (_maps(output) if output.dim() == 3 else _numbers(output))


def _maps(output: Tensor) -> Portrait:
    """Feature maps, each layer by its own largest value."""
    maps = output[:MOST_MAPS].float()
    if max(maps.shape[1:]) > LARGEST_MAP:
        maps = nn.functional.adaptive_avg_pool2d(
            maps, (min(LARGEST_MAP, maps.shape[1]), min(LARGEST_MAP, maps.shape[2]))
        )
    largest = maps.abs().max().clamp_min(1e-6)
    return {
        "maps": maps.shape[0],
        "all": output.shape[0],
        "height": maps.shape[1],
        "width": maps.shape[2],
        "pixels": _bytes(maps / largest * 127.5 + 127.5),
    }


def _numbers(output: Tensor) -> Portrait:
    shown = output.flatten()[:MOST_NUMBERS].float()
    return {"numbers": [round(value, 3) for value in shown.tolist()], "all": output.numel()}


def _bytes(values: Tensor) -> str:
    return b64encode(values.detach().clamp(0, 255).round().to(torch.uint8).cpu().numpy().tobytes()).decode()
