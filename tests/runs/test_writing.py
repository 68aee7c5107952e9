"""Language models that write."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

import netdsl
from netdsl.builtins.files.vocabulary import choose_tokens, count_tokens
from netdsl.cli import netdsl as door
from netdsl.core.errors import DataError
from netdsl.runs.writing import write_tokens, written_pieces

RHYME = "one two three four\n" * 60
NETS = {
    "recurrent": "embedding 11->12; lstm 24; linear 11",
    "attention": "embedding 11->12; posembed; transformer 2 dim_feedforward=16 causal dropout=0; linear 11",
    "convolution": "embedding 11->12; transpose; pad 3,0; conv 24 k4; relu; conv 11 k1",
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("texts")
    (folder / "t.txt").write_text(RHYME)
    text = f'data text "{folder / "t.txt"}" length=16 batch=8\n{NETS["recurrent"]}\ntrain epochs=20 report=false'
    return netdsl.train(f"{text}\noptimizer adam lr=0.05", device="cpu", out=folder / "r", quiet=True).folder


def test_a_net_writes_what_it_has_learnt(run):
    net = netdsl.load(run)
    assert net.generate("one ", 30, temperature=0) == (RHYME * 2)[:34]
    assert net.generate("one ", 30, seed=1) == net.generate("one ", 30, seed=1)
    assert net.generate("one ", 30, top_k=1) == net.generate("one ", 30, temperature=0)
    assert "".join(net.write("two", 5, temperature=0)) == " thre"
    assert len({net.generate(length=40, temperature=5) for _ in range(4)}) > 1


@pytest.mark.parametrize("kind", NETS)
def test_the_text_is_what_the_net_gives_token_by_token(kind):
    torch.manual_seed(0)
    net = netdsl.build(f"input 8\n{NETS[kind]}").eval()
    vocabulary = choose_tokens(count_tokens(RHYME, "char"), "char", None)
    start = vocabulary.encode("one")
    options = {"length": 8, "temperature": 0.0, "top_k": None, "seed": 0}
    numbers = write_tokens(net, start, vocabulary, **options)
    written = [number for number, _ in zip(numbers, range(5), strict=False)]
    seen = list(start)
    for number in written:
        with torch.no_grad():
            scores = net(torch.tensor([seen]))[0]
        assert number == int((scores[-1] if kind != "convolution" else scores[:, -1]).argmax())
        seen.append(number)


@pytest.mark.parametrize(("level", "written"), [("char", "tea 你好"), ("word", "the tea, 你好！ ran")])
def test_pieces_are_whole_and_add_up(level, written):
    vocabulary = choose_tokens(count_tokens(written, level), level, None)
    numbers = vocabulary.encode(written)
    assert (
        "".join(written_pieces(iter(numbers[1:]), numbers[:1], vocabulary, 99))
        == written[len(vocabulary.tokens[numbers[0]]) :]
    )


def test_mistakes_are_one_message(run, tmp_path):
    net = netdsl.load(run)
    for asked, message in [
        ({"prompt": "über"}, "the vocabulary of the net has no `b`, `ü`"),
        ({"temperature": -1}, "`temperature` is -1 but must be at least 0"),
        ({"top_k": 0}, "`top_k` is 0 but must be at least 1"),
    ]:
        with pytest.raises(DataError, match=message):
            net.generate(**asked)
    with pytest.raises(DataError, match="a language model has no class for a text"):
        netdsl.load(run).predict("one")
    net = "data digits limit=20; flatten; linear 10; train epochs=1"
    other = netdsl.load(netdsl.train(net, device="cpu", out=tmp_path / "r", quiet=True).folder)
    with pytest.raises(DataError, match="a net that was trained on `data digits` cannot write"):
        other.generate("x")


def test_the_command_writes_and_ctrl_c_ends_it(run):
    found = CliRunner().invoke(door, ["generate", str(run), "--prompt", "one", "--length", "20", "--temperature", "0"])
    assert (found.exit_code, found.output) == (0, RHYME[:19] + "one \n")
    script = """
import _thread, signal
from netdsl.runs import writing
signal.signal(signal.SIGINT, signal.default_int_handler)
really = writing._draw
def draw(*given, count=iter(range(99))):
    if next(count) == 4:
        _thread.interrupt_main()
    return really(*given)
writing._draw = draw
from netdsl.__main__ import main
main()
"""
    command = [sys.executable, "-c", script, "generate", str(run), "--prompt", "one", "--temperature", "0"]
    ran = subprocess.run(command, capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (130, "")
    assert ran.stdout.startswith("one tw")
    assert ran.stdout.endswith("\n")
