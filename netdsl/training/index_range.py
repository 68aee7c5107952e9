"""Whether the embedding that a net begins with has an entry for each index of the data."""

from __future__ import annotations

from netdsl.checker.experiment.table_entries import find_table
from netdsl.core.errors import TrainingError
from netdsl.core.text import text
from netdsl.data import Data
from netdsl.data.resident import Resident
from netdsl.program import Network


def require_entries(network: Network, data: Data) -> None:
    """Refuses a net whose first embedding is too small for the data: a GPU would end the whole process at that step.

    Raises:
        TrainingError: an index of the data has no entry.
    """
    if data.facts.dtype != "index":
        return
    parts = [part.data.x for part in (data.train, data.test) if isinstance(part, Resident) and len(part.data)]
    first = find_table(network)
    if not parts or first is None:
        return
    lowest, highest = min(int(x.min()) for x in parts), max(int(x.max()) for x in parts)
    count, width = first.call.arguments["num_embeddings"], first.call.arguments["embedding_dim"]
    if lowest < 0:
        raise TrainingError(text("an embedding takes indices from 0, but the data hold {lowest}", lowest=lowest))
    if highest >= count:
        raise TrainingError(
            text(
                "`{written}` has entries for the indices 0…{last}, but the data hold indices up to {highest}",
                written=first.written,
                last=count - 1,
                highest=highest,
            ),
            text("write `embedding {needed}->{width}`", needed=highest + 1, width=width),
        )
