"""The folder of the page without a server: Pyodide, the front end, and the page, of one release."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import NamedTuple
from zipfile import ZIP_DEFLATED, ZipFile

from netdsl.core.errors import ExportError, WrongPath
from netdsl.core.files import reason
from netdsl.core.text import text
from netdsl.play.guard import HEADERS
from netdsl.play.static.pyodide_package import FILES, advise, find_program, obtain_pyodide, read_version
from netdsl.play.workspace import NetFile

PACKAGES = ("netdsl", "lark", "pluggy")
"""What the front end consists of: netdsl, and the packages that it imports."""

STACK = re.compile(r"\s+at ")
"""What a line of JavaScript's stack begins with."""

PAGE = Path(__file__).parents[1] / "page"
MAKER = Path(__file__).with_name("make.mjs")
OWN = Path(__file__).with_name("page")
"""The files that this page has instead of the other's, and those that only it has."""

SERVICE_WORKER = "service-worker.js"
"""The file that keeps the others in the browser; it names them, and is fetched by the browser itself."""


class StaticPage(NamedTuple):
    """A folder that was written.

    Args:
        folder: where it lies.
        size: its bytes.
        pyodide: the version of Pyodide in it.
    """

    folder: Path
    size: int
    pyodide: str


def write_static_page(
    folder: Path,
    opened: NetFile | None = None,
    pyodide: str | None = None,
    announce: Callable[[str], None] = lambda _: None,
) -> StaticPage:
    """Writes the page into a folder that is new or empty: all of it, or nothing.

    Args:
        folder: what is written; folders above it are made.
        opened: the file that the page shows first.
        pyodide: where Pyodide is: the folder of its npm package, its `.tgz` file, or the address of one; None: npm
            fetches it.
        announce: is told what takes long, before it does.

    Raises:
        WrongPath: the folder holds something.
        FileError: it cannot be written, or there is no Pyodide.
        ExportError: a program is missing, or Pyodide cannot run the front end.
    """
    node = find_program("node")
    with _reserve(folder), TemporaryDirectory(prefix="netdsl-play-") as scratch:
        try:
            home = obtain_pyodide(pyodide, Path(scratch))
            version = read_version(home)
            announce(text("packing netdsl with Pyodide {version}, which takes some ten seconds", version=version))
            _pack_front_end(node, home, version, folder)
            _copy_page(home, folder, opened)
            _write_service_worker(folder)
        except OSError as error:
            raise _unwritable(folder, error) from error
    return StaticPage(folder, sum(path.stat().st_size for path in folder.iterdir()), version)


@contextmanager
def _reserve(folder: Path) -> Iterator[None]:
    """An empty folder to write into; where that fails, it is left as it was found."""
    try:
        new = not folder.exists()
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise WrongPath(
                text("`{folder}` is not empty, and nothing in it is overwritten", folder=folder),
                text("name a folder that is new or empty"),
            )
        with TemporaryFile(dir=folder):  # told before all the work, not after it
            pass
    except FileExistsError as error:
        raise WrongPath(text("`{folder}` is a file: name a folder that is new or empty", folder=folder)) from error
    except OSError as error:
        raise _unwritable(folder, error) from error
    try:
        yield
    except BaseException:
        for path in folder.iterdir():
            path.unlink()
        if new:
            folder.rmdir()
        raise


def _unwritable(folder: Path, error: OSError) -> WrongPath:
    return WrongPath(text("`{folder}` cannot be written: {reason}", folder=folder, reason=reason(error)))


def _pack_front_end(node: str, pyodide: Path, version: str, folder: Path) -> None:
    """Writes the archives of Python and of the front end, made and tried by Pyodide itself."""
    sources = folder / "sources.zip"
    with ZipFile(sources, "w", ZIP_DEFLATED, compresslevel=1) as archive:
        for name in PACKAGES:
            spec = find_spec(name)
            assert spec is not None, name
            for place in spec.submodule_search_locations or ():
                root = Path(place)
                for path in sorted(root.rglob("*")):
                    if path.is_file() and path.suffix != ".pyc":
                        archive.write(path, path.relative_to(root.parent))
    command = [node, str(MAKER), str(pyodide), str(sources), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, encoding="utf-8")
    sources.unlink()
    if done.returncode:
        # The last line of Python's traceback says what is wrong; JavaScript's stack stands below it.
        told = [line.strip() for line in done.stderr.splitlines() if line.strip() and not STACK.match(line)]
        why = told[-1] if told else text("node ended with {status}", status=done.returncode)
        raise ExportError(
            text("Pyodide {version} cannot run the front end: {reason}", version=version, reason=why), advise()
        )


def _copy_page(pyodide: Path, folder: Path, opened: NetFile | None) -> None:
    for name in FILES:
        if not (folder / name).exists():  # some of it has been trimmed
            shutil.copyfile(pyodide / name, folder / name)
    for home in (PAGE, OWN):
        for path in home.iterdir():
            shutil.copyfile(path, folder / path.name)
    begin: dict[str, object] = {"files": [], "opened": opened and asdict(opened)}
    (folder / "begin.json").write_text(json.dumps(begin), "utf-8")
    index = folder / "index.html"
    index.write_text(_adapt(index.read_text("utf-8")), "utf-8", newline="\n")


def _adapt(index: str) -> str:
    """The page's HTML, for a server of which nothing is known."""
    # The server of the other page says this in a header.
    policy = HEADERS["Content-Security-Policy"].replace("frame-ancestors 'none'", "").strip("; ")
    charset, notice = '<meta charset="utf-8">\n', '<p id="notice" role="alert" hidden>'
    assert charset in index
    assert notice in index
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
    # What browsers open as a file, they run no modules of.
    told = text("Loading… If nothing follows, the page was opened as a file: it needs a web server.")
    return index.replace(charset, charset + meta).replace(notice, notice.replace(" hidden", "") + told)


def _write_service_worker(folder: Path) -> None:
    """Puts the names of all files before it, and a digest that changes with them."""
    paths = sorted(path for path in folder.iterdir() if path.name != SERVICE_WORKER)
    digest = sha256()
    for path in paths:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    # The page is asked for by the name of its folder.
    names = ["./", *(path.name for path in paths)]
    release = json.dumps({"digest": digest.hexdigest(), "files": names})
    script = folder / SERVICE_WORKER
    script.write_text(f"const RELEASE = {release};\n{script.read_text('utf-8')}", "utf-8", newline="\n")
