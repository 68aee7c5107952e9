"""The language of the command line: `--lang`, `NETDSL_LANG` or the locale; and `--help` in that language."""

from __future__ import annotations

import gettext
import os
from collections.abc import Iterable
from inspect import cleandoc
from weakref import WeakKeyDictionary

import click

from netdsl.core.translation import (
    DOMAIN,
    ENGLISH,
    FOLDER,
    LANGUAGES,
    speak,
    spoken_catalogue,
    system_language,
    translate,
)
from netdsl.render.cells import width, wrap

OF_NOBODY = "messages"
"""The domain that gettext begins with."""

_ENGLISH: WeakKeyDictionary[click.Command, tuple[str | None, str | None, list[str | None]]] = WeakKeyDictionary()
"""The help of each command, its epilog, and the help of its options, before they are translated."""


class LanguageOption(click.Option):
    """`--lang`: it acts before any other option, so that their help and their mistakes are told in its language."""

    def __init__(self, *, hidden: bool = False) -> None:
        super().__init__(
            ["--lang"],
            type=click.Choice(tuple(LANGUAGES)),
            metavar="|".join(LANGUAGES),
            is_eager=True,
            expose_value=False,
            hidden=hidden,
            callback=_obey,
            help="The language of every text; else that of $NETDSL_LANG, or of the locale.",
        )


class WideHelpFormatter(click.HelpFormatter):
    """Lays help out by the cells that a terminal gives to characters; click counts each as one."""

    def write_text(self, text: str) -> None:
        """Writes paragraphs, filled to the width."""
        if spoken_catalogue() is None:
            super().write_text(text)
            return
        margin = " " * self.current_indent
        paragraphs = ("\n".join(wrap(one, self.width, first=margin, rest=margin)) for one in text.split("\n\n"))
        self.write("\n\n".join(paragraphs) + "\n")

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Writes terms with what they mean beside them."""
        listed = list(rows)
        if spoken_catalogue() is None:
            super().write_dl(listed, col_max, col_spacing)
            return
        margin = " " * self.current_indent
        column = min(max(width(term) for term, _ in listed), col_max) + col_spacing
        for term, meaning in listed:
            rest = margin + " " * column
            first = margin + term + " " * (column - width(term)) if width(term) <= column - col_spacing else rest
            if first is rest:
                self.write(f"{margin}{term}\n")
            self.write("\n".join(wrap(meaning, self.width, first=first, rest=rest) or [first.rstrip()]) + "\n")


class TranslatedContext(click.Context):
    """A context whose `--help` breaks lines as the language does."""

    formatter_class = WideHelpFormatter


def begin_in_system_language() -> None:
    """Speaks the language that the user has set, from the first text on."""
    choose_language(system_language())


def localize(command: click.Command) -> click.Command:
    """A command that takes `--lang` and whose help is in the language that is spoken."""
    command.context_class = TranslatedContext
    if not any(isinstance(one, LanguageOption) for one in command.params):
        command.params.append(LanguageOption(hidden=True))  # `netdsl --help` tells of it once, for all
    for parameter in command.params:
        if parameter.name == "as_json":
            parameter.callback = _speak_to_machine
    _translate_help(command)
    if isinstance(command, click.Group):
        for one in command.commands.values():
            localize(one)
    return command


def _translate_help(command: click.Command) -> None:
    options = [one for one in command.params if isinstance(one, click.Option)]
    # From the English text each time: a process may speak one language after the other.
    english = _ENGLISH.setdefault(command, (command.help, command.epilog, [one.help for one in options]))
    command.help, command.epilog = english[0] and translate(cleandoc(english[0])), english[1] and translate(english[1])
    for option, words in zip(options, english[2], strict=False):
        option.help = words and translate(words)


def _obey(ctx: click.Context, _parameter: click.Parameter, language: str | None) -> None:
    if language is not None:
        choose_language(language)
        _translate_help(ctx.command)


def _speak_to_machine(_ctx: click.Context, _parameter: click.Parameter, as_json: bool) -> bool:
    """Programs read JSON: it is in English, whatever a person has set."""
    if as_json:
        speak(ENGLISH)
    return as_json


def choose_language(language: str) -> None:
    """Speaks a language from now on, in click's own words too."""
    speak(language)
    if spoken_catalogue() is not None:
        # Click asks gettext for its own words, and gettext asks this variable for the language.
        os.environ["LANGUAGE"] = language
        gettext.bindtextdomain(DOMAIN, str(FOLDER))
        gettext.textdomain(DOMAIN)
    elif gettext.textdomain() == DOMAIN:
        gettext.textdomain(OF_NOBODY)
