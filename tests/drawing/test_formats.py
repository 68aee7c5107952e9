"""What is written: golden SVGs, and files that other tools read."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

import netdsl
from netdsl.cli import netdsl as commands
from netdsl.core.errors import ExportError, WrongPath
from netdsl.drawing.drawing import FORMATS, Drawing, open_further
from tests.docs.gallery import VOLUMES
from tests.drawing.nets import EXAMPLES, LIBRARY, NAMES, ROOT, draw_net
from tests.needs import needs

GOLDEN = Path(__file__).parents[1] / "golden" / "drawing"
PICTURES = ROOT / "docs" / "pictures"
LARGEST = 60_000
SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("file", LIBRARY)
def test_the_blocks_of_each_file_of_the_library_are_drawn(file: str) -> None:
    assert any(re.search(rf"^use {file}$", draw_net(name).source.text, re.MULTILINE) for name in NAMES)


@pytest.mark.parametrize("name", [path.stem for path in EXAMPLES])
def test_the_gallery_shows_each_example_as_it_is_drawn(name: str, golden: Callable[[Path, str], None]) -> None:
    compare(PICTURES / f"{name}.svg", draw_net(name), golden)


@pytest.mark.parametrize("name", VOLUMES)
def test_the_gallery_shows_volumes(name: str, golden: Callable[[Path, str], None]) -> None:
    compare(PICTURES / f"{name}-volumes.svg", replace(draw_net(name), style="volumes"), golden)


@pytest.mark.parametrize("name", ["resnet50", "densenet121", "skips", "wrong"])
def test_the_picture_is_as_it_was(name: str, golden: Callable[[Path, str], None]) -> None:
    compare(GOLDEN / f"{name}.svg", draw_net(name), golden)


def compare(path: Path, drawing: Drawing, golden: Callable[[Path, str], None]) -> None:
    svg = drawing.svg
    assert len(svg) < LARGEST
    golden(path, svg)


@pytest.mark.parametrize("name", NAMES)
def test_svg_is_for_everybody(name: str) -> None:
    drawing = draw_net(name)
    root = ElementTree.fromstring(drawing.svg)
    assert root.get("role") == "img"
    assert root.findtext(f"{SVG}title") == drawing.diagram.title
    assert drawing.diagram.subtitle in (root.findtext(f"{SVG}desc") or "")
    shown = [element.text for element in root.iter(f"{SVG}text")]
    assert {box.title for box in drawing.diagram.root.boxes() if len(box.title) < 20} <= {*shown} | {
        "concat",
        "add",
    } | {part.box.title for part in drawing.picture.circles}


def test_text_cannot_leave_its_element() -> None:
    drawing = netdsl.draw("input 3; linear 3 # <script>\n")
    ElementTree.fromstring(drawing.svg)
    hostile = netdsl.draw("conv 3->8 k3 as a; nn.<b>x</b>&\x00 ")
    ElementTree.fromstring(hostile.svg)


@pytest.mark.parametrize("theme", ["light", "dark", "print"])
def test_a_theme_changes_colours_alone(theme: str) -> None:
    light, other = netdsl.draw("linear 3->4"), netdsl.draw("linear 3->4", theme=theme)
    strip = re.compile(r"<style>.*?</style>|#[0-9a-f]{6}|<rect width=\"100%\"[^>]*>\n")
    assert strip.sub("", light.svg) == strip.sub("", other.svg)


@pytest.mark.parametrize("name", NAMES)
def test_mermaid_joins_what_it_declares(name: str) -> None:
    written = draw_net(name).write("mmd").decode()
    head, *lines = written.splitlines()
    assert head == "flowchart TB"
    declared = {found[1] for line in lines if (found := re.match(r"\s+(\w+)\(", line))}
    joined = {
        key
        for line in lines
        if (found := re.fullmatch(r'  (\w+) -[-.]+>(?:\|"[^"]*"\|)? (\w+)', line))
        for key in found.groups()
    }
    assert joined == declared
    assert written.count("subgraph") == len(re.findall(r"^\s+end$", written, re.MULTILINE))


@pytest.mark.parametrize("name", NAMES)
def test_dot_is_read_by_graphviz(name: str) -> None:
    dot = needs("dot")
    written = draw_net(name).write("dot")
    subprocess.run([dot, "-Tcanon"], input=written, check=True, capture_output=True)


@pytest.mark.parametrize("name", NAMES)
def test_dot_joins_what_it_declares(name: str) -> None:
    written = draw_net(name).write("dot").decode()
    declared = set(re.findall(r"^\s+(n\d+|(?:in|out)put\w*) \[", written, re.MULTILINE))
    joined = {key for pair in re.findall(r"^  (\w+) -> (\w+) \[", written, re.MULTILINE) for key in pair}
    assert joined == declared
    unquoted = re.sub(r'"(\\.|[^"\\])*"', "", written)
    assert unquoted.count("{") == unquoted.count("}")


@pytest.mark.parametrize("name", NAMES)
def test_tikz_is_balanced(name: str) -> None:
    written = draw_net(name).write("tikz").decode()
    plain = re.sub(r"\\[{}$&#%_\\]", "", written)
    assert plain.count("{") == plain.count("}")
    assert plain.count("$") % 2 == 0
    assert [
        line for line in plain.splitlines() if line.startswith((r"\draw", r"\node")) and not line.endswith(";")
    ] == []
    assert set(re.findall(r"\\begin\{(\w+)\}", plain)) == set(re.findall(r"\\end\{(\w+)\}", plain))


@pytest.mark.parametrize("name", NAMES)
def test_a_page_explains_every_statement_and_opens_every_block(name: str) -> None:
    drawing = draw_net(name)
    page = drawing.write("html").decode()
    found = Page()
    found.feed(page)
    assert found.folds == found.frames
    assert found.boxes == json.loads(found.facts).keys()
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", page), "a page needs nothing from elsewhere"
    closed = {box.path for box in drawing.diagram.root.boxes() if box.closed}
    assert closed <= found.folds
    assert not any(box.closed for box in open_further(drawing).diagram.root.boxes())


@pytest.mark.parametrize("name", VOLUMES)
def test_a_page_explains_every_volume(name: str) -> None:
    drawing = replace(draw_net(name), style="volumes")
    found = Page()
    found.feed(drawing.write("html").decode())
    opened = replace(drawing, depth=9).picture
    assert found.boxes == {one.path for one in (*opened.faces, *opened.frames)} - {""}
    assert found.folds == {one.path for one in opened.frames}
    assert found.boxes <= json.loads(found.facts).keys()


class Page(HTMLParser):
    """What the script of a page works with."""

    def __init__(self) -> None:
        super().__init__()
        self.boxes: set[str] = set()
        self.folds: set[str] = set()
        self.frames: set[str] = set()
        self.facts = ""
        self.in_facts = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.in_facts = given.get("id") == "facts"
        if box := given.get("data-box"):
            self.boxes.add(box)
            if "data-fold" in given:
                self.folds.add(box)
        if frame := given.get("data-frame"):
            self.frames.add(frame)

    def handle_data(self, data: str) -> None:
        if self.in_facts:
            self.facts += data
            self.in_facts = False


def test_the_script_of_a_page_is_javascript(tmp_path: Path) -> None:
    node = needs("node")
    page = draw_net("resnet").write("html").decode()
    (tmp_path / "page.js").write_text(page.rpartition("<script>")[2].partition("</script>")[0], encoding="utf-8")
    subprocess.run([node, "--check", "page.js"], cwd=tmp_path, check=True, capture_output=True)


def test_a_page_holds_hostile_words_as_text() -> None:
    page = netdsl.draw('input 3; linear 3 as x; nn."</script><b>" ').write("html").decode()
    assert page.count("</script>") == 2


def test_tikz_compiles(tmp_path: Path) -> None:
    pdflatex = needs("pdflatex")
    (tmp_path / "net.tex").write_bytes(draw_net("unet").write("tikz"))
    subprocess.run([pdflatex, "-halt-on-error", "net.tex"], cwd=tmp_path, check=True, capture_output=True)


@pytest.mark.parametrize(("format", "start"), [("png", b"\x89PNG"), ("pdf", b"%PDF")])
def test_pixels_and_pages(format: str, start: bytes) -> None:
    pytest.importorskip("cairosvg", reason="an extra: netdsl[draw]", exc_type=ImportError)
    assert draw_net("unet").write(format).startswith(start)


def test_without_the_extra_the_message_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cairosvg", None)
    with pytest.raises(ExportError, match="need cairosvg") as caught:
        draw_net("unet").write("png")
    assert "netdsl[draw]" in str(caught.value.help)


def test_a_command_writes_what_the_name_ends_in(net_file: Callable[[str], Path]) -> None:
    net_file("linear 3->4")
    for name in FORMATS.keys() - {"png", "pdf"}:
        ran = CliRunner().invoke(commands, ["draw", "net.net", "-o", f"net.{name}"])
        assert (ran.exit_code, ran.output) == (0, "")
        assert b"linear" in Path(f"net.{name}").read_bytes()


def test_an_unknown_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WrongPath, match=r"ends in no format of pictures: write `\.svg`"):
        netdsl.draw("linear 3->4").save(tmp_path / "net.jpg")


def test_mistakes_are_drawn_and_told(net_file: Callable[[str], Path]) -> None:
    net_file("input 3x32x32\nconv 3->32 k5 p2; maxpoool 2\nflatten; linear 100->10\n")
    ran = CliRunner().invoke(commands, ["draw", "net.net"])
    assert ran.exit_code != 0 or ran.return_value == 1
    assert "unknown layer `maxpoool`" in ran.stderr
    root = ElementTree.fromstring(ran.stdout)
    assert len([one for one in root.iter(f"{SVG}rect") if "e" in (one.get("class") or "").split()]) == 2
    red = [one.text for one in root.iter(f"{SVG}text") if one.get("class") == "w"]
    assert any((text or "").startswith("line 2: unknown layer") for text in red)
