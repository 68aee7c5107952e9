"""The page in a real browser, with its server: written, mended, trained, drawn on, reloaded."""

import pytest

from tests.play.browsing import CHOSEN, serving, until, write_with_help

pytest.importorskip("playwright", reason="needs playwright")
pytest.importorskip("starlette", reason="needs the extra `play`")

SPIRALS = """linear 2->16; tanh
linear 16->16; tanh
linear 16->2
data spirals size=600 noise=0.02 turns=1 batch=30
optimizer adam lr=0.02
logger jsonl
train epochs=300
"""
DIGITS = """conv 1->16 k3 p1; relu
maxpool 2
flatten
linear 256->10
data digits
optimizer adam lr=5e-3
logger jsonl
train epochs=3
"""
"""The item of the list of completions that a screen reader is told of."""

STATUS = "document.getElementById('status').dataset.status"


LATE_COMPLETIONS = """() => {
    const ask = fetch;
    asked = answered = 0;
    fetch = async (address, request) => {
        const isCompletion = JSON.parse(request?.body ?? "{}").ask === "complete";
        if (!isCompletion) return ask(address, request);
        asked++;
        await new Promise(resolve => setTimeout(resolve, 300));
        const response = await ask(address, request), json = await response.json();
        return { json: async () => { setTimeout(() => { answered++; }); return json; } };
    };
}"""


def test_a_net_is_typed_mended_saved_shared_and_opened_again(open_page, tmp_path):
    (tmp_path / "netz 网.net").write_text("linear 2->2\n", encoding="utf-8")
    with serving(tmp_path, "netz 网.net") as link:
        page = open_page(link)
        assert "token" not in page.url
        page.fill("#source", "")
        page.locator("#source").press_sequentially(
            "conv 1->8 k3 p1; relu\nmaxpool 2\nflatten\nlinear 100->10\ndata digits"
        )
        until(page, "document.getElementById('mistakes').textContent.includes('expects 100 features but receives 128')")
        assert page.locator("#mistakes li").count() == 1
        assert page.inner_text("#overlay .error") == "100"
        assert "8x4x4" in page.inner_text("#overlay")
        page.click("#mistakes .code")
        until(page, "document.querySelector('#explanation pre')?.textContent.startsWith('NET201')")
        page.click("#mistakes .fix")
        until(page, "document.querySelectorAll('#mistakes li').length === 0")
        assert "linear 128->10" in page.input_value("#source")
        page.locator("#source").press("Control+z")
        until(page, "document.getElementById('source').value.includes('100->10')")
        page.locator("#source").press("Control+Shift+z")
        page.locator("#source").press("Control+s")
        until(page, "document.title.startsWith('netz 网.net')")
        assert "linear 128->10" in (tmp_path / "netz 网.net").read_text("utf-8")
        page.click("#tab-table")
        until(page, "document.getElementById('table').innerText.includes('1,290')")
        page.keyboard.press("ArrowRight")
        assert page.get_attribute("#tab-training", "aria-selected") == "true"
        page.click("#language")
        assert page.inner_text("#save") == "保存"
        assert page.evaluate("document.documentElement.lang") == "zh"
        shared = page.evaluate("import('./share.js').then(({ makeLink }) => makeLink('# 网 🙂\\nlinear 3->4\\n'))")
        other = open_page(link)
        other.goto(shared)
        until(other, "document.getElementById('source').value === '# 网 🙂\\nlinear 3->4\\n'")
        other.close()
        page.close()


def test_what_may_stand_at_the_cursor_is_offered_and_explained(open_page, tmp_path):
    with serving(tmp_path) as link:
        page = open_page(link)
        page.select_option("#files", label="moons")
        until(page, "document.getElementById('source').value.includes('data moons')")
        write_with_help(page)
        page.close()


