"""Where the classes stand in what a net gives: torch wants them second, nets of sequences give them last."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from netdsl.components.positions import classes_stand_last


def classes_second(output: Tensor, positions: Sequence[int]) -> Tensor:
    """Outputs N×classes×positions out of raw ones, which may be N×positions×classes, or have no axis of classes."""
    given = tuple(positions)
    if not given:
        return output
    if tuple(output.shape[1:]) == given:  # a single score to each position
        return output.unsqueeze(1)
    return output.movedim(-1, 1) if classes_stand_last(tuple(output.shape[1:]), given) else output


def positions_of(output: Tensor, target: Tensor) -> tuple[int, ...]:
    """The axes of positions that targets have; shares of mixed classes have one of classes besides."""
    if target.dim() == output.dim() and target.is_floating_point() and target.shape[1:2] == output.shape[1:2]:
        return tuple(target.shape[2:])
    has_positions = output.dim() > 2 or (output.shape == target.shape and not target.is_floating_point())
    return tuple(target.shape[1:]) if has_positions else ()
