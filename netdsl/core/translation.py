"""The language that texts are shown in: English, as the program is written, or that of a catalogue in `netdsl/locale`.

A command speaks one language from its beginning to its end. A server answers each request in the language of its page.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Protocol

ENGLISH = "en"
LANGUAGES = {ENGLISH: "English", "zh": "中文"}
"""The languages that netdsl speaks, each with its own name for itself."""

FOLDER = Path(__file__).parents[1] / "locale"
DOMAIN = "netdsl"


class Catalogue(Protocol):
    """What `gettext` makes of a file of translations."""

    def gettext(self, message: str) -> str:
        """The translation of a template; the template itself where there is none."""

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """The translation of a template and its plural, as the language counts `n` things."""


_spoken: Catalogue | None = None
_spoken_name = ENGLISH
# Threads of training do not inherit a context: what the process speaks stands beside what one request speaks.
_requested: ContextVar[str | None] = ContextVar("requested", default=None)


def speak(language: str) -> None:
    """Shows every text from now on in a language of `LANGUAGES`, in the processes that this one starts too."""
    global _spoken, _spoken_name
    _spoken, _spoken_name = _catalogue(language), language
    os.environ["NETDSL_LANG"] = language


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Shows the texts that are made inside in a language, whatever the process speaks."""
    token = _requested.set(language)
    try:
        yield
    finally:
        _requested.reset(token)


def spoken_catalogue() -> Catalogue | None:
    """The catalogue of the language that is spoken here and now; None for English."""
    language = _requested.get()
    return _spoken if language is None else _catalogue(language)


def spoken_language() -> str:
    """The name of the language that is spoken here and now: `en`."""
    return _requested.get() or _spoken_name


def translate(message: str) -> str:
    """A text that stands whole in the program, such as the help of an option, in the language that is spoken."""
    catalogue = spoken_catalogue()
    # gettext keeps the head of the file under the empty text.
    return message if catalogue is None or not message else catalogue.gettext(message)


def known_language(name: object) -> str:
    """The language that a page asks for, where netdsl has it; else the one that the process speaks."""
    return name if isinstance(name, str) and name in LANGUAGES else system_language()


def system_language(environment: Mapping[str, str] = os.environ) -> str:
    """The language that a user has set: by `NETDSL_LANG`, else by the locale; English where netdsl lacks it."""
    for variable in ("NETDSL_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        if name := environment.get(variable):
            return _known(name)
    if sys.platform == "win32":
        import locale  # no other system says it in such a way

        return _known(locale.getlocale()[0] or "")
    return ENGLISH


def _known(name: str) -> str:
    """The language of a locale's name: `zh_CN.UTF-8`, or `Chinese (Simplified)_China` as Windows has it."""
    return "zh" if name.lower().startswith(("zh", "chinese")) else ENGLISH


@cache
def _catalogue(language: str) -> Catalogue | None:
    if language == ENGLISH:
        return None
    import gettext  # not needed for English

    return gettext.translation(DOMAIN, FOLDER, [language])