def test_completions_that_come_late_change_nothing_that_is_written(open_page, tmp_path):
    with serving(tmp_path) as link:
        page = open_page(link)
        page.evaluate(LATE_COMPLETIONS)
        source = page.locator("#source")
        page.fill("#source", "")
        source.press_sequentially("fla")
        until(page, f"{CHOSEN}?.querySelector('b').textContent === 'flatten'")
        source.press_sequentially("tten\nlinear 3->4\nmaxp")
        assert page.input_value("#source") == "flatten\nlinear 3->4\nmaxp"
        until(page, f"{CHOSEN}?.querySelector('b').textContent === 'maxpool'")
        source.press("o")  # the list follows at once
        source.press("Enter")
        assert page.input_value("#source") == "flatten\nlinear 3->4\nmaxpool"
        source.press_sequentially("\nre")
        source.press("Escape")
        asked = page.evaluate("asked")
        until(page, f"answered === {asked}")
        assert page.is_hidden("#completions")
        page.close()


def test_spirals_are_trained_paused_reloaded_and_gone_on_with(open_page, tmp_path):
    (tmp_path / "spirals.net").write_text(SPIRALS)
    with serving(tmp_path, "spirals.net") as link:
        page = open_page(link, color_scheme="dark")
        page.click("#tab-training")
        until(page, "document.querySelectorAll('#units canvas.unit').length === 36")  # before the first step
        assert page.inner_text("#status") == "ready"
        assert page.get_by_role("slider", name="Learning rate").count() == 1
        page.click("#train")
        until(page, "Number(document.getElementById('curves').dataset.best) >= 0.95")
        page.click("#pause")
        until(page, f"{STATUS} === 'paused'")
        assert page.locator("#units canvas.unit").count() == 2 + 16 + 16 + 2
        status = page.inner_text("#status")
        assert page.is_hidden("#outdated")
        page.fill("#source", SPIRALS.replace("16->16", "16->8").replace("16->2", "8->2"))
        until(page, "document.getElementById('outdated').textContent.startsWith('The text has changed: what is shown')")
        page.click("#language")
        until(page, "document.getElementById('outdated').textContent.startsWith('文本已更改')")
        page.click("#language")
        page.fill("#source", SPIRALS)
        until(page, "document.getElementById('outdated').hidden")
        page.reload()
        until(page, "document.querySelectorAll('#units canvas.unit').length === 36")
        assert (page.inner_text("#status"), page.inner_text("#train")) == (status, "Go on")
        page.click("#step")
        until(page, f"{STATUS} === 'paused' && !document.getElementById('status').textContent.includes({status!r})")
        page.close()
    # another server, and the run is still there
    with serving(tmp_path, "spirals.net") as link:
        page = open_page(link)
        page.click("#tab-training")
        until(page, f"{STATUS} === 'paused'")
        until(page, "document.querySelectorAll('#units canvas.unit').length === 36")
        page.close()
    assert len(list((tmp_path / "runs" / "spirals").iterdir())) == 1


def test_a_digit_is_drawn_and_each_layer_shows_what_it_makes_of_it(open_page, tmp_path):
    (tmp_path / "digits.net").write_text(DIGITS)
    with serving(tmp_path, "digits.net") as link:
        page = open_page(link, viewport={"width": 390, "height": 844})
        page.click("#tab-training")
        page.click("#train")
        until(page, f"{STATUS} === 'finished'")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.locator("#pad").scroll_into_view_if_needed()
        box = page.locator("#pad").bounding_box()
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 20)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] / 2 - 2, box["y"] + box["height"] - 20, steps=6)
        page.mouse.up()
        until(page, "document.querySelectorAll('#layers .layer').length === 6")
        assert page.locator("#layers .layer").nth(1).locator("canvas").count() == 16
        assert page.locator("#chances li").count() == 10
        # While one draws, answers are to what was drawn so far: the dot of the beginning is no 1 yet.
        until(page, "document.querySelector('#chances .best span')?.textContent === '1'")
        page.close()
