import json
import random
from pathlib import Path

import pytest

from netdsl.checker import check
from netdsl.core.source import Source
from netdsl.play.answers import Answers, CodeUnits
from netdsl.plugins.registry import load_registry
from tests.test_imports import BLOCKED, run_python

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.net"))
NET = "conv 1->16 k3 p1; relu\nmaxpool 2\nflatten\nlinear 100->10\ndata digits\noptimizer sgd 0.1\n"


@pytest.fixture(scope="module")
def answers():
    return Answers(load_registry(installed=False))


def ask(answers, question, text=NET, **more):
    found = answers.answer({"ask": question, "text": text, **more})
    json.dumps(found)  # it has to travel
    return found


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_has_its_picture_its_table_and_its_hints(path, answers):
    found = ask(answers, "check", path.read_text("utf-8"), file=str(path))
    assert not [one for one in found["diagnostics"] if one["severity"] == "error"]
    assert found["picture"].startswith("<svg")
    assert found["hints"]
    table = ask(answers, "check", path.read_text("utf-8"), file=str(path), view="table")
    assert table["rows"]
    assert table["totals"]["parameters"]


@pytest.mark.parametrize(("view", "seen"), [("picture", "picture"), ("table", "rows"), ("training", None)])
def test_of_the_views_only_the_one_that_is_seen_is_made(view, seen, answers):
    found = ask(answers, "check", NET, view=view)
    assert {"picture", "rows"} & found.keys() == ({seen} if seen else set())
    assert found["hints"]
    assert found["diagnostics"]


def test_a_table_that_is_cut_says_so(answers):
    assert not ask(answers, "check", "linear 2->2\n" * 2_000, view="table")["cut"]
    found = ask(answers, "check", "linear 2->2; relu\n" * 1_001, view="table")
    assert (len(found["rows"]), found["cut"]) == (2_000, True)


def test_a_table_names_every_input_and_output(answers):
    net = "input user=1 item=1\nembedding 9->4 as u\nfrom item; embedding 9->4; mul u; flatten; linear 1 as score"
    assert ask(answers, "check", net, view="table")["shapes"] == "user 1, item 1 → 1"


def test_a_mistake_has_its_place_its_cause_and_its_fix(answers):
    (found,) = ask(answers, "check")["diagnostics"]
    start, end = found["place"]
    assert (NET[start:end], found["code"], found["line"]) == ("100", "NET201", 4)
    assert found["fix"] == {"message": "write `256->10`", "safe": True}
    assert found["labels"]


def test_the_fix_of_a_mistake_and_of_all_give_a_text_without_it(answers):
    for fixed in (ask(answers, "apply", number=0), ask(answers, "fix")):
        assert ask(answers, "check", fixed["text"])["diagnostics"] == []


def test_a_mistake_that_is_gone_is_not_fixed(answers):
    for number in (1, -1, "0", None):
        assert "has changed" in ask(answers, "apply", number=number)["problem"]


def test_formatting_leaves_what_cannot_be_read(answers):
    assert ask(answers, "format", "linear   2->3")["text"] == "linear 2->3\n"
    assert "mend it first" in ask(answers, "format", "linear (((")["problem"]


@pytest.mark.parametrize(
    ("line", "setting", "value", "after"),
    [
        ("data moons", "data.batch", 32, "data moons batch=32"),
        ("data moons batch=8 noise=0", "data.batch", 32, "data moons batch=32 noise=0"),
        ("data moons { normalize 0 1 }", "data.batch", 4, "data moons batch=4 { normalize 0 1 }"),
        ("optimizer sgd 0.1", "optimizer.lr", 0.03, "optimizer sgd 0.03"),
        ("optimizer adam lr=1e-3 # ü", "optimizer.lr", 0.5, "optimizer adam lr=0.5 # ü"),
        ("optimizer sgd", "optimizer.lr", 0.5, "optimizer sgd lr=0.5"),
    ],
)
def test_a_slider_writes_into_the_text(line, setting, value, after, answers):
    text = f"linear 2->2\n{line}\n"
    assert ask(answers, "set", text, setting=setting, value=value)["text"] == f"linear 2->2\n{after}\n"


def test_a_text_without_an_optimizer_gets_its_line(answers):
    text = ask(answers, "set", "linear 2->2\ndata moons", setting="optimizer.lr", value=0.25)["text"]
    experiment, mistakes = check(Source("a.net", text), load_registry(installed=False))
    assert (mistakes, experiment.optimizer.arguments["lr"]) == ([], 0.25)


