"""The check of `pretrained torchvision:resnet18 except=head`: whether there are such weights, and such layers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from netdsl.builtins.torchvision_weights import PREFIX, known_weights, part_source
from netdsl.checker.context import Context
from netdsl.checker.experiment.net_names import require_layers
from netdsl.components.settings import PretrainedSettings
from netdsl.core.diagnostics import Code
from netdsl.core.files import find_home
from netdsl.core.source import Span
from netdsl.core.text import join_or, text
from netdsl.language.statements import PRETRAINED
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
    found: PretrainedSettings, line: Span, places: Mapping[str, Span], network: Network | None, context: Context
) -> PretrainedSettings:
    """Reports weights, and layers of the net, if given, that are not there.

    `places` says where each setting's value stands. A path in the file becomes relative to the file's folder.
    """
    where = places.get("source")
    if where is None:
        advice = text("write for example `{example}`", example=PRETRAINED.example)
        context.report(UNKNOWN_WEIGHTS, "`pretrained` names no weights", line, help=advice)
    if network is not None and found.without:
        require_layers(UNKNOWN_WEIGHTS, found.without, places["except"], network, context)
    if found.source is None or where is None:
        return found
    if not found.source.startswith(PREFIX):
        return found._replace(source=str(context.folder / find_home(Path(found.source))))
    _require_weights(found.source, where, context)
    return found


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
