"""A run that is over, or was cut short, opened for use: its net with its weights, evaluated, or asked about images."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from netdsl.builder import build_network
from netdsl.components import Facts
from netdsl.data import open_data
from netdsl.data.transform_chain import Chain, make_chain
from netdsl.data.image_files import read_image
from netdsl.data.random_stream import Moment
from netdsl.program import DataUse, Experiment
from netdsl.training.machine.device import autocast, choose_device
from netdsl.core.errors import TrainingError
from netdsl.training.evaluate import evaluate
from netdsl.training.metric_setup import build_metrics, gives_probabilities
from netdsl.training.metrics import scores
from netdsl.training.machine.numerics import numerics
from netdsl.training.loss import build_loss
from netdsl.runs.folder import RunFolder, open_folder
from netdsl.runs.weights import read_weights

BYTE = 255.0
TOGETHER = 64
"""Images are predicted in batches of so many."""


@dataclass(frozen=True)
class Saved:
    """A run's net, ready for use.

    Args:
        experiment: the checked text of the run.
        folder: where it lies.
        model: its net in evaluation mode, on the device.
    """

    experiment: Experiment
    folder: RunFolder
    model: nn.Sequential
    device: torch.device

    @property
    def facts(self) -> Facts:
        """What is known of the data that it was trained on."""
        return recalled(self.data.facts, self.folder.about.get("data", {}))

    @property
    def data(self) -> DataUse:
        """The `data` line."""
        if self.experiment.data is None:
            raise TrainingError(f"`{self.experiment.source.name}` has no `data` line")
        return self.experiment.data

    def evaluate(self) -> dict[str, Any]:
        """The loss and each metric over the test set; with classes, the confusion matrix too."""
        data = open_data(self.data, self.device, seed=self.experiment.train.seed)
        assert self.experiment.loss is not None  # a file with a `data` line has one
        metrics = build_metrics(self.experiment, data.facts, self.device, confusion=True)
        loss = build_loss(self.experiment.loss).to(self.device)
        settings = self.experiment.train
        with closing(data), numerics(self.device, settings):
            batches, context = data.test.epoch(0), autocast(self.device, settings.precision)
            found = evaluate(self.model, loss, metrics, batches, context)
        return {name: value.tolist() if isinstance(value, Tensor) else value for name, value in found.items()}

    def predict(self, images: Sequence[Path]) -> Iterator[Tensor]:
        """The probability of each class, an image at a time, in the order of the paths."""
        chain = self._chain()
        for start in range(0, len(images), TOGETHER):
            yield from self._predicted(chain, images[start : start + TOGETHER])

    def names(self) -> tuple[str, ...]:
        """What the classes are called: their numbers where they have no names."""
        return self.facts.names or tuple(map(str, range(self.facts.classes or 0)))

    def _chain(self) -> Chain:
        shape = self.experiment.network.input
        if len(shape) != 3 or self.facts.classes is None:
            raise TrainingError("this net does not tell the classes of images, so there is nothing to predict")
        return make_chain(self.data.transforms, self.facts, training=False, unit=BYTE, bytes_=True)

    @torch.inference_mode()
    def _predicted(self, chain: Chain, images: Sequence[Path]) -> Tensor:
        prepared = [self._prepared(chain, image) for image in images]
        x = torch.cat(prepared).to(self.device)
        return scores(self.model(x), probabilities=gives_probabilities(self.experiment)).softmax(1).cpu()

    def _prepared(self, chain: Chain, image: Path) -> Tensor:
        """One image as the test set's are: decoded, transformed, and of the size that the net takes."""
        channels, *size = (int(str(dim)) for dim in self.facts.input or self.experiment.network.input)
        try:
            x = read_image(str(image), "L" if channels == 1 else "RGB").unsqueeze(0)
        except OSError as error:
            raise TrainingError(f"cannot read `{image}`: {(error.strerror or str(error)).lower()}") from error
        except Exception as error:  # a damaged file may fail in any way
            raise TrainingError(f"`{image}` is no image that can be read: {error}") from error
        if not any(step.fits for step in (*chain.once, *chain.steps)) and list(x.shape[2:]) != size:
            x = nn.functional.interpolate(x, size, mode="bilinear", antialias=True)
        x, _ = chain(chain.prepare(x), torch.zeros(1), Moment(torch.zeros(1, dtype=torch.int64)), slice(0, 1))
        return x


def open_run(experiment: Experiment, run: Path, device: str = "auto", epoch: int | None = None) -> Saved:
    """The net of a run with the weights it ended with, those of its last checkpoint, or those of a kept epoch."""
    folder, checkpoint = open_folder(run)
    chosen = choose_device(device)
    model = build_network(experiment.network)
    weights = read_weights(checkpoint or _weights(folder, epoch))
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        raise TrainingError(
            f"the weights of `{run}` do not fit its net: {str(error).splitlines()[-1].strip()}"
        ) from error
    return Saved(experiment, folder, model.to(chosen).eval(), chosen)


def recalled(facts: Facts, known: dict[str, Any]) -> Facts:
    """Facts as they were found when the data were read."""
    lists: dict[str, Any] = {name: tuple(known[name]) for name in ("input", "names", "mean", "std") if known.get(name)}
    return facts._replace(**lists)


def _weights(folder: RunFolder, epoch: int | None) -> Path:
    if epoch is not None:
        path = folder.weights_of(epoch)
        if not path.exists():
            raise TrainingError(f"the weights of epoch {epoch} are not kept", "`train keep=5` keeps the five best")
        return path
    if folder.weights.exists():
        return folder.weights
    steps = folder.checkpoints.steps()
    if not steps:
        raise TrainingError(f"`{folder.path}` has no weights yet", f"go on with `netdsl run --resume {folder.path}`")
    return folder.checkpoints.path(steps[-1])
