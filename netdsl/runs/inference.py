"""A run opened for use: its net with its weights, tested on data, or asked about samples."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import closing, nullcontext
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from netdsl.builder import build_network
from netdsl.builtins.files.vocabulary import END, Vocabulary
from netdsl.components import Facts, Refusal
from netdsl.components.positions import positions_of_sample
from netdsl.core.errors import DataError, TrainingError
from netdsl.core.text import text
from netdsl.data import open_data
from netdsl.data.given import Given, Stored, read_given
from netdsl.data.inputs import InputTensors, Samples, join_batches, shapes_of, stack_samples, tensors_of
from netdsl.data.random_stream import Moment
from netdsl.data.samples import Learnt
from netdsl.data.seen_part import find_seen_part
from netdsl.data.transform_chain import Chain, make_chain, make_joint_chain
from netdsl.modules.carried_state import carried_states
from netdsl.program import DataUse, Experiment
from netdsl.runs.about import KnownFacts, RunAbout
from netdsl.runs.answers import read_answers
from netdsl.runs.folder import RunFolder
from netdsl.runs.known_data import read_learnt, read_scale
from netdsl.runs.prediction import Segmentation
from netdsl.runs.source import find_run
from netdsl.runs.weights import FoundWeights, WhichEpoch, find_weights, read_weights
from netdsl.runs.writing import require_writer, write_tokens, written_pieces
from netdsl.training.ends import all_outputs, attach_ends
from netdsl.training.evaluate import evaluate
from netdsl.training.heads import Heads
from netdsl.training.loss import build_loss
from netdsl.training.machine.device import autocast, choose_device
from netdsl.training.machine.numerics import numerics
from netdsl.training.metric_setup import build_metrics
from netdsl.training.positions import classes_second

BYTE = 255.0
"""What stands for 1 where a run does not say it: older ones did not."""

TOGETHER = 64
"""How many samples are predicted in one batch."""


@dataclass(frozen=True, repr=False)
class Saved:
    """A run's net, ready for use: `net.predict(x)`.

    Args:
        experiment: the checked text of the run.
        folder: the run's folder; that of the weights where they lie in no run.
        about: what the run says of itself.
        model: its net in evaluation mode, on the device.
        weights: the file of the weights that the net has, and which of the run's they are.
    """

    experiment: Experiment
    folder: RunFolder
    about: RunAbout
    model: nn.Sequential
    device: torch.device
    weights: FoundWeights

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.folder.path}: {self.weights.which or self.weights.path}>"

    # Kept, since each sample asks for them and they stand in a file.
    @cached_property
    def facts(self) -> Facts:
        """What is known of the data that it was trained on."""
        return add_known_facts(self.data.facts, self._known)

    @property
    def data(self) -> DataUse:
        """The `data` line."""
        if self.experiment.data is None:
            raise TrainingError(text("`{name}` has no `data` line", name=self.experiment.source.name))
        return self.experiment.data

    def evaluate(self) -> dict[str, Any]:
        """The loss and each metric over the test set; with classes, the confusion matrix too."""
        data = open_data(self.data, self.device, seed=self.experiment.train.seed, learnt=self._learnt)
        assert self.experiment.loss is not None  # a file with a `data` line has one
        metrics = build_metrics(self.experiment, data.facts, self.device, confusion=True)
        loss = build_loss(self.experiment.loss, self.data).to(self.device)
        settings = self.experiment.train
        carried = carried_states(self.model) if data.carry else nullcontext()
        with closing(data), numerics(self.device, settings), carried:
            batches, context = data.test.epoch(0), autocast(self.device, settings.precision)
            found = evaluate(self.model, loss, metrics, batches, context)
        return {name: value.tolist() if isinstance(value, Tensor) else value for name, value in found.items()}

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes: their numbers where they have no names; none where the net predicts numbers."""
        return self.facts.names or tuple(map(str, range(self.facts.classes or 0)))

    @property
    def targets(self) -> tuple[str, ...]:
        """What the columns that it predicts are called; empty where they have no names."""
        return self._learnt.targets if self._learnt else ()

    def predict(self, x: object) -> Any:
        """What the net says of one sample, or of several, treated as those of the test set were.

        Args:
            x: one sample, or several. Of images it is the path of a file, a picture of PIL, an array or a tensor, C×H×W
                or H×W×C, or H×W where the net takes grey ones; paths and pictures may have any size. Whole numbers are
                those that the data set stores (0…255 for most), real numbers are 0…1. Of a table it is a mapping from
                columns to values, or the values in their order; or the path of a file, or a data frame, for several
                rows. Of anything else it is an array, a tensor or a list of numbers in the shape of one sample.
                Several are a list of these, or an array with one more axis in front.

        Returns:
            Of one sample a `Prediction`, which has `label`, `index`, `probability` and `probabilities`; where each step
            of a sequence has a class, a list of them. Where each pixel of an image has one, a `Segmentation`, which has
            `mask`, `shares`, `mask_png()` and `overlay_png()`. Where the net predicts numbers, a float, or a list of
            them where it predicts several, in the unit of the data set's target. Where it writes a text, the text. Of
            a net of several outputs a mapping from their names to these; an output without a loss gives its own
            numbers. Of several samples a list of these.

        Raises:
            DataError: what is given is no sample of the data set's kind; the message says what one is.
        """
        given = self._read(x)
        outputs = self._predict(given)
        return outputs[0] if given.single else outputs

    def predict_each(self, x: object) -> list[Any]:
        """As `predict`, a list even of one sample."""
        return self._predict(self._read(x))

    def transform(self, x: object) -> Samples:
        """A batch of what the net receives for one sample or several, on its device: `net.model(net.transform(x))`.

        Takes what `predict` takes.
        """
        return join_batches(list(self._batches(self._read(x))))

    def generate(
        self,
        prompt: str = "",
        length: int = 200,
        *,
        temperature: float = 1.0,
        top_k: int | None = None,
        seed: int | None = None,
    ) -> str:
        """A text that begins with the prompt, written by a net that was trained on `data text`.

        Takes what `write` takes.
        """
        pieces = self.write(prompt, length, temperature=temperature, top_k=top_k, seed=seed)
        return prompt + "".join(pieces)

    def write(
        self,
        prompt: str = "",
        length: int = 200,
        *,
        temperature: float = 1.0,
        top_k: int | None = None,
        seed: int | None = None,
    ) -> Iterator[str]:
        """What follows the prompt, piece by piece, as it is written.

        Args:
            prompt: how the text begins; left out, as if a line had ended.
            length: how many tokens to write.
            temperature: how freely tokens are chosen: 0 takes the likeliest each time, 1 draws as the net expects them.
            top_k: of how many of the likeliest tokens one is drawn; None: of all.
            seed: the same seed writes the same text; None: another text each time.

        Raises:
            DataError: the net was not trained on `data text`, or the prompt holds tokens that it does not know.
        """
        vocabulary, start = self._writer, self._begin(prompt)
        for name, value, least in (("temperature", temperature, 0), ("top_k", top_k, 1), ("length", length, 0)):
            if value is not None and value < least:
                raise DataError(
                    text("`{name}` is {value} but must be at least {least}", name=name, value=value, least=least)
                )
        numbers = write_tokens(
            self.model,
            start,
            vocabulary,
            length=self.stored.shape[0],
            temperature=temperature,
            top_k=top_k,
            seed=seed,
        )
        return written_pieces(numbers, start, vocabulary, length)

    @property
    def _writer(self) -> Vocabulary:
        return require_writer(
            self._learnt.vocabulary if self._learnt else None,
            self.data.component.name,
            is_language_model=bool(self.facts.target),
        )

    def _begin(self, prompt: str) -> list[int]:
        """The numbers of the prompt's tokens; without one, of a line break, or of the first token that there is."""
        vocabulary = self._writer
        try:
            found = vocabulary.encode(prompt)
        except Refusal as refusal:
            raise DataError(
                text("the prompt cannot be read: {reason}", reason=refusal.message),
                text("the vocabulary holds {tokens}", tokens=vocabulary.shown),
            ) from refusal
        if prompt and not found:
            raise DataError("the prompt holds no word")
        return found or [vocabulary.tokens.index("\n") if "\n" in vocabulary.tokens else 0]

    @cached_property
    def stored(self) -> Stored:
        """How the data set stores samples."""
        shape = tuple(int(str(dim)) for dim in self.facts.input or self.experiment.network.input)
        learnt = self._learnt
        columns, vocabulary = (learnt.columns, learnt.vocabulary) if learnt else ((), None)
        inputs = learnt.inputs if learnt else ()
        return Stored(self.data, self.facts, shape, float(self._known.get("unit", BYTE)), columns, vocabulary, inputs)

    @cached_property
    def _learnt(self) -> Learnt | None:
        """What the run has learnt of its training part; None of older runs, which do not say so."""
        return read_learnt(self._known)

    @cached_property
    def _known(self) -> KnownFacts:
        """What the run found out about its data."""
        return self.about.get("data", {})

    def _read(self, x: object) -> Given:
        given = read_given(x, self.stored)
        for note in given.notes:
            warnings.warn(note, stacklevel=3)  # where `predict` or `transform` is called
        return given

    def _predict(self, given: Given) -> list[Any]:
        if self.facts.writes:
            return [written for batch in self._batches(given) for written in self._write_answers(batch)]
        answers = [answer for batch in self._batches(given) for answer in self._outputs(batch)]
        found = [
            [self._finish(answer, sample, given) for answer in each]
            for each, sample in zip(answers, given.samples, strict=True)
        ]
        names = list(self.experiment.outputs)
        return [each[0] if len(names) == 1 else dict(zip(names, each, strict=True)) for each in found]

    def _finish(self, answer: Any, sample: Samples, given: Given) -> Any:
        """An answer; of an image that has a class for each pixel in the size of the image."""
        return self._segmentation(tensors_of(sample)[0], answer, given) if isinstance(answer, Tensor) else answer

    def _batches(self, given: Given) -> Iterator[Samples]:
        """The samples as they reach the net, some at a time."""
        chain = self._chain(given)
        for start in range(0, len(given.samples), TOGETHER):
            samples = given.samples[start : start + TOGETHER]
            # Samples of one shape are transformed together; photographs often have several.
            alike = len(set(map(shapes_of, samples))) < 2
            parts = [stack_samples(samples)] if alike else [sample.unsqueeze(0) for sample in samples]
            yield join_batches([self._transform(chain, part) for part in parts]).to(self.device)

    def _chain(self, given: Given) -> Chain:
        """What the test set goes through, for the samples that are given."""
        first = given.samples[0] if given.samples else None
        if self.data.inputs:
            bytes_by_input = [part.dtype == torch.uint8 for part in tensors_of(first)] if first is not None else []
            feds = self.data.inputs if bytes_by_input else ()
            return make_joint_chain(feds, self.facts, training=False, unit=given.unit, bytes_=bytes_by_input)
        bytes_ = isinstance(first, Tensor) and first.dtype == torch.uint8
        return make_chain(self.data.transforms, self.facts, training=False, unit=given.unit, bytes_=bytes_)

    def _fitted_size(self, chain: Chain, x: Tensor) -> tuple[int, ...]:
        """The height and the width that an image is given before the chain, where that makes none of its own."""
        fits = any(step.fits for step in (*chain.once, *chain.steps))
        return tuple(x.shape[-2:]) if fits else self.stored.shape[1:]

    def _segmentation(self, image: Tensor, shares: Tensor, given: Given) -> Segmentation:
        chain = self._chain(given)
        seen = find_seen_part(chain, image, self._fitted_size(chain, image))
        pixels = (image.float() / given.unit * 255).round().clamp(0, 255).to(torch.uint8)
        return Segmentation(self.classes, shares, pixels, seen)

    def _transform(self, chain: Chain, x: Samples) -> Samples:
        """Samples as those of the test set reach the net; images of another size are made to fit."""
        if isinstance(x, Tensor) and x.dim() == 4 and x.shape[2:] != (size := self._fitted_size(chain, x)):
            x = nn.functional.interpolate(x, list(size), mode="bilinear", antialias=True)
        moment = Moment(torch.zeros(len(x), dtype=torch.int64))
        return chain(chain.prepare(x), torch.zeros(len(x)), moment, slice(0, len(x)))[0]

    @torch.inference_mode()
    def _write_answers(self, batch: Samples) -> list[str]:
        """The texts that the net writes for samples, the likeliest token each time, up to `<eos>`."""
        assert isinstance(batch, InputTensors)
        name = self.facts.writes
        learnt = self._learnt
        vocabulary = next((one.vocabulary for one in (learnt.inputs if learnt else ()) if one.name == name), None)
        assert vocabulary is not None
        end, before = vocabulary.tokens.index(END), batch.part(name).clone()
        found, length = torch.zeros_like(before), before.shape[1]
        for step in range(length):
            output = classes_second(self.model(batch.replace(name, before)), (length,))
            found[:, step] = output[:, :, step].argmax(1)
            if (found == end).any(1).all():
                break
            if step + 1 < length:
                before[:, step + 1] = found[:, step]
        return [vocabulary.decode(takewhile(lambda number: number != end, row)) for row in found.tolist()]

    def _positions(self, batch: Samples) -> tuple[int, ...]:
        """The axes of positions that targets have."""
        if not self.facts.target:
            return ()
        if isinstance(batch, Tensor):
            return positions_of_sample(batch.shape[1:])
        return tuple(int(str(dim)) for dim in self.facts.target)

    @torch.inference_mode()
    def _outputs(self, batch: Samples) -> list[tuple[Any, ...]]:
        """What each output says of each sample."""
        try:
            with all_outputs(self.model):
                output = self.model(batch)
        except IndexError as error:  # an embedding, which torch asks for more than it has
            raise DataError(
                text(
                    "the whole numbers {low}…{high} are given, but the net's embedding has no entry for some of them",
                    low=min(int(part.min()) for part in tensors_of(batch) if not part.is_floating_point()),
                    high=max(int(part.max()) for part in tensors_of(batch) if not part.is_floating_point()),
                )
            ) from error
        tensors = output if isinstance(output, Heads) else (output,)
        places = self._positions(batch)
        answers = [
            read_answers(tensor, loss, self.facts, self.classes, places)
            for tensor, loss in zip(tensors, self.experiment.outputs.values(), strict=True)
        ]
        return list(zip(*answers, strict=True))


