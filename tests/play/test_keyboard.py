"""The page without a mouse: every control is reached by Tab, has a name, shows that it has the focus, and works."""

import pytest

from tests.play.browsing import point_at_words, serving, until

pytest.importorskip("playwright", reason="needs playwright")
pytest.importorskip("starlette", reason="needs the extra `play`")

DIGITS = "conv 1->4 k3 p1; relu\nmaxpool 2\nflatten\nlinear 64->10\ndata digits\ntrain epochs=1\n"
MISTAKEN = DIGITS.replace("64->10", "60->10")
SPIRALS = "linear 2->3; tanh\nlinear 3->2\ndata spirals\n"

FOCUS = """() => {
    const one = document.activeElement;
    if (one === document.body) return null;
    const drawn = one.id === "source" ? document.getElementById("editor") : one;
    const shape = one.closest("[data-box]")?.querySelector("rect, circle, polygon");
    const style = getComputedStyle(drawn), box = drawn.getBoundingClientRect();
    const accent = getComputedStyle(document.querySelector("h1 span")).color;
    const hasOutline = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1;
    return {
        id: one.id || one.dataset.box || one.className || one.tagName,
        isShown: shape ? getComputedStyle(shape).stroke === accent : hasOutline,
        isInSight: box.width > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
    };
}"""
"""What has the focus, and whether one sees that."""


def find_name(page, session):
    """The name and the role of what has the focus, as screen readers are told."""
    found = session.send("Runtime.evaluate", {"expression": "document.activeElement"})["result"]["objectId"]
    tree = session.send("Accessibility.getPartialAXTree", {"objectId": found, "fetchRelatives": False})
    node = tree["nodes"][0]
    return node["name"]["value"], node["role"]["value"]


def walk(page):
    """Every stop of Tab, from the top of the page to its end."""
    session = page.context.new_cdp_session(page)
    page.focus("#files")
    page.keyboard.press("Shift+Tab")
    found = []
    for _ in range(120):
        page.keyboard.press("Tab")
        focus = page.evaluate(FOCUS)
        if focus is None or (found and focus["id"] == found[0]["id"]):
            return found
        focus["name"], focus["role"] = find_name(page, session)
        found.append(focus)
    raise AssertionError(f"Tab does not come to an end: {[one['id'] for one in found]}")


@pytest.mark.parametrize("tab", ["picture", "table", "training"])
@pytest.mark.parametrize(
    ("width", "scheme", "language", "text"),
    [
        (1280, "light", "en", MISTAKEN),
        (390, "dark", "zh-CN", MISTAKEN),
        (1280, "dark", "zh-CN", SPIRALS),
        (390, "light", "en", DIGITS),
    ],
)
def test_every_stop_of_tab_has_a_name_and_shows_its_focus(open_page, tmp_path, width, scheme, language, text, tab):
    (tmp_path / "a.net").write_text(text, encoding="utf-8")
    with serving(tmp_path, "a.net") as link:
        page = open_page(link, viewport={"width": width, "height": 800}, color_scheme=scheme, locale=language)
        page.click(f"#tab-{tab}")
        until(page, {"picture": "true", "table": "document.querySelector('#table td button')",
                     "training": "!document.getElementById('training').hidden"}[tab])  # fmt: skip
        stops = walk(page)
        page.close()
    wrong = [one for one in stops if not (one["name"].strip() and one["isShown"] and one["isInSight"])]
    assert wrong == []
    order = [one["id"] for one in stops]
    own = {"picture": ["less"], "table": [], "training": ["train", "rate", "batch"]}[tab] if text != MISTAKEN else []
    wanted = ["files", "save", "format", "share", "language", "source", f"tab-{tab}", tab, *own]
    if tab == "picture":
        own = []
        wanted = [one for one in wanted if one != "less"]  # nothing is open here
    assert [one for one in order if one in wanted] == wanted
    assert (text == MISTAKEN) == ("fix" in order)


def test_the_views_are_used_by_keyboard(open_page, tmp_path):
    (tmp_path / "a.net").write_text("use resnet\ninput 3x32x32\nconv 8 k3 p1\nbasic 8\nbasic 16 2\n", encoding="utf-8")
    with serving(tmp_path, "a.net") as link:
        page = open_page(link)
        focused = "document.activeElement.dataset.box"
        # A net has one stop, whose boxes the arrow keys go through; Enter opens a block, and stays there.
        page.click("#less")
        until(page, "document.querySelectorAll('#drawing [data-opens]').length === 2")
        page.locator("#drawing [data-box]").first.focus()
        page.keyboard.press("ArrowDown")
        assert "basic" in page.inner_text("#fact")
        page.keyboard.press("Enter")
        until(page, f"document.querySelectorAll('#drawing [data-opens]').length === 0 && {focused}?.startsWith('1.')")
        page.keyboard.press("Home")
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "source"
        assert page.evaluate("document.getElementById('source').selectionStart") == 25
        # Of the table, each line has a button, and its arithmetic is said.
        page.focus("#tab-picture")
        page.keyboard.press("End")
        page.keyboard.press("ArrowLeft")
        until(page, "document.querySelector('#table td button') !== null")
        page.locator("#table td.line button").first.focus()
        until(page, "document.querySelector('.work').textContent !== ''")
        # What explains a word is closed by Escape, and the focus goes back.
        page.focus("#source")
        page.keyboard.press("F1")
        until(page, "document.getElementById('told').textContent.includes('3x32x32 → 8x32x32')")
        page.focus("#close")
        page.keyboard.press("Escape")
        assert page.is_hidden("#explanation")
        assert page.evaluate("document.activeElement.id") == "source"
        page.close()


def test_what_is_said_of_a_word_stands_beside_the_pointer(open_page, tmp_path):
    with serving(tmp_path) as link:
        page = open_page(link)
        point_at_words(page)
        page.close()


def test_a_slider_keeps_the_focus_and_a_digit_is_drawn_with_arrow_keys(open_page, tmp_path):
    (tmp_path / "a.net").write_text(DIGITS, encoding="utf-8")
    with serving(tmp_path, "a.net") as link:
        page = open_page(link)
        page.click("#tab-training")
        page.focus("#batch")
        page.keyboard.press("ArrowRight")
        until(page, "document.getElementById('source').value.includes('batch=')")
        assert page.evaluate("document.activeElement.id") == "batch"
        page.click("#train")
        until(page, "document.getElementById('status').dataset.status === 'finished'")
        until(page, "document.getElementById('said').textContent.includes('runs/')")
        page.focus("#pad")
        for key in (" ", *["ArrowDown"] * 8, " "):
            page.keyboard.press(key)
        until(page, "document.querySelectorAll('#chances li').length === 10")
        until(page, "/^\\d: \\d+ %$/.test(document.getElementById('said').textContent)")
        page.keyboard.press("Delete")
        assert page.locator("#chances li").count() == 0
        page.close()
