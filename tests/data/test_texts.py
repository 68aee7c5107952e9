"""Texts as tokens, samples and batches."""

from __future__ import annotations

import itertools
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from netdsl.builtins.files.vocabulary import choose_tokens, count_tokens, learn_pieces
from netdsl.checker import check
from netdsl.core.errors import DataError, Refusal
from netdsl.core.source import Source
from netdsl.data import open_data
from netdsl.data.batch_order import Plan
from netdsl.runs.known_data import describe_learnt, read_learnt

from .conftest import REGISTRY

TOKENIZERS = find_spec("tokenizers")
needs_tokenizers = pytest.mark.skipif(TOKENIZERS is None, reason="tokenizers is not installed")

STORY = "The cat sat. The dog ran.\n你好，世界！\n" * 40


@pytest.fixture
def story(tmp_path: Path) -> Path:
    path = tmp_path / "故事.txt"
    path.write_text(STORY, encoding="utf-8")
    return path


def opened(line: str, folder: Path):
    experiment, _ = check(Source(str(folder / "x.net"), f"{line}; identity"), REGISTRY)
    return open_data(experiment.data, "cpu", seed=0)


@given(st.text(alphabet="ab \n你é", max_size=60), st.integers(2, 8))
def test_characters_that_are_known_come_back(written, limit):
    vocabulary = choose_tokens(count_tokens(written, "char"), "char", limit)
    assert len(vocabulary.tokens) <= limit
    known = "".join(char for char in written if char in vocabulary.tokens)
    assert vocabulary.decode(vocabulary.encode(known)) == known
    if "<unk>" in vocabulary.tokens:
        assert vocabulary.encode("ß") == [vocabulary.tokens.index("<unk>")]


def test_words_are_written_as_people_write_them():
    vocabulary = choose_tokens(count_tokens(STORY, "word"), "word", None)
    assert vocabulary.tokens[:2] == (".", "the")
    assert vocabulary.decode(vocabulary.encode("The cat ran. 世界，你好！")) == "the cat ran. 世界，你好！"


@needs_tokenizers
def test_pieces_hold_any_text():
    vocabulary = learn_pieces([STORY], 300)
    assert 256 < len(vocabulary.tokens) <= 300
    assert learn_pieces([STORY], 300) == vocabulary
    for written in (STORY, "nothing of that: ß\t🙂"):
        assert vocabulary.decode(vocabulary.encode(written)) == written
    assert len(vocabulary.encode(STORY)) < len(STORY) / 2


@pytest.mark.parametrize("level", ["char", "word", pytest.param("bpe", marks=needs_tokenizers)])
def test_targets_are_the_tokens_that_follow(story, level):
    data = opened(f"data text {story.name} level={level} length=5 shuffle=false", story.parent)
    vocabulary = data.learnt.vocabulary
    tokens = vocabulary.encode(STORY)
    batches = [*data.train.epoch(0), *data.test.epoch(0)]
    x, y = (torch.cat(parts).flatten().tolist() for parts in zip(*batches, strict=True))
    assert x == tokens[: len(x)]
    assert y == tokens[1 : len(x) + 1]
    assert len(tokens) - 1 - len(x) < 5
    assert data.facts.sizes[1] == round(0.2 * sum(data.facts.sizes))
    assert read_learnt({**describe_learnt(data.learnt)}).vocabulary == vocabulary


@settings(max_examples=40)
@given(st.integers(1, 60), st.integers(1, 20), st.integers(1, 3))
def test_a_batch_continues_the_one_before_it(samples, batch, world):
    plans = [Plan(samples, batch, shuffle=True, carry=True, rank=rank, world=world) for rank in range(world)]
    whole = Plan(samples, batch, shuffle=True, carry=True)
    batches = [share.tolist() for share in whole.shares(whole.order(0))]
    assert sorted(itertools.chain(*batches)) == list(range(samples))
    assert [len(one) for one in batches] == [whole.size(step) for step in range(whole.batches)]
    assert [moment.indices.tolist() for _, moment in whole.moments(0)] == batches
    for before, after in itertools.pairwise(batches):
        assert after == [number + 1 for number in before[: len(after)]]
        assert len(before) - len(after) in (0, 1)
    # Each rank goes on with the stretches that it has begun.
    for step in range(whole.batches):
        shared = [plan.shares(plan.order(0))[step].tolist() for plan in plans if plan.shared(step)]
        assert list(itertools.chain(*shared)) == batches[step]