def open_run(experiment: Experiment, run: Path, device: str = "auto", epoch: WhichEpoch = "best") -> Saved:
    """The net of a run with the weights of its best epoch, of another one, or of the checkpoint that the path names."""
    found = find_run(run)
    folder = RunFolder(found.folder)
    chosen = choose_device(device)
    model = build_network(experiment.network)
    attach_ends(model, experiment.network)
    weights = find_weights(run, epoch)
    try:
        model.load_state_dict(read_weights(weights.path))
    except RuntimeError as error:
        cause = str(error).splitlines()[-1].strip()
        raise TrainingError(text("the weights of `{run}` do not fit its net: {cause}", run=run, cause=cause)) from error
    return Saved(experiment, folder, found.about, model.to(chosen).eval(), chosen, weights)


def add_known_facts(facts: Facts, known: KnownFacts) -> Facts:
    """Facts with those that were found out when the data were read."""
    shape, names = known.get("input"), known.get("names") or ()
    measured = {one["name"]: one for one in known.get("inputs", ())}
    if len(facts.inputs) > 1:
        facts = facts.with_inputs(
            [
                one._replace(
                    shape=tuple(measured[one.name]["shape"]),
                    mean=tuple(measured[one.name]["mean"]),
                    std=tuple(measured[one.name]["std"]),
                )
                if one.name in measured
                else one
                for one in facts.inputs
            ]
        )
        shape = None
    return facts._replace(
        input=tuple(shape) if shape else facts.input,
        names=tuple(names) if len(names) == facts.classes or facts.classes is None else facts.names,
        mean=tuple(known.get("mean") or facts.mean),
        std=tuple(known.get("std") or facts.std),
        scale=read_scale(known.get("scale")),
    )