def test_what_no_slider_is_for_is_refused(answers):
    for setting, value in (("conv.k", 3), ("data.x y", 3), ("data.batch", "3"), ("", 1)):
        assert "not a setting" in ask(answers, "set", setting=setting, value=value)["problem"]


def test_codes_and_words_are_explained(answers):
    assert "NET201" in ask(answers, "explain", word="NET201")["page"]
    assert "kernel" in ask(answers, "explain", word="conv")["page"]
    assert "did you mean `conv`" in ask(answers, "explain", word="cnov")["problem"]
    assert "problem" in ask(answers, "explain", word="nn.GELU")


def test_what_may_stand_somewhere_is_offered(answers):
    offered = ask(answers, "complete", "lin", place=3)["completions"]
    assert [one["place"] for one in offered if one["label"] == "linear"] == [[0, 3]]


def test_a_word_is_explained_with_the_numbers_of_its_line(answers):
    text = "# 🙂\nconv 3->8 k3 p1\n"
    found = ask(answers, "hover", text, place=6)
    assert found["place"] == [5, 9]
    assert found["markdown"].startswith("**3xHxW → 8xHxW**")
    assert ask(answers, "hover", text, place=0) == {}
    assert "number" in ask(answers, "hover", text, place=-1)["problem"]


def test_places_are_counted_as_browsers_count_them(answers):
    text = "# 🙂🙂\nlinear 2->8; linear 7->2\n"
    (found,) = [one for one in ask(answers, "check", text)["diagnostics"] if one["severity"] == "error"]
    start, end = found["place"]
    units = text.encode("utf-16-le")
    assert units[2 * start : 2 * end].decode("utf-16-le") == "7"
    counted = CodeUnits(text)
    assert [counted.offset(counted.at(place)) for place in range(len(text) + 1)] == list(range(len(text) + 1))


@pytest.mark.parametrize(
    "question", [{}, {"ask": "import os"}, {"ask": None}, {"ask": "check", "text": 3}, {"ask": "__init__"}]
)
def test_other_questions_have_a_problem(question, answers):
    assert answers.answer(question)["problem"]


def test_what_is_asked_for_and_does_not_exist_takes_its_default(answers):
    found = ask(answers, "check", style="\0", theme=["dark"], depth=-3)
    assert found["picture"]


def test_answers_while_a_net_is_typed_are_those_of_a_fresh_check(answers):
    registry = load_registry(installed=False)
    letters = random.Random(5)
    text = EXAMPLES[0].read_text("utf-8")
    for _ in range(150):
        at = letters.randrange(len(text) + 1)
        written = letters.choice(["", "x", "\n", "{", "}", "1", ";", " ", "->", "🙂"])
        text = text[:at] + written + text[at + letters.randrange(3) :]
        found = ask(answers, "check", text)["diagnostics"]
        fresh = check(Source("untitled.net", text), registry)[1]
        assert [(one["code"], one["message"]) for one in found] == [(one.code, one.message) for one in fresh]


def test_a_net_of_very_many_boxes_is_not_drawn(answers):
    found = ask(answers, "check", "linear 2->2\n" * 1_600)
    assert (found["picture"], found["boxes"]) == (None, 1_600)


def test_the_answers_need_no_torch_and_no_click(tmp_path):
    script = f"""
import sys
sys.modules.update(dict.fromkeys({sorted(BLOCKED)!r}))
from netdsl.play.answers import Answers
from netdsl.plugins.registry import load_registry
answers = Answers(load_registry(installed=False))
for question in ("check", "fix", "format", "words"):
    assert "problem" not in answers.answer({{"ask": question, "text": {NET!r}}}), question
print(answers.answer({{"ask": "explain", "word": "conv"}})["page"])
"""
    assert "conv" in run_python(script, tmp_path)


def test_a_page_is_answered_in_its_language_even_of_a_text_that_was_read_in_another(answers):
    for language, said in (("en", "expects"), ("zh", "需要"), ("en", "expects"), ("xx", "expects")):
        (found,) = ask(answers, "check", language=language)["diagnostics"]
        assert said in found["message"]
    assert "number" in ask(answers, "complete", place="x", language={})["problem"]
