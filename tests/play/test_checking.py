"""The front end in its own process: what a text from a stranger may have it do."""

import asyncio
import sys

import pytest

from netdsl.play.checking import Checker


def ask(folder, *questions, patience=20.0, plugin_files=()):
    async def run():
        checker = Checker(folder, plugins=False, plugin_files=plugin_files, patience=patience)
        try:
            return [await checker.ask(question) for question in questions]
        finally:
            await checker.stop()

    return asyncio.run(run())


@pytest.fixture
def home(tmp_path):
    (tmp_path / "secret.csv").write_text("password,y\n1,0\n2,1\n")
    (tmp_path / "secret.net").write_text("block b { relu }\n")
    home = tmp_path / "home"
    home.mkdir()
    (home / "own.csv").write_text("a,y\n1,0\n2,1\n3,0\n4,1\n")
    return home


def check(text):
    return {"ask": "check", "text": text, "file": "a.net"}


def ready(text, home):
    return {"ask": "ready", "text": text, "file": "a.net", "folder": str(home)}


def test_files_of_the_folder_are_read_and_no_others(home):
    outside = [
        'data csv "../secret.csv"\nlinear 2',
        f'data csv "{home.parent / "secret.csv"}"\nlinear 2',
        'data csv "/etc/passwd"\nlinear 2',
        'data folder "/etc"\nflatten; linear 2',
        'data npz "/etc/passwd"\nlinear 2',
        'use "../secret.net"\ninput 2\nb',
    ]
    if sys.platform != "win32":
        (home / "link.csv").symlink_to(home.parent / "secret.csv")
        (home / "out").symlink_to(home.parent)
        outside += [f'data csv "{path}"\nlinear 2' for path in ("link.csv", "out/secret.csv")]
        outside.append('use "out/secret.net"\ninput 2\nb')
    own, *others = ask(home, check('data csv "own.csv" split=0.5\nlinear 2'), *map(check, outside))
    assert [one for one in own["diagnostics"] if one["severity"] == "error"] == []
    for text, answer in zip(outside, others, strict=True):
        mistakes = [one["message"] for one in answer["diagnostics"] if one["severity"] == "error"]
        assert mistakes, text
        assert "password" not in str(answer), text
        assert "root:" not in str(answer), text


def test_a_net_whose_data_lie_outside_is_not_trained(home):
    texts = ['data digits root="/tmp"\nflatten; linear 10', 'data digits root="../data"\nflatten; linear 10']
    for answer in ask(home, *(ready(text, home) for text in texts)):
        assert "lies outside" in answer["problem"]
    assert ask(home, ready("data digits\nflatten; linear 10", home)) == [{}]


def test_what_cannot_be_trained_says_why(home):
    wrong, without = ask(home, ready("linear 2->3; linear 4->5", home), ready("linear 2->3", home))
    assert wrong["problem"].startswith("line 1: linear expects 4")
    assert "no `data` line" in without["problem"]


SLEEPY = """
import time
from netdsl import components, hookimpl

@components.layer("sleep")
def doze(x: components.Shape) -> components.Result:
    "Nothing, in a minute."
    time.sleep(60)
    return components.Result(x, components.Call("torch.nn:Identity", {}))

@hookimpl
def netdsl_layers():
    return [doze]
"""


def test_a_text_that_takes_too_long_is_given_up_and_the_next_is_answered(home):
    plugin = home.parent / "sleepy.py"
    plugin.write_text(SLEEPY)
    texts = (check("linear 2->2"), check("input 2; doze"), check("linear 2->2"))
    _, given_up, again = ask(home, *texts, patience=0.4, plugin_files=(plugin,))
    assert "takes longer than 0.4 seconds" in given_up.get("problem", "")
    assert again.get("diagnostics") == []


def test_hostile_texts_are_answered(home):
    deep = ["{" * 100_000, "(" * 100_000, "repeat 99999 { repeat 99999 { relu } }"]
    texts = ["\0", *deep, "\ud800", "input 9999999999999\n", "a" * 300_000, "\u202e\u0007"]
    for answer in ask(home, *map(check, texts)):
        assert "diagnostics" in answer, answer
        assert "Traceback" not in str(answer)
