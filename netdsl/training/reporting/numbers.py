"""Numbers as people read them."""

from __future__ import annotations

from collections.abc import Callable


def percent(share: float, digits: int = 2) -> str:
    """`97.22 %`."""
    return f"{100 * share:.{digits}f} %"


def clock(seconds: float) -> str:
    """`0:42`, `1:02:03`."""
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def number(name: str, value: object) -> str:
    """A metric's value: shares of samples in percent, everything else as it is; `-` for what is no number."""
    if not isinstance(value, int | float):
        return "-"
    if "accuracy" in name or name.startswith("top"):
        return percent(value)
    return f"{value:.4f}" if abs(value) < 1e4 else f"{value:.4g}"


def amount(count: int) -> str:
    """`9.9 M`."""
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return str(count)


def duration(seconds: float) -> str:
    """`0.05 s`, `9.8 s`, `1:02:03`."""
    return f"{seconds:.2g} s" if seconds < 1 else f"{seconds:.1f} s" if seconds < 60 else clock(seconds)


def axis_of(name: str) -> Callable[[float], str] | None:
    """What writes the values of a metric beside an axis: shares of samples in percent; None for plain numbers."""
    shares = number(name, 0.5).endswith("%")
    return (lambda value: f"{100 * value:.3g} %") if shares else None
