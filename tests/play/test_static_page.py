"""The page without a server, in a real browser: made with the Pyodide of npm, typed in, mended, opened offline."""

from __future__ import annotations

import gzip
import json
import re
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from netdsl.core.errors import ExportError, FileError
from netdsl.core.translation import LANGUAGES
from netdsl.play.answers import Answers
from netdsl.play.static.folder import write_static_page
from netdsl.play.static.pyodide_package import obtain_pyodide
from netdsl.play.workspace import NetFile
from netdsl.plugins.registry import load_registry
from tests.machine_failures import POSIX, as_nobody, files_up_to
from tests.needs import needs, needs_file
from tests.play.browsing import point_at_words, until, write_with_help

SHOWN = NetFile("netz 网.net", "input 1x8x8\nconv 8 k3 p1; relu\nflatten\nlinear 10\n", "")


PICTURE = "document.querySelector('#drawing svg') !== null"
"""What shows that the front end has answered."""

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.net"))
ASK = "question => import('./backend.js').then(({ call }) => call('ask', question))"
ACTIVE = "navigator.serviceWorker.ready.then(found => found.active.state === 'activated')"
SHORT_PATIENCE = (
    "() => { wait = setTimeout; setTimeout = (act, time, ...more) => wait(act, time < 1e4 ? time : 0, ...more); }"
)
"""Has a page wait no time at all where it would wait ten seconds."""


@pytest.fixture(scope="module")
def pyodide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The npm package, fetched once."""
    needs("node")
    needs("npm")
    folder = tmp_path_factory.mktemp("package")
    try:
        return obtain_pyodide(None, folder)
    except FileError as error:
        return needs_file(folder / "package", error.message)


@pytest.fixture(scope="module")
def site(pyodide: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_static_page(tmp_path_factory.mktemp("site") / "页 1", SHOWN, str(pyodide)).folder


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder, as `python -m http.server` does, without a word."""

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def link(site: Path) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=site.parent)) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        # Below a folder, as on the pages of a project.
        yield f"http://127.0.0.1:{server.server_address[1]}/{site.name}/"
        server.shutdown()
        serving.join()


class Visits:
    """Opens the page, and keeps what the browser's console complains of."""

    def __init__(self, browser: Any, link: str) -> None:
        self.browser, self.link = browser, link
        self.complaints: list[str] = []

    def __call__(self, **options: Any) -> Any:
        page = self.browser.new_page(**{"viewport": {"width": 1280, "height": 900}, **options})
        page.on(
            "console", lambda said: self.complaints.append(said.text) if said.type in ("error", "warning") else None
        )
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(self.link)
        return page


@pytest.fixture
def visit(link: str) -> Iterator[Visits]:
    api = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    browser_path = needs("chromium", "google-chrome")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        visits = Visits(browser, link)
        yield visits
        browser.close()
    assert visits.complaints == []


def test_a_net_is_typed_mended_formatted_and_explained(visit: Visits) -> None:
    page = visit()
    until(page, PICTURE)
    assert page.input_value("#source") == SHOWN.text
    page.fill("#source", "")
    page.locator("#source").press_sequentially("conv 1->8 k3 p1;relu\nmaxpool 2\nflatten\nlinear 100->10\ndata digits")
    until(page, "document.getElementById('mistakes').textContent.includes('expects 100 features but receives 128')")
    until(page, "document.querySelector('#overlay .error')?.textContent === '100'")
    assert "8x4x4" in page.inner_text("#overlay")
    page.click("#mistakes .code")
    until(page, "document.querySelector('#explanation pre')?.textContent.startsWith('NET201')")
    page.click("#mistakes .fix")
    until(page, "document.querySelectorAll('#mistakes li').length === 0")
    page.click("#format")
    until(page, "document.getElementById('source').value.includes('conv 1->8 k3 p1; relu')")
    assert "linear 128->10" in page.input_value("#source")
    page.click("#tab-table")
    until(page, "document.getElementById('table').textContent.includes('1,290')")
    page.fill("#source", "use resnet\ninput 3x32x32\nbasic 8\n")
    until(page, "document.getElementById('table').textContent.includes('8x32x32')")
    page.close()


def test_what_may_stand_at_the_cursor_is_offered_and_explained(visit: Visits) -> None:
    page = visit()
    until(page, PICTURE)
    write_with_help(page)
    point_at_words(page)
    page.close()


