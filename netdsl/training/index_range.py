"""Whether the embedding that a net begins with has an entry for each index of the data."""

from __future__ import annotations

from torch import Tensor

from netdsl.checker.experiment.table_entries import find_tables
from netdsl.core.errors import TrainingError
from netdsl.core.text import text
from netdsl.data import Data
from netdsl.data.inputs import tensors_of
from netdsl.data.resident import Resident
from netdsl.program import Network, Node


def require_entries(network: Network, data: Data) -> None:
    """Refuses a net whose first embedding is too small for the data: a GPU would end the whole process at that step.

    Of several inputs, each has its first embedding.

    Raises:
        TrainingError: an index of the data has no entry.
    """
    parts = [part.data.x for part in (data.train, data.test) if isinstance(part, Resident) and len(part.data)]
    tables = find_tables(network) if parts else {}
    # The inputs of data that are read one by one are images.
    for place, given in enumerate(zip(*map(tensors_of, parts), strict=True)):
        table = tables.get(network.all_inputs[place].name)
        if table is not None and data.facts.all_inputs[place].dtype == "index":
            _require(table, given)


def _require(table: Node, given: tuple[Tensor, ...]) -> None:
    lowest, highest = min(int(x.min()) for x in given), max(int(x.max()) for x in given)
    count, width = table.call.arguments["num_embeddings"], table.call.arguments["embedding_dim"]
    if lowest < 0:
        raise TrainingError(text("an embedding takes indices from 0, but the data hold {lowest}", lowest=lowest))
    if highest >= count:
        raise TrainingError(
            text(
                "`{written}` has entries for the indices 0…{last}, but the data hold indices up to {highest}",
                written=table.written,
                last=count - 1,
                highest=highest,
            ),
            text("write `embedding {needed}->{width}`", needed=highest + 1, width=width),
        )
