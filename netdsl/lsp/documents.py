"""The texts that an editor has open, and the files of its folders that belong to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from urllib.parse import unquote, urlsplit

from lsprotocol.types import TextDocumentContentChangeEvent, TextDocumentContentChangePartial
from pygls.uris import from_fs_path, to_fs_path

from netdsl.components.registry import Registry
from netdsl.core.files import find_home
from netdsl.core.source import Source
from netdsl.editor import Document, Reading
from netdsl.editor.names import source_path
from netdsl.language.statements import USE
from netdsl.language.syntax import String
from netdsl.lsp.lines import Encoding, Lines

MOST_FILES = 2_000
"""So many files of the editor's folders are looked through for uses of a block."""


class OpenText:
    """A text in the editor. Its reading is made when it is asked for, once a version."""

    def __init__(self, uri: str, text: str, version: int | None, document: Document, encoding: Encoding) -> None:
        self.uri = uri
        self.path = path_of(uri)
        self.document = document
        self.encoding = encoding
        self.lines = Lines(text, encoding)
        self.version = version
        self._reading: Reading | None = None

    def change(self, changes: Sequence[TextDocumentContentChangeEvent], version: int | None) -> None:
        """Takes in what has been typed."""
        lines = self.lines
        for change in changes:
            if isinstance(change, TextDocumentContentChangePartial):
                start, end = lines.offsets(change.range)
                lines = Lines(lines.text[:start] + change.text + lines.text[end:], self.encoding)
            else:
                lines = Lines(change.text, self.encoding)
        self.lines, self.version, self._reading = lines, version, None

    @property
    def text(self) -> str:
        """The text as it stands."""
        return self.lines.text

    @property
    def reading(self) -> Reading:
        """This version, checked."""
        if self._reading is None:
            self._reading = self.document.read(self.text)
        return self._reading

    def uses(self, path: Path) -> bool:
        """Whether the text uses a file, as far as was read last."""
        return self._reading is None or any(path == used for used in used_files(self._reading))

    def forget(self) -> None:
        """Has the text checked anew: a file that it uses has changed."""
        self._reading = None


class Documents:
    """The open texts by their URI, and the folders of the editor."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.encoding: Encoding = "utf-16"
        self.folders: list[Path] = []
        self.texts: dict[str, OpenText] = {}
        # What a text uses is read from the editor before it is read from the disk.
        self._unsaved: dict[Path, str] = {}

    def open(self, uri: str, text: str, version: int | None) -> OpenText:
        """Takes in a text."""
        path = path_of(uri)
        name = str(path) if path else unquote(urlsplit(uri).path.rpartition("/")[2]) or uri
        folder = path.parent if path else next(iter(self.folders), Path.cwd())
        document = Document(self.registry, name, folder, self._unsaved)
        found = self.texts[uri] = OpenText(uri, text, version, document, self.encoding)
        self._note(found)
        return found

    def change(
        self, uri: str, changes: Sequence[TextDocumentContentChangeEvent], version: int | None
    ) -> OpenText | None:
        """Takes in what has been typed; None of a text that is not open."""
        found = self.texts.get(uri)
        if found is not None:
            found.change(changes, version)
            self._note(found)
        return found

    def close(self, uri: str) -> None:
        """Lets go of a text; its file counts again."""
        found = self.texts.pop(uri, None)
        if found is not None and found.path is not None:
            self._unsaved.pop(found.path, None)

    def using(self, path: Path) -> list[OpenText]:
        """The open texts that use a file; they are to be checked anew."""
        found = [text for text in self.texts.values() if text.uses(path) and text.path != path]
        for text in found:
            text.forget()
        return found

    def readings(self, home: Source) -> list[Reading]:
        """Every text that may speak of what a file defines: the open ones, and the files of the editor's folders."""
        readings = [text.reading for text in self.texts.values()]
        seen = {text.path for text in self.texts.values()}
        path = source_path(home)
        others = (one for one in self._files() if one not in seen and (one == path or _mentions(one, path)))
        readings += (Document(self.registry, str(one), files=self._unsaved).read(read_text(one)) for one in others)
        return readings

    def lines_of(self, source: Source) -> Lines:
        """The lines of any text."""
        return Lines(source.text, self.encoding)

    def _files(self) -> Iterator[Path]:
        found = (path.resolve() for folder in self.folders for path in folder.rglob("*.net"))
        yield from islice((path for path in found if path.is_file()), MOST_FILES)

    def _note(self, text: OpenText) -> None:
        if text.path is not None:
            self._unsaved[text.path] = text.text


def used_files(reading: Reading) -> Iterator[Path]:
    """The files that a text uses, and those that they use."""
    for statement in reading.file.statements:
        if statement.name.text == USE.name:
            for item in statement.items:
                if isinstance(item, String):
                    yield (reading.folder / find_home(Path(item.text))).resolve()
    # A file that a used one uses is known by the blocks that came from it.
    for block in reading.scope.blocks.values():
        yield source_path(block.defined.span.source)


def path_of(uri: str) -> Path | None:
    """The file of a URI; None of a text that has none yet."""
    found = to_fs_path(uri) if uri.startswith("file:") else None
    return Path(found).resolve() if found else None


def uri_of(source: Source, texts: Mapping[str, OpenText]) -> str:
    """The URI of a text: as the editor calls it, where it is open."""
    for uri, text in texts.items():
        if text.document.name == source.name:
            return uri
    path = source_path(source)
    known = next((uri for uri, text in texts.items() if text.path == path), None)
    return known or from_fs_path(str(path)) or ""


def read_text(path: Path) -> str:
    """The text of a file; an empty one, where it cannot be read."""
    try:
        return path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError):  # the text that uses it says so
        return ""


def _mentions(path: Path, used: Path) -> bool:
    written = read_text(path)
    return USE.name in written and used.stem in written
