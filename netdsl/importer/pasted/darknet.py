"""A net of darknet, the program that YOLO was made with, as its `.cfg` file has it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from netdsl.core.errors import UnsupportedModule
from netdsl.core.text import text

SECTION = re.compile(r"\[(\w+)\]")
ACTIVATIONS = {
    "leaky": "leakyrelu 0.1", "relu": "relu", "logistic": "sigmoid", "tanh": "tanh", "mish": "mish", "swish": "silu",
    "elu": "elu", "selu": "selu", "relu6": "relu6", "gelu": "gelu",
}  # fmt: skip
"""Darknet's leaky ReLU has the slope 0.1."""

NOT_LAYERS = ("cost", "detection", "region", "yolo", "Gaussian_yolo")
"""Sections that compute a loss or draw boxes, and leave the net's output as it is."""


class Section(NamedTuple):
    """A section of the file: its name, what it sets, and its line."""

    name: str
    settings: Mapping[str, str]
    line: int

    def number(self, name: str, default: int) -> int:
        """A setting that is a whole number."""
        given = self.settings.get(name, "")
        return int(given) if re.fullmatch(r"-?\d+", given) else default


def write_darknet(program: str, file: str) -> str:
    """The statements of a darknet net.

    Layers that a later `shortcut` or `route` names get a label, `l4` for the fifth layer.

    Raises:
        UnsupportedModule: a section has no counterpart; the message says which, and its line.
    """
    net, *layers = _sections(program, file)
    named = {target for place, layer in enumerate(layers) for target in _joined(layer, place)}
    size = "x".join(
        str(net.number(name, default)) for name, default in (("channels", 3), ("height", 416), ("width", 416))
    )
    lines = [f"input {size}"]
    for place, layer in enumerate(layers):
        if layer.name in NOT_LAYERS:
            continue
        written = _statements(layer, place, file)
        if place in named and written:
            written[-1] += f" as l{place}"
        lines.append("; ".join(written))
    return "\n".join(lines) + "\n"


def _sections(program: str, file: str) -> Iterator[Section]:
    name, settings, start = "", dict[str, str](), 0
    for number, line in enumerate(program.splitlines(), 1):
        stripped = re.sub(r"[#;].*", "", line).strip()
        if found := SECTION.fullmatch(stripped):
            if name:
                yield Section(name, settings, start)
            name, settings, start = found[1], {}, number
        elif "=" in stripped:
            key, _, value = stripped.partition("=")
            settings[key.strip()] = value.strip()
        elif stripped:
            message = text("`{file}`, line {line}: `{found}` is neither `[section]` nor `name=value`", file=file,
                           line=number, found=stripped)  # fmt: skip
            raise UnsupportedModule(message)
    yield Section(name, settings, start)


def _targets(layer: Section, place: int) -> list[int]:
    """The layers whose outputs this one joins, by their places."""
    given = {"shortcut": layer.settings.get("from", ""), "route": layer.settings.get("layers", "")}.get(layer.name, "")
    offsets = [int(one) for one in re.findall(r"-?\d+", given)]
    return [place + offset if offset < 0 else offset for offset in offsets]


def _joined(layer: Section, place: int) -> list[int]:
    """Those of them that are named: a route that begins with the layer before it goes on from there."""
    targets = _targets(layer, place)
    return targets[1:] if layer.name == "route" and targets[:1] == [place - 1] else targets


def _statements(layer: Section, place: int, file: str) -> list[str]:
    match layer.name:
        case "convolutional":
            return [*_convolution(layer), *_activation(layer, file)]
        case "maxpool":
            size, stride = layer.number("size", 2), layer.number("stride", 2)
            # Darknet pads by size - 1 in all, so that a stride of 1 keeps the size.
            same = " same" if stride == 1 and size > 1 else ""
            return [f"maxpool {size}{'' if stride == size else f' s{stride}'}{same}"]
        case "avgpool":
            return ["gap"]
        case "connected":
            return [f"linear {layer.number('output', 1)}", *_activation(layer, file)]
        case "dropout":
            return [f"dropout {layer.settings.get('probability', '0.5')}"]
        case "softmax":
            return ["flatten", "softmax"]
        case "upsample":
            return [f"upsample {layer.number('stride', 2)}"]
        case "shortcut":
            return [f"add {' '.join(f'l{target}' for target in _targets(layer, place))}", *_activation(layer, file)]
        case "route" if "groups" not in layer.settings and _targets(layer, place)[0] == place - 1:
            labels = " ".join(f"l{target}" for target in _joined(layer, place))
            return [f"concat {labels}" if labels else "identity"]
    raise UnsupportedModule(
        text(
            "`{file}`, line {line}: darknet's `[{section}]` has no counterpart in the language as it stands here",
            file=file,
            line=layer.line,
            section=layer.name,
        )
    )


def _convolution(layer: Section) -> list[str]:
    size, stride = layer.number("size", 1), layer.number("stride", 1)
    padding = size // 2 if layer.number("pad", 0) else layer.number("padding", 0)
    groups = layer.number("groups", 1)
    normalised = layer.number("batch_normalize", 0)
    words = [f"conv {layer.number('filters', 1)} k{size}", *([f"s{stride}"] if stride != 1 else [])]
    words += [f"p{padding}"] if padding else []
    words += [f"groups={groups}"] if groups != 1 else []
    words += ["bias=false"] if normalised else []
    return [" ".join(words), *(["bn"] if normalised else [])]


def _activation(layer: Section, file: str) -> list[str]:
    name = layer.settings.get("activation", "linear")
    if name == "linear":
        return []
    if name not in ACTIVATIONS:
        message = text("`{file}`, line {line}: darknet's activation `{name}` has no counterpart in the language",
                       file=file, line=layer.line, name=name)  # fmt: skip
        raise UnsupportedModule(message)
    return [ACTIVATIONS[name]]