def test_every_example_is_answered_as_outside_of_the_browser(
    visit: Visits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # as in the browser, there is no file but the text
    answers = Answers(load_registry(installed=False))
    page = visit()
    for path in EXAMPLES:
        for language in LANGUAGES:
            question = {"ask": "check", "text": path.read_text("utf-8"), "file": path.name, "language": language}
            found = page.evaluate(ASK, question)
            assert found == json.loads(json.dumps(answers.answer(question))), (path, language)
    page.close()


def test_what_needs_a_server_is_told_and_not_offered(visit: Visits) -> None:
    page = visit(viewport={"width": 390, "height": 844}, locale="zh-CN")
    until(page, PICTURE)
    assert page.inner_text("#format") == "格式化"
    page.click("#language")
    page.click("#tab-training")
    assert page.inner_text("#training").strip() == (
        "Training needs a server: save this net, and type `netdsl play` in its folder, on a computer that netdsl is "
        "installed on."
    )
    assert page.input_value("#files") == SHOWN.name
    page.select_option("#files", label="xor")
    until(page, "document.getElementById('source').value.includes('data xor')")
    page.select_option("#files", SHOWN.name)
    until(page, "document.getElementById('source').value.startsWith('input 1x8x8')")
    assert page.input_value("#source") == SHOWN.text
    with page.expect_download() as download:
        page.click("#save")
    assert download.value.suggested_filename == SHOWN.name
    assert Path(download.value.path()).read_text("utf-8") == SHOWN.text
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.close()


def test_it_opens_again_with_the_network_cut(visit: Visits) -> None:
    page = visit(color_scheme="dark")
    until(page, PICTURE)
    until(page, ACTIVE)
    page.fill("#source", "input 3x8x8\nconv 4 k3\n")
    until(page, "document.getElementById('overlay').textContent.includes('4x6x6')")
    page.context.set_offline(True)
    page.reload()
    until(page, "document.getElementById('overlay').textContent.includes('4x6x6')")
    page.fill("#source", "input 3x8x8\nconv 5->4 k3\n")
    until(page, "document.getElementById('mistakes').textContent.includes('NET201')")
    page.close()


def test_a_newer_folder_is_shown_once_no_tab_holds_the_old_one(visit: Visits, site: Path) -> None:
    page = visit()
    until(page, ACTIVE)
    script = site / "service-worker.js"
    old = {path: path.read_text("utf-8") for path in (site / "index.html", script)}
    try:
        (site / "index.html").write_text(
            old[site / "index.html"].replace('id="tab-table"', 'id="tab-table" class="newer"'), "utf-8"
        )
        script.write_text(re.sub('"digest": "..', '"digest": "zz', old[script]), "utf-8")
        page.reload()
        assert page.get_attribute("#tab-table", "class") is None
        until(page, "navigator.serviceWorker.ready.then(found => found.waiting?.state === 'installed')")
        page.goto("about:blank")
        page.goto(visit.link)
        until(page, "document.getElementById('tab-table').className === 'newer'")
        assert page.evaluate("caches.keys().then(found => found.length)") == 1
    finally:
        for path, content in old.items():
            path.write_text(content, "utf-8")
    page.close()


def test_an_answer_that_takes_too_long_is_given_up_and_the_next_is_given(visit: Visits) -> None:
    page = visit()
    until(page, PICTURE)
    page.evaluate(SHORT_PATIENCE)
    page.fill("#source", "linear 3->4")
    until(page, "document.getElementById('notice').textContent.includes('takes longer than 10 seconds')")
    page.evaluate("() => { setTimeout = wait; }")
    page.fill("#source", "linear 5->6")
    until(page, "document.querySelector('#drawing').textContent.includes('5 → 6')")
    page.close()


def test_a_network_that_fails_is_told_and_the_next_key_press_tries_again(visit: Visits) -> None:
    page = visit.browser.new_page()
    page.route("**/front-end.zip", lambda route: route.abort())
    page.goto(visit.link)
    until(page, "document.getElementById('notice').textContent.includes('could not be loaded')")
    page.unroute("**/front-end.zip")
    page.fill("#source", "linear 5->6")
    until(page, PICTURE)
    page.close()


def test_the_folder_is_complete_and_small(site: Path) -> None:
    with ZipFile(site / "front-end.zip") as archive:
        assert len([name for name in archive.namelist() if re.fullmatch(r"cache/netdsl/tables-.*\.cache", name)]) == 1
    assert not {"sources.zip", "package.json"} & {path.name for path in site.iterdir()}
    assert sum(len(gzip.compress(path.read_bytes(), 9)) for path in site.iterdir()) < 8_000_000


@pytest.mark.parametrize("name", ["full", "file"])
def test_what_is_there_is_not_touched(name: str, tmp_path: Path) -> None:
    needs("node")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    with pytest.raises(FileError, match=r"name a folder that is new or empty|is not empty"):
        write_static_page(tmp_path / name)
    assert (tmp_path / "full" / "mine.txt").read_text() == (tmp_path / "file").read_text() == "mine"


@POSIX
@pytest.mark.parametrize("name", ["closed", "closed/site", "open/closed"])
def test_a_folder_that_is_closed_is_told_before_the_work(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs("node")
    monkeypatch.chdir(tmp_path)
    for folder in ("closed", "open", "open/closed"):
        Path(folder).mkdir(mode=0o777 if folder == "open" else 0o555)
    with as_nobody(tmp_path), pytest.raises(FileError, match=f"`{name}` cannot be written: permission denied"):
        write_static_page(Path(name))


@POSIX
def test_a_disk_that_is_full_leaves_nothing_behind(pyodide: Path, tmp_path: Path) -> None:
    with files_up_to(100_000), pytest.raises(FileError, match="site` cannot be written: file too large"):
        write_static_page(tmp_path / "site", None, str(pyodide))
    assert list(tmp_path.iterdir()) == []


def test_a_pyodide_that_does_not_run_is_named_and_leaves_nothing_behind(pyodide: Path, tmp_path: Path) -> None:
    broken = tmp_path / "pyodide"
    broken.mkdir()
    for path in pyodide.iterdir():
        (broken / path.name).write_bytes(path.read_bytes() if path.suffix != ".wasm" else b"")
    (tmp_path / "site").mkdir()
    with pytest.raises(ExportError, match=r"Pyodide \d[\d.]+ cannot run the front end: CompileError: WebAssembly"):
        write_static_page(tmp_path / "site", None, str(broken))
    assert list((tmp_path / "site").iterdir()) == []
