"""Files of text: which there are at a path, and what stands in them."""

from __future__ import annotations

from pathlib import Path

from netdsl.components import Refusal
from netdsl.core.text import text

NETS, PYTHON_DOCS = "nets", "python_docs"
SHIPPED = (NETS, PYTHON_DOCS)
"""The texts that are on every machine, by the names that stand for a path."""


def decode(raw: bytes, file: str, encoding: str) -> str:
    """The text of a file; raises `Refusal` where it is not written in the encoding."""
    known = "utf-8-sig" if encoding.lower() in ("utf-8", "utf8") else encoding
    try:
        decoded = raw.decode(known)
    except LookupError:
        raise Refusal(
            text("there is no encoding `{encoding}`", encoding=encoding),
            "encoding",
            "write a name that Python knows, such as `utf-8`, `gbk`, `latin1` or `utf-16`",
        ) from None
    except UnicodeError as error:
        place = error.start if isinstance(error, UnicodeDecodeError) else 0
        raise Refusal(
            text(
                "`{file}`, line {line}, is not text in {encoding} (byte {place} of the file)",
                file=file,
                line=raw[:place].count(b"\n") + 1,
                encoding=encoding.upper(),
                place=place,
            ),
            "path",
            "write the encoding that the file has, such as `encoding=gbk`, `encoding=latin1` or `encoding=utf-16`",
        ) from None
    if "\0" in decoded:
        raise Refusal(
            text(
                "`{file}`, line {line}, holds the character NUL, which no text has",
                file=file,
                line=decoded[: decoded.index("\0")].count("\n") + 1,
            ),
            "path",
            "take the character out; a file that is full of them may need `encoding=utf-16`",
        )
    return decoded


def text_files(path: Path) -> tuple[Path, ...]:
    """A file, or all files of a folder and of the folders in it, in the order of their names; no hidden ones.

    None of a text that ships with Python or with netdsl; a file of its name in the user's folder goes first.
    """
    if path.is_file():
        return (path,)
    if path.is_dir():
        files = tuple(sorted(file for file in path.rglob("*") if file.is_file() and not _is_hidden(file, path)))
        if not files:
            raise Refusal(text("there is no file in the folder `{path}`", path=path), "path")
        return files
    if path.name in SHIPPED:
        return ()
    raise Refusal(
        text("there is no file or folder `{path}`", path=path),
        "path",
        text("texts that are always there: `{names}`", names="`, `".join(SHIPPED)),
    )


def read_files(files: tuple[Path, ...], encoding: str) -> str:
    """The texts of the files one after the other; of several, each with a line break at its end."""
    if len(files) == 1:
        return read_file(files[0], encoding)
    return "".join(_ended(read_file(file, encoding)) for file in files)


def read_file(file: Path, encoding: str) -> str:
    """The text of a file, whose line breaks are a single character."""
    return decode(file.read_bytes(), file.name, encoding).replace("\r\n", "\n").replace("\r", "\n")


def shipped_text(name: str) -> str:
    """A text that is on every machine."""
    if name == NETS:
        return Path(__file__).with_name("nets.txt").read_text(encoding="utf-8")
    from pydoc_data.topics import topics  # takes a hundredth of a second

    return "\n".join(_ended(str(topics[topic])) for topic in sorted(topics))


def _ended(part: str) -> str:
    return part if not part or part.endswith("\n") else f"{part}\n"


def _is_hidden(file: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in file.relative_to(folder).parts)