def test_a_folder_is_read_in_the_order_of_its_names(tmp_path):
    for name, content in {"b.txt": "bb", "a/z.txt": "aa\r\n", ".hidden": "x"}.items():
        (tmp_path / "texts" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "texts" / name).write_bytes(content.encode())
    data = opened("data text texts length=1 shuffle=false", tmp_path)
    x = torch.cat([x for x, _ in [*data.train.epoch(0), *data.test.epoch(0)]]).flatten().tolist()
    assert data.learnt.vocabulary.decode(x) == "aa\nbb"  # the last line break is a target alone


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        (b"", "data text t.txt", "`t.txt` is empty"),
        (b"abc", "data text t.txt length=2", "`t.txt` has 3 tokens, but two samples of `length=2` take 5"),
        (b"ab\n\xff\xfe", "data text t.txt", "`t.txt`, line 2, is not text in UTF-8 (byte 3 of the file)"),
        (b"abcdef", "data text t.txt encoding=klingon", "there is no encoding `klingon`"),
        (b"abcdef", "data text u.txt", "there is no file or folder `u.txt`"),
        (b"abcdef", "data text t.txt level=bpe vocab=100", "`vocab` is 100, but byte pair encoding begins with 256"),
        (b"abcdef", "data text t.txt vocab=1", "`vocab` is 1 but must be at least 2"),
    ],
)
@needs_tokenizers
def test_a_text_that_cannot_be_used_is_one_message(tmp_path, content, line, message):
    (tmp_path / "t.txt").write_bytes(content)
    _, found = check(Source(str(tmp_path / "x.net"), f"{line}\nembedding 9->4\nlinear 9"), REGISTRY)
    assert len(found) == 1
    assert found[0].message.startswith(message)


def test_the_number_of_tokens_is_told_with_a_fix(tmp_path):
    (tmp_path / "t.txt").write_text("hello world" * 9)
    text = "data text t.txt length=4\nembedding 7->3\nlinear 9"
    _, found = check(Source(str(tmp_path / "x.net"), text), REGISTRY)
    assert [(one.code, one.fix.message) for one in found] == [
        ("NET314", "write `8->3`"),
        ("NET301", "write `linear 8`"),
    ]
    assert "the text has 8 tokens" in found[1].message


def test_a_text_that_has_changed_is_told(story):
    data = opened(f"data text {story.name} length=5", story.parent)
    story.write_text(STORY + "z", encoding="utf-8")
    experiment, _ = check(Source(str(story.parent / "x.net"), f"data text {story.name} length=5; identity"), REGISTRY)
    with pytest.raises(DataError, match="has other tokens than the text that the net was trained on"):
        open_data(experiment.data, "cpu", seed=0, learnt=data.learnt)


def test_without_tokenizers_one_message_says_what_to_install(monkeypatch):
    monkeypatch.setattr("netdsl.builtins.files.vocabulary.find_spec", lambda name: None)
    with pytest.raises(Refusal, match="`level=bpe` needs the package `tokenizers`") as raised:
        learn_pieces(["a"], 300)
    assert raised.value.help == "install it: `pip install netdsl[text]`"


def test_a_text_is_checked_without_torch():
    code = (
        "import sys, netdsl; print([one.message for one in netdsl.check("
        "'data text python_docs level=word vocab=500; embedding 500->8; linear 500')], 'torch' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["[]", "False"]
