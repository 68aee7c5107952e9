"""`netdsl export`: a net for another tool, by default as PyTorch code as one writes it by hand."""

from __future__ import annotations

import json
import pkgutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from netdsl import __version__
from netdsl.cli.shared.errors import warn
from netdsl.cli.shared.inputs import ProgramText, Settings, read_one
from netdsl.cli.shared.options import output_option, takes_settings, text_option, weights_option
from netdsl.cli.shared.output import require_apart, write_output
from netdsl.core.errors import WrongPath
from netdsl.core.text import text
from netdsl.export import find_targets, load_exporter
from netdsl.program import tensors_in_words

if TYPE_CHECKING:
    from netdsl.components import Facts
    from netdsl.model_export.built_net import BuiltNet
    from netdsl.program import Experiment
    from netdsl.runs.weights import WhichEpoch

SECTION = "Nets"
# Listed without an import, because export as text must not wait for torch.
WITH_WEIGHTS = sorted(
    module.name for module in pkgutil.iter_modules([str(Path(__file__).parents[1] / "model_export" / "weighted")])
)


@click.command
@click.argument("file", type=click.Path(), required=False)
@text_option
@takes_settings
@click.option(
    "--to",
    "target",
    type=click.Choice([*find_targets(), *WITH_WEIGHTS]),
    default="python",
    show_default=True,
    help="The format: python is text, the others contain weights.",
)
@weights_option
@output_option
def command(
    file: str | None, written: str | None, settings: Settings, target: str, epoch: WhichEpoch, output: str | None
) -> None:
    """Write a net as plain PyTorch, ONNX or weights, which do not need netdsl.

    FILE is a .net file, `-` for standard input, or the folder of a run. A run is written with its trained weights.

    python is a Python module with the class `Net`. onnx is a graph for onnxruntime and others; it needs netdsl[onnx].
    torch is the program of torch.export (.pt2), script is TorchScript (.pt). safetensors and pth contain the
    state_dict; a safetensors file contains no code, pth is what torch.save writes.

    Weights have the names of the net that netdsl builds. Before onnx, torch or script is written, its output is
    compared with the net's: for several batch sizes, and for several input sizes if the input has symbols.
    """
    require_apart(output, [file] if file else ())
    run = _as_run(file)
    program = _read_program(run, file, written, settings)
    if target not in WITH_WEIGHTS:
        export = load_exporter(target)
        # The path in the title may hold bytes that are not UTF-8.
        write_output(export(program.experiment.network, _title(program)).encode(errors="backslashreplace"), output)
        return
    if output is None and sys.stdout.isatty():
        raise click.UsageError(text("{target} is not text for a terminal: write `-o FILE`", target=target))
    _require_folder(output)
    # Checked before torch is imported: a mistake should not wait for it.
    experiment = program.experiment
    from netdsl.model_export import load_model_exporter

    built = _build_trained(experiment, run, epoch) if run else _build_fresh(experiment)
    exported = load_model_exporter(target)(built)
    write_output(exported.content, output)
    if exported.difference is not None:
        message = text("largest difference to torch: {difference:.1e}", difference=exported.difference)
        click.echo(message, err=True)


def _read_program(run: Path | None, file: str | None, written: str | None, settings: Settings) -> ProgramText:
    if run is None or written is not None:  # a run together with a text is refused like a file together with a text
        return ProgramText(read_one(file, written), settings)
    from netdsl.cli.shared.run_source import read_run_source  # only a run needs it

    return read_run_source(run, settings)


def _as_run(file: str | None) -> Path | None:
    """The run, or the checkpoint of one, that FILE names."""
    path = Path(file) if file else None
    return path if path and (path.suffix == ".safetensors" or (path / "run.json").is_file()) else None


def _require_folder(output: str | None) -> None:
    """Raises `WrongPath` before the work, if the output could not be written after it."""
    if output and not Path(output).absolute().parent.is_dir():
        raise WrongPath(text("`{path}` cannot be written: no such folder", path=output))


def _build_trained(experiment: Experiment, run: Path, epoch: WhichEpoch) -> BuiltNet:
    from netdsl.model_export.built_net import BuiltNet
    from netdsl.runs.about import CARRIED
    from netdsl.runs.source import describe_carried
    from netdsl.training import open_run

    saved = open_run(experiment, run, "cpu", epoch)
    if saved.weights.which:
        click.echo(text("weights: {which}", which=saved.weights.which), err=True)
    about = _describe(experiment) | _describe_data(experiment, saved.facts, saved.classes)
    return BuiltNet(experiment.network, saved.model, about, {CARRIED: describe_carried(saved.about)})


def _build_fresh(experiment: Experiment) -> BuiltNet:
    import torch

    from netdsl.builder import build_network
    from netdsl.model_export.built_net import BuiltNet

    warn(text("the weights are random; give the folder of a run for trained ones"))
    torch.manual_seed(experiment.train.seed)
    return BuiltNet(experiment.network, build_network(experiment.network).eval(), _describe(experiment))


def _describe(experiment: Experiment) -> dict[str, str]:
    return {
        "netdsl": __version__,
        "net": experiment.source.text,
        "input": tensors_in_words(experiment.network.all_inputs),
        "output": tensors_in_words(experiment.network.all_outputs),
    }


def _describe_data(experiment: Experiment, facts: Facts, classes: tuple[str, ...]) -> dict[str, str]:
    """What a user of the exported net must know: the classes, and how samples are prepared."""
    transforms = experiment.data.transforms if experiment.data else ()
    known = {
        "classes": classes,
        "transforms": [use.span.text for use in transforms if use.span],
        "mean": facts.mean,
        "std": facts.std,
    }
    return {name: json.dumps(value, ensure_ascii=False) for name, value in known.items() if value}


def _title(program: ProgramText) -> str:
    """Where the net comes from, for the first line of the exported file: `examples/resnet.net, variant resnet50`."""
    settings = program.settings
    variant = [text("variant {variant}", variant=settings.variant)] if settings.variant else []
    overrides = [f"{name}={value}" for name, value in settings.overrides.items()]
    return ", ".join([program.source.name, *variant, *overrides])
