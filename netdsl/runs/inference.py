"""A run opened for use: its net with its weights, tested on data, or asked about images."""

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
from netdsl.core.errors import TrainingError
from netdsl.core.files import reason
from netdsl.core.sizes import format_shape
from netdsl.core.text import text
from netdsl.data import open_data
from netdsl.data.image_files import read_image
from netdsl.data.random_stream import Moment
from netdsl.data.transform_chain import Chain, make_chain
from netdsl.program import DataUse, Experiment
from netdsl.runs.about import KnownFacts
from netdsl.runs.folder import RunFolder, open_folder
from netdsl.runs.weights import FoundWeights, find_weights, read_weights
from netdsl.training.evaluate import evaluate
from netdsl.training.loss import build_loss
from netdsl.training.machine.device import autocast, choose_device
from netdsl.training.machine.numerics import numerics
from netdsl.training.metric_setup import build_metrics, gives_probabilities
from netdsl.training.metrics import scores

BYTE = 255.0
TOGETHER = 64
"""How many images are predicted in one batch."""


@dataclass(frozen=True)
class Saved:
    """A run's net, ready for use.

    Args:
        experiment: the checked text of the run.
        folder: the run's folder.
        model: its net in evaluation mode, on the device.
        weights: the file of the weights that the net has, and which of the run's they are.
    """

    experiment: Experiment
    folder: RunFolder
    model: nn.Sequential
    device: torch.device
    weights: FoundWeights

    @property
    def facts(self) -> Facts:
        """What is known of the data that it was trained on."""
        return add_known_facts(self.data.facts, self.folder.about.get("data", {}))

    @property
    def data(self) -> DataUse:
        """The `data` line."""
        if self.experiment.data is None:
            raise TrainingError(text("`{name}` has no `data` line", name=self.experiment.source.name))
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
            yield from self._predict_batch(chain, images[start : start + TOGETHER])

    def names(self) -> tuple[str, ...]:
        """The names of the classes: their numbers where they have no names."""
        return self.facts.names or tuple(map(str, range(self.facts.classes or 0)))

    def _chain(self) -> Chain:
        shape = self.experiment.network.input
        if len(shape) != 3 or self.facts.classes is None:
            raise TrainingError(self._unpredictable(), self._instead())
        return make_chain(self.data.transforms, self.facts, training=False, unit=BYTE, bytes_=True)

    def _unpredictable(self) -> str:
        if self.facts.classes is None:
            return "`predict` names the classes of images, but this net gives numbers"
        shape = format_shape(self.experiment.network.input)
        return text("`predict` names the classes of images, C×H×W, but this net takes {shape}", shape=shape)

    def _instead(self) -> str:
        return text(
            "`netdsl eval {run}` tests it; for its outputs in Python, `netdsl export {run}/run.net` writes the net, "
            "and `{run}/model.safetensors` holds its weights",
            run=self.folder.path,
        )

    @torch.inference_mode()
    def _predict_batch(self, chain: Chain, images: Sequence[Path]) -> Tensor:
        prepared = [self._prepare(chain, image) for image in images]
        x = torch.cat(prepared).to(self.device)
        return scores(self.model(x), probabilities=gives_probabilities(self.experiment)).softmax(1).cpu()

    def _prepare(self, chain: Chain, image: Path) -> Tensor:
        """One image as those of the test set are: decoded, transformed, and in the size that the net takes."""
        channels, *size = (int(str(dim)) for dim in self.facts.input or self.experiment.network.input)
        try:
            x = read_image(str(image), "L" if channels == 1 else "RGB").unsqueeze(0)
        except OSError as error:
            raise TrainingError(text("cannot read `{path}`: {reason}", path=image, reason=reason(error))) from error
        except Exception as error:  # a damaged file may fail in any way
            raise TrainingError(
                text("`{path}` is no image that can be read: {error}", path=image, error=str(error))
            ) from error
        if not any(step.fits for step in (*chain.once, *chain.steps)) and list(x.shape[2:]) != size:
            x = nn.functional.interpolate(x, size, mode="bilinear", antialias=True)
        x, _ = chain(chain.prepare(x), torch.zeros(1), Moment(torch.zeros(1, dtype=torch.int64)), slice(0, 1))
        return x


def open_run(experiment: Experiment, run: Path, device: str = "auto", epoch: int | None = None) -> Saved:
    """The net of a run with the weights of its best epoch, of a kept one, or of the checkpoint that the path names."""
    folder, checkpoint = open_folder(run)
    chosen = choose_device(device)
    model = build_network(experiment.network)
    weights = find_weights(checkpoint or folder.path, epoch)
    try:
        model.load_state_dict(read_weights(weights.path))
    except RuntimeError as error:
        cause = str(error).splitlines()[-1].strip()
        raise TrainingError(text("the weights of `{run}` do not fit its net: {cause}", run=run, cause=cause)) from error
    return Saved(experiment, folder, model.to(chosen).eval(), chosen, weights)


def add_known_facts(facts: Facts, known: KnownFacts) -> Facts:
    """Facts with those that were found out when the data were read."""
    shape, names = known.get("input"), known.get("names") or ()
    return facts._replace(
        input=tuple(shape) if shape else facts.input,
        names=tuple(names) if len(names) == facts.classes or facts.classes is None else facts.names,
        mean=tuple(known.get("mean") or facts.mean),
        std=tuple(known.get("std") or facts.std),
    )
