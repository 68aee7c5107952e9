"""How much work something is, as no other program on the machine can change it."""

from collections.abc import Iterator
from contextlib import contextmanager
from cProfile import Profile
from time import process_time

ENDLESS = 60
"""Seconds of the processor's: far over what any of them takes on a busy machine."""


@contextmanager
def most_calls(most: int) -> Iterator[None]:
    """Holds a block to so many calls of functions; ten millions take a second or so.

    A call can hide what it costs, if a pattern or a copy grows with its square. That much time passes unnoticed on no
    machine, however busy.
    """
    profile, began = Profile(), process_time()
    with profile:
        yield
    assert process_time() - began < ENDLESS
    calls = sum(entry.callcount for entry in profile.getstats())
    assert calls <= most, f"{calls:,} calls"
