"""Names of the language as names of Python: classes, parameters, attributes, variables."""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata
from collections.abc import Container

TAKEN = frozenset({"self", "x", "nn", "torch", "Tensor", "OrderedDict", "parts", "layer", *dir(builtins)})
"""Names with another meaning in the exported file."""


def class_name(name: str) -> str:
    """`squeeze_excite` -> `SqueezeExcite`."""
    parts = re.split(r"[_\W]+", name)
    return "".join(part[:1].upper() + part[1:] for part in parts) or "Block"


def variable(name: str) -> str:
    """The name itself, with an underscore if Python or the exported file uses it already."""
    # Python normalises the identifiers that it reads.
    return f"{name}_" if name in TAKEN or keyword.iskeyword(name) else unicodedata.normalize("NFKC", name)


def unused(name: str, used: Container[str]) -> str:
    """The name, with a number if it is used already."""
    number, free = 2, name
    while free in used:
        free, number = f"{name}{number}", number + 1
    return free


def is_attribute(key: str) -> bool:
    """Whether `module.key` can be written: Python normalises the identifiers that it reads."""
    return key.isidentifier() and not keyword.iskeyword(key) and unicodedata.normalize("NFKC", key) == key


def attribute(key: str) -> str:
    """The submodule of `self` with a key: `self.stem`, `self[3]`."""
    if key.isdigit():
        return f"self[{key}]"
    return f"self.{key}" if is_attribute(key) else f'getattr(self, "{key}")'
