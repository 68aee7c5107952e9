"""What the user's own files of samples hold, read without torch: tables, folders of images, arrays.

A data set imports its reader when a text names it, since every command would pay for all of them.
"""

from typing import Literal

Target = str | int | tuple[str, ...]
"""The column of a table that is predicted, by its name or its number; or several."""

Names = tuple[str, ...] | str
"""Columns of a table, one or several."""

ClassNames = tuple[str, ...] | str
"""What classes are called, from 0 on."""

Missing = Literal["error", "mean", "median", "zero", "drop"]
"""What becomes of missing values."""

Scale = Literal["none", "standard", "log"]
"""How targets that are numbers are scaled."""

Decimal = Literal["point", "comma"]
"""What stands before the fraction of a number."""

Task = Literal["auto", "classes", "numbers"]
"""What the targets of a table are; `auto` leaves it to what stands there."""

Level = Literal["char", "word", "bpe"]
"""What a token of a text is: a character, a word, or a piece of a word that byte pair encoding finds."""
