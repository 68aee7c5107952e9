"""The Python surface: check a net, see its shapes, build it, draw it, train it and use it, write a module as a text."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from netdsl.checker import check as check_source
from netdsl.components.registry import PluginWarning, Registry
from netdsl.core.diagnostics import Diagnostic, errors
from netdsl.core.errors import NetError, TrainingError
from netdsl.core.source import Source
from netdsl.core.text import join_and, text
from netdsl.plugins.registry import load_registry
from netdsl.program import Experiment, Network
from netdsl.render.diagnostics import render_text
from netdsl.runs.source import FREE, describe_source, find_change, find_run, read_source_of

_PATH = re.compile(r"\S(.*\S)?\.net|[^\s;{}\"]*[/\\\\][^\s;{}\"]*")
"""A text that is rather the path of a file: `tudui.net`, `nets/tudui`."""

if TYPE_CHECKING:
    from torch import nn

    from netdsl.data.survey import Survey
    from netdsl.drawing.drawing import Drawing, Style, ThemeName
    from netdsl.drawing.laid import Direction
    from netdsl.inside.look import Look
    from netdsl.runs.weights import WhichEpoch
    from netdsl.training import RunResult, Saved


def check(
    net: str | Path, *, overrides: Mapping[str, str] | None = None, variant: str | None = None
) -> list[Diagnostic]:
    """Everything that is wrong with a net, errors and warnings, in the order of the text.

    Args:
        net: the text, or the `Path` of a file.
        overrides: values to put in the place of the file's: `{"width": "128", "optimizer.lr": "0.1"}`.
        variant: one of the file's variants.

    Raises:
        OSError: the file cannot be read.
    """
    return _check(net, _source(net), overrides, variant, _registry())[1]


def shapes(net: str | Path, *, overrides: Mapping[str, str] | None = None, variant: str | None = None) -> Network:
    """The checked net: every layer's input and output shape, parameters and multiply-adds, without importing torch.

    Takes what `check` takes.

    Raises:
        NetError: the text has errors.
        OSError: the file cannot be read.
    """
    return _without_errors(*_check(net, _source(net), overrides, variant, _registry())).network


def draw(
    net: str | Path,
    *,
    overrides: Mapping[str, str] | None = None,
    variant: str | None = None,
    style: Style = "blocks",
    depth: int | None = None,
    theme: ThemeName = "light",
    direction: Direction | None = None,
) -> Drawing:
    """The net as a picture: `draw(Path("tudui.net")).save("tudui.svg")`; in a notebook it shows itself.

    A net with errors is drawn as far as it is known, with the errors in it.

    Args:
        net: the text, or the `Path` of a file.
        overrides: values to put in the place of the file's.
        variant: one of the file's variants.
        style: `blocks`, a box a statement; `volumes`, the feature maps in perspective, as in papers.
        depth: how many levels of blocks are opened; without it, as many as leave the picture small.
        theme: `light`, `dark` or `print`.
        direction: `down` or `right`; without it, the net decides.

    Raises:
        OSError: the file cannot be read.
    """
    from netdsl.drawing.drawing import Drawing

    source = _source(net)
    experiment, diagnostics = check_source(source, _registry(), overrides=overrides, variant=variant)
    return Drawing(source, experiment, diagnostics, style, depth, theme, direction)


def build(net: str | Path, *, overrides: Mapping[str, str] | None = None, variant: str | None = None) -> nn.Sequential:
    """The net as a plain `torch.nn.Sequential`, with the `state_dict` keys that one written by hand would have.

    Takes what `check` takes. Weights are initialised as torch does, or as `init` lines say, from its global generator.

    Raises:
        NetError: the text has errors.
        OSError: the file cannot be read.
    """
    from netdsl.builder import build_network

    return build_network(shapes(net, overrides=overrides, variant=variant))


def survey(net: str | Path, *, overrides: Mapping[str, str] | None = None, variant: str | None = None) -> Survey:
    """What the data set of a `data` line holds, as `netdsl data` tells it: `survey("data digits")` needs no net.

    Takes what `check` takes.

    Raises:
        NetError: the `data` line has errors.
        netdsl.data.DataError: there is none, or the data cannot be read.
        OSError: the file cannot be read.
    """
    from netdsl.checker.experiment.data_line import find_data_line
    from netdsl.data.survey import survey as survey_data

    registry = _registry()

    def check_line(source: Source) -> tuple[Experiment | None, list[Diagnostic]]:
        return check_source(source, registry, overrides=overrides, variant=variant)

    return survey_data(find_data_line(_source(net), check_line))


def train(
    net: str | Path | None = None,
    *,
    overrides: Mapping[str, str] | None = None,
    variant: str | None = None,
    device: str = "auto",
    out: str | Path | None = None,
    resume: str | Path | None = None,
    quiet: bool = False,
) -> RunResult:
    """Trains a net as `netdsl run` does: evaluates after every epoch and leaves a run folder.

    In a notebook the curves and the table grow as it trains. Interrupted, it saves itself: `train(resume=RUN)` goes on,
    and ends with the weights that the run would have had.

    Args:
        net: the text, or the `Path` of a file.
        overrides: values to put in the place of the file's. Of a run that is resumed these are how far to train, what
            to evaluate and to keep, and where the data are: `{"train.epochs": "20"}`.
        variant: one of the file's variants.
        device: `auto`, `cpu`, `cuda`, `cuda:1` or `mps`.
        out: the run folder; `runs/<name>/<time>` unless given.
        resume: the folder of a run to go on with, or one of its checkpoints; `net`, `variant` and `out` are then left
            out.
        quiet: print nothing.

    Raises:
        NetError: the text has errors, or no `data` line.
        netdsl.data.DataError: the data cannot be read.
        netdsl.training.TrainingError: training cannot go on.
        netdsl.training.Interrupted: the run was interrupted, and has saved itself.
    """
    if (net is None) == (resume is None):
        raise TrainingError("give either a net or `resume=RUN`")
    registry = _registry()
    if resume is not None:
        if variant is not None or out is not None:
            raise TrainingError("`resume` continues a run as it is: leave out `variant` and `out`")
        source, kept = read_source_of(Path(resume))
        if change := find_change(kept, overrides or {}):
            raise TrainingError(
                text("`{name}={value}` would make it another run", name=change[0], value=change[1]),
                text("`resume` continues a run as it is; what may be changed is {free}", free=join_and(FREE)),
            )
        overrides, variant = {**kept["overrides"], **(overrides or {})}, kept["variant"]
        if not kept["plugins"]:
            registry = load_registry(installed=False)
    else:
        assert net is not None  # for mypy: one of the two is given
        source = _source(net)
    experiment = _without_errors(*_check(net or source.text, source, overrides, variant, registry))
    if experiment.data is not None and experiment.data.settings.folds and experiment.data.settings.fold is None:
        raise TrainingError(
            text("`folds={folds}` trains several nets", folds=experiment.data.settings.folds),
            'train one of them, `overrides={"data.fold": "1"}`, or all with `netdsl run`',
        )
    from netdsl.training import train as train_experiment  # this imports torch, and a text with mistakes need not wait

    return train_experiment(
        experiment,
        device=device,
        out=None if out is None else Path(out),
        resume=resume,
        quiet=quiet,
        about={"source": describe_source(source, overrides=overrides, variant=variant)},
        callbacks=registry.callbacks,
    )


def load(run: str | Path, *, weights: WhichEpoch = "best", device: str = "auto") -> Saved:
    """A trained net, ready for use: `load("runs/digits/…").predict("three.png").label`.

    It has the module in evaluation mode (`model`), the names of its classes (`classes`), `predict(x)` for samples as
    people have them, `transform(x)` for the batch that the net receives for them, and `evaluate()`.

    Args:
        run: the folder of a run, or one of its checkpoints.
        weights: `best`, those of the best epoch; `last`; or the number of an epoch, if its weights were kept.
        device: `auto`, `cpu`, `cuda`, `cuda:1` or `mps`.

    Raises:
        netdsl.training.TrainingError: there is no run, or it has no such weights.
        NetError: the net can no longer be read: a plugin, or a file that its `data` line names, is missing.
    """
    path = Path(run)
    source, kept = read_source_of(path)
    registry = _registry() if kept["plugins"] else load_registry(installed=False)
    found = check_source(
        source, registry, overrides=kept["overrides"], variant=kept["variant"], facts=find_run(path).facts
    )
    experiment = _without_errors(*found)
    from netdsl.training import open_run

    return open_run(experiment, path, device, weights)


def look(
    net: str | Path | Saved,
    sample: object = 0,
    *,
    layer: str | None = None,
    weights: Sequence[str] = (),
    overrides: Mapping[str, str] | None = None,
    variant: str | None = None,
) -> Look:
    """One sample on its way through a net: shape and numbers of every output, feature maps, attention, saliency.

    `print(look("runs/digits"))` prints the table of `netdsl look`, `look("runs/digits").save("look.html")` writes its
    page, and in a notebook it shows itself.

    Args:
        net: the folder of a run, one of its checkpoints, or what `load` returns; or an untrained net: its text, or the
            `Path` of a `.net` file.
        sample: the number of a test sample. Or the path of a file, an array or a tensor: for a run as `predict` takes
            them, for an untrained net in the shape of its input; if that has several, a dictionary of them by name.
        layer: only one layer: its path, or the first word of its statement.
        weights: weights of an untrained net, as `--weights` takes them; without them they are random.
        overrides: values to put in the place of the file's, for an untrained net.
        variant: one of the file's variants, for an untrained net.

    Raises:
        NetError: the text has errors.
        netdsl.data.DataError: the sample cannot be read, or there is no such layer.
        netdsl.training.TrainingError: there is no such run.
        OSError: the file cannot be read.
    """
    from netdsl.inside.look import Look
    from netdsl.inside.looking import look_at_run, look_at_text
    from netdsl.training import Saved

    if not isinstance(net, Saved) and _is_run(net):
        net = load(net, device="cpu")
    if isinstance(net, Saved):
        return Look.at(look_at_run(net, sample), layer)
    checked = _without_errors(*_check(net, _source(net), overrides, variant, _registry()))
    return Look.at(look_at_text(checked, sample, weights), layer)


def _is_run(place: str | Path) -> bool:
    """Whether it is the folder of a run, or a checkpoint, and not the text or the file of a net."""
    try:
        path = Path(place)
        return path.is_dir() or (path.suffix == ".safetensors" and path.is_file())
    except (OSError, ValueError):  # a text is no path: it may be too long for one
        return False


def from_module(module: nn.Module, *, input: Sequence[int | str] = (), registry: Registry | None = None) -> str:
    """The canonical text of a net: built, it has the modules of this one, under the same names in the `state_dict`.

    A module in a module becomes a block. The text has an `input` line where the layers themselves do not say what comes
    in, with symbols for sizes that may vary.

    Args:
        module: an `nn.Sequential` of modules of torch, of netdsl, of plugins, and of others like it.
        input: the shape of one sample, for nets that do not say it; letters stand for sizes that may vary.
        registry: the names of the language; all that are installed unless given.

    Raises:
        UnsupportedModule: something in it is not to be had in the language; the message says which module.
    """
    from netdsl.importer import write_net

    return write_net(module, registry or _registry(), input=input)


def _registry() -> Registry:
    registry = load_registry()
    for problem in registry.problems:
        warnings.warn(str(problem), PluginWarning, stacklevel=3)
    return registry


def _source(net: str | Path) -> Source:
    return Source(str(net), net.read_text(encoding="utf-8")) if isinstance(net, Path) else Source("<text>", net)


def _without_errors(experiment: Experiment | None, diagnostics: Sequence[Diagnostic]) -> Experiment:
    if experiment is None or errors(diagnostics):
        raise NetError(render_text(diagnostics, color=False), diagnostics)
    return experiment


def _check(
    net: str | Path, source: Source, overrides: Mapping[str, str] | None, variant: str | None, registry: Registry
) -> tuple[Experiment | None, list[Diagnostic]]:
    """What is checked, and what is wrong with it; `net` is how the user gave the source."""
    experiment, diagnostics = check_source(source, registry, overrides=overrides, variant=variant)
    if isinstance(net, str) and diagnostics and _PATH.fullmatch(net):
        advice = text("this is read as the text of a net; to read a file, give `Path({path!r})`", path=net)
        diagnostics = [diagnostics[0]._replace(help=advice, fix=None)]
    return experiment, diagnostics
