"""A sample that a user gives: how the data set stores it, and the function that reads it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from netdsl.builder import locate
from netdsl.builtins.files.vocabulary import Vocabulary
from netdsl.components import Facts
from netdsl.data.samples import Feature
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
    """

    use: DataUse
    facts: Facts
    shape: tuple[int, ...]
    unit: float
    columns: tuple[Feature, ...] = ()
    vocabulary: Vocabulary | None = None


@dataclass(frozen=True, eq=False)
class Given:
    """Samples as a data set stores them, one shape each.

    Args:
        samples: the given samples, as stored.
        unit: the value that stands for 1.
        single: whether one was given, and not a list of one.
        notes: what the user should know about how they were read.
    """

    samples: Sequence[Tensor]
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
    if not reader:
        is_image = len(stored.shape) == 3 and stored.facts.dtype == "float"
        reader = "netdsl.data.given.images:read_images" if is_image else "netdsl.data.given.arrays:read_arrays"
    given: Given = locate(reader)(x, stored)
    return given
