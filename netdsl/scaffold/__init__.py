"""What `netdsl new` writes: a plugin's package that passes its own tests, and a net with its comments."""

from __future__ import annotations

import keyword
import re
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from string import Template

from netdsl.core.errors import NameRefused
from netdsl.core.text import text

TEMPLATES = Path(__file__).with_name("templates")
PREFIX = "netdsl-"
NAME = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*")
SPOKEN_FOR = {"call", "hookimpl", "in", "features", "layer", "netdsl", "true", "false", "none"}
"""What the language, or the file that is written, means by these words already."""

FILES: Mapping[str, str] = {
    "pyproject.toml": "pyproject.txt",
    "README.md": "readme.txt",
    "${word}.net": "net.txt",
    "${package}/__init__.py": "init.txt",
    "${package}/things.py": "things.txt",
    "tests/test_${word}.py": "test.txt",
}
"""The files of a plugin, and the templates that they are made of."""


def plugin_files(name: str, taken: Iterable[str]) -> dict[str, str]:
    """The files of a new plugin by their paths in its folder, `netdsl-NAME`.

    Args:
        name: what the plugin and its layer are called; a leading `netdsl-` is left out.
        taken: the words that the language has already.

    Raises:
        NameRefused: it cannot be called so.
    """
    name = name.removeprefix(PREFIX)
    _check_name(name, {*taken, *SPOKEN_FOR})
    word = name.replace("-", "_")
    fields = {
        "distribution": f"{PREFIX}{name}",
        "package": f"netdsl_{word}",
        "name": name,
        "word": word,
        "cls": _class_name(name),
    }
    return {
        Template(path).substitute(fields): _template(f"plugin/{template}").substitute(fields)
        for path, template in FILES.items()
    }


def net_text(name: str) -> str:
    """The text of a new net, which is to lie in the file `name`."""
    return _template("net.txt").substitute(file=name)


def write_file(file: Path, text: str) -> None:
    """Writes a new file, or nothing.

    Raises:
        FileExistsError: it is there already, and stays as it is.
        OSError: it cannot be written.
    """
    stream = file.open("x", encoding="utf-8", newline="\n")
    try:
        with stream:  # closing writes what is buffered: a full disk may show only then
            stream.write(text)
    except BaseException:
        file.unlink()
        raise


def write_folder(folder: Path, files: Mapping[str, str]) -> None:
    """Writes the files of a new folder: all of them, or none.

    Raises:
        FileExistsError: it is there already; nothing in it is touched.
        OSError: it cannot be written; nothing of it stays.
    """
    folder.mkdir(parents=True)
    try:
        for path, text in files.items():
            file = folder / path
            file.parent.mkdir(exist_ok=True)
            write_file(file, text)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _check_name(name: str, taken: set[str]) -> None:
    if not NAME.fullmatch(name):
        likely = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-0123456789") or "my-layers"
        raise NameRefused(
            text(
                "`{name}` cannot be a package's name: write small letters, digits and hyphens, such as `{example}`",
                name=name,
                example=likely,
            )
        )
    word = name.replace("-", "_")
    if keyword.iskeyword(word):
        raise NameRefused(
            text("`{name}` is a keyword of Python and cannot name a layer; such a name would be `my-{name}`", name=name)
        )
    if word in taken:
        raise NameRefused(text("`{name}` has a meaning already; such a name would be `my-{name}`", name=name))


def _class_name(name: str) -> str:
    """`my-layer` -> `MyLayer`."""
    return "".join(part.capitalize() for part in re.split("[-_]", name))


def _template(path: str) -> Template:
    return Template((TEMPLATES / path).read_text(encoding="utf-8"))
