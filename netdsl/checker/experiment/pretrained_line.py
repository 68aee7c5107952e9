"""The check of `pretrained torchvision:resnet18 except=head`: whether there are such weights, and such layers."""

from __future__ import annotations

from pathlib import Path

from netdsl.builtins.torchvision_weights import PREFIX, known_weights, part_source
from netdsl.checker.context import Context
from netdsl.checker.experiment.net_names import require_layers
from netdsl.components.settings import PretrainedSettings
from netdsl.core.diagnostics import Code, errors
from netdsl.core.files import find_home
from netdsl.core.source import Span
from netdsl.core.text import join_or, text
from netdsl.language.statements import PRETRAINED
from netdsl.language.syntax import Setting, Statement
from netdsl.program import Network

UNKNOWN_WEIGHTS = Code(
    "NET311",
    title="weights or layers that a `pretrained` line does not find",
    meaning=(
        "`pretrained` names a run, a file of weights, or a model of torchvision, perhaps with the name of its weights: "
        "`torchvision:resnet50:IMAGENET1K_V1`. `except=` names layers, families of layers, blocks or labels of the net."
    ),
    example="input 3x64x64\nconv 8 k3; relu; gap; flatten; linear 10\npretrained torchvision:resnet81",
    instead="input 3x64x64\nconv 8 k3; relu; gap; flatten; linear 10\npretrained torchvision:resnet18",
)


def check_pretrained(
    found: PretrainedSettings, line: Statement, network: Network, context: Context
) -> PretrainedSettings:
    """Reports weights and layers that are not there; a path in the file becomes relative to the file's folder."""
    places = _places(line)
    where = places.get("source")
    if where is None:
        advice = text("write for example `{example}`", example=PRETRAINED.example)
        context.report(UNKNOWN_WEIGHTS, "`pretrained` names no weights", line.name.span, help=advice)
    # After a mistake the net may lack layers.
    certain = not errors(context.report.diagnostics)
    if certain and found.without:
        require_layers(UNKNOWN_WEIGHTS, found.without, places["except"], network, context)
    if found.source is None or where is None:
        return found
    if not found.source.startswith(PREFIX):
        return found._replace(source=str(context.folder / find_home(Path(found.source))))
    _require_weights(found.source, where, context)
    return found


def _places(line: Statement) -> dict[str, Span]:
    """Where each setting's value stands, with its name or by its position."""
    positional = (item.span for item in line.items if not isinstance(item, Setting))
    named = {item.name.text: item.value.span for item in line.items if isinstance(item, Setting)}
    return dict(zip(("source", "except"), positional, strict=False)) | named


def _require_weights(source: str, where: Span, context: Context) -> None:
    model, weights = part_source(source)
    known = known_weights()
    if model not in known:
        unknown = text("torchvision has no model `{model}`", model=model)
        context.report.unknown(UNKNOWN_WEIGHTS, unknown, source, where, [f"{PREFIX}{one}" for one in known])
    elif weights and weights not in known[model]:
        unknown = text("torchvision has no weights `{name}` of `{model}`", name=weights, model=model)
        names = [f"{PREFIX}{model}:{one}" for one in known[model]]
        advice = text("write {names}", names=join_or(f"`{one}`" for one in names))
        context.report.unknown(UNKNOWN_WEIGHTS, unknown, source, where, names, advice)
