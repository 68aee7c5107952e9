"""A sample that a user gives: how the data set stores it, and the function that reads it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from netdsl.builder import locate
from netdsl.builtins.files.vocabulary import Vocabulary
from netdsl.components import Facts
from netdsl.data.inputs import Samples
from netdsl.data.samples import Feature, LearntInput
from netdsl.program import DataUse


@dataclass(frozen=True)
class Stored:
    """How the data set of a run stores its samples.

    Args:
        use: the `data` line.
        facts: what is known of the data set.
        shape: that of one sample.
        unit: the value that stands for 1 when the net is fed.
        columns: the columns of a table.
        vocabulary: the tokens of texts.
        inputs: what was learnt of each of several inputs.
    """

    use: DataUse
    facts: Facts
    shape: tuple[int, ...]
    unit: float
    columns: tuple[Feature, ...] = ()
    vocabulary: Vocabulary | None = None
    inputs: tuple[LearntInput, ...] = ()

    def of_input(self, name: str) -> Stored:
        """How it stores one of several inputs, as if there were no other."""
        known = next(one for one in self.facts.inputs if one.name == name)
        learnt = next((one for one in self.inputs if one.name == name), None)
        return replace(
            self,
            facts=self.facts.with_inputs([known]),
            shape=tuple(int(str(dim)) for dim in known.shape or ()),
            unit=self.unit if len(known.shape or ()) == 3 else 1.0,
            columns=tuple(column for column in self.columns if column.input == name),
            vocabulary=learnt.vocabulary if learnt else None,
            inputs=(),
        )


@dataclass(frozen=True, eq=False)
class Given:
    """Samples as a data set stores them, one shape each.

    Args:
        samples: the given samples, as stored; of several inputs, each with its tensors.
        unit: the value that stands for 1.
        single: whether one was given, and not a list of one.
        notes: what the user should know about how they were read.
    """

    samples: Sequence[Samples]
    unit: float
    single: bool
    notes: tuple[str, ...] = ()


def read_given(x: object, stored: Stored) -> Given:
    """Samples that a user gives, as the data set stores them.

    Raises:
        DataError: they do not fit the data set; the message says what is expected.
    """
    reader = stored.use.component.reader
    if stored.vocabulary is not None:
        reader = "netdsl.data.given.texts:read_texts"
    if stored.inputs and not reader:
        reader = "netdsl.data.given.several:read_named_inputs"
    if not reader:
        is_image = len(stored.shape) == 3 and stored.facts.dtype == "float"
        reader = "netdsl.data.given.images:read_images" if is_image else "netdsl.data.given.arrays:read_arrays"
    given: Given = locate(reader)(x, stored)
    return given
