"""Nets of several inputs beside the same nets written by hand: the same weights, batches and seeds, the same losses."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from netdsl import api
from netdsl.checker import check
from netdsl.core.source import Source
from netdsl.data import Data, open_data
from netdsl.data.inputs import tensors_of
from netdsl.plugins.registry import load_registry
from netdsl.program import Experiment
from netdsl.training.assembly import assemble
from netdsl.training.learner import Learner
from netdsl.training.loop import training_steps
from netdsl.training.schedules import Steps

EXAMPLES = Path(__file__).parents[2] / "examples"
STEPS = 12


class Factorization(nn.Module):
    """Koren et al., 2009, as a course writes it."""

    def __init__(self) -> None:
        super().__init__()
        self.mood, self.fame = nn.Embedding(61, 1), nn.Embedding(41, 1)
        self.films, self.people, self.head = nn.Embedding(41, 4), nn.Embedding(61, 4), nn.Linear(4, 1)

    def forward(self, person: Tensor, film: Tensor) -> Tensor:
        taste = self.head(self.people(person) * self.films(film))
        return (taste + self.mood(person) + self.fame(film)).flatten()


class Places(nn.Module):
    """A learned vector for each position."""

    def __init__(self, length: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(length, 64))


class Translator(nn.Module):
    """Vaswani et al., 2017, of torch's own layers, with masks for what is behind the end of a text."""

    def __init__(self) -> None:
        super().__init__()
        self.read, self.places = nn.Embedding(39, 64), Places(20)
        self.encoder = nn.ModuleList(nn.TransformerEncoderLayer(64, 4, 128, 0.0, batch_first=True) for _ in range(2))
        self.written, self.written_places = nn.Embedding(15, 64), Places(11)
        self.decoder = nn.ModuleList(nn.TransformerDecoderLayer(64, 4, 128, 0.0, batch_first=True) for _ in range(2))
        self.head = nn.Linear(64, 15)

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        behind = source == 0
        memory = self.read(source) + self.places.weight
        for layer in self.encoder:
            memory = layer(memory, src_key_padding_mask=behind)
        x = self.written(target) + self.written_places.weight
        later = torch.triu(torch.ones(target.shape[1], target.shape[1], dtype=torch.bool), 1)
        for layer in self.decoder:
            x = layer(x, memory, tgt_mask=later, memory_key_padding_mask=behind)
        scores: Tensor = self.head(x)
        return scores.transpose(1, 2)


def opened(name: str) -> tuple[Experiment, Data, Learner]:
    path = EXAMPLES / name
    source = Source(path.name, path.read_text("utf-8"))
    experiment, found = check(source, load_registry(installed=False), folder=EXAMPLES)
    assert [one.message for one in found] == []
    assert experiment is not None
    assert experiment.data is not None
    data = open_data(experiment.data, "cpu", seed=0)
    return experiment, data, assemble(experiment, torch.device("cpu"), Steps(STEPS, data.train.batches))


@pytest.mark.parametrize(
    ("name", "hand", "loss", "rate"),
    [
        ("matrix_factorization.net", Factorization, nn.functional.mse_loss, 0.02),
        ("dates.net", Translator, nn.functional.cross_entropy, 0.002),
    ],
)
def test_training_is_that_of_a_net_by_hand(
    name: str, hand: Callable[[], nn.Module], loss: Callable[[Tensor, Tensor], Tensor], rate: float
) -> None:
    _, data, learner = opened(name)
    module = hand()
    ours, theirs = learner.module.state_dict(), module.state_dict()
    # Names differ, places do not.
    module.load_state_dict(dict(zip(theirs, [value.clone() for value in ours.values()], strict=True)))
    assert sum(value.numel() for value in ours.values()) == sum(value.numel() for value in theirs.values())
    optimizer = torch.optim.Adam(module.parameters(), lr=rate)
    expected = []
    for batch, _ in zip(data.train.epoch(0), range(STEPS), strict=False):
        error = loss(module(*tensors_of(batch.x)), batch.y)
        optimizer.zero_grad()
        error.backward()
        optimizer.step()
        expected.append(error.item())
    losses: list[float] = []
    batches = iter(data.train.epoch(0))
    for output, target in training_steps(learner, data.train):
        assert torch.equal(target, next(batches).y)
        losses.append(learner.loss(output.float(), target).item())
    assert losses == pytest.approx(expected, rel=1e-4)


def test_a_text_is_written_token_by_token_and_padding_is_not_seen(tmp_path: Path) -> None:
    rows = [f"{word},{word[::-1]}" for word in ("ab", "abc", "ba", "cab", "c", "bca") * 8]
    (tmp_path / "words.csv").write_text("\n".join(["word,mirror", *rows]), encoding="utf-8")
    net = """
input word=4 mirror=5
embedding 5->16; posembed; transformer 2 dim_feedforward=32 dropout=0 as memory
from mirror; embedding 7->16; posembed; decoder 2 from=memory dim_feedforward=32 dropout=0; linear 7
data csv words.csv text=word,mirror target=mirror level=char batch=16 split=0
optimizer adam lr=0.01
train epochs=40
"""
    (tmp_path / "net.net").write_text(net, encoding="utf-8")
    result = api.train(tmp_path / "net.net", out=tmp_path / "run", quiet=True)
    saved = api.load(result.folder, device="cpu")
    assert saved.predict({"word": "cab"}) == "bac"
    assert saved.predict([{"word": "ab"}, {"word": "c"}]) == ["ba", "c"]
    (tmp_path / "new.csv").write_text("word\nabc\n", encoding="utf-8")
    assert saved.predict(tmp_path / "new.csv") == ["cba"]
    words, mirrors = tensors_of(saved.transform([{"word": "ab"}]))
    mirrors[0, 1] = 4
    whole: Any = saved.model(words, mirrors)
    cut: Any = saved.model(words[:, :2], mirrors[:, :2])
    assert torch.allclose(whole[:, :2], cut, atol=1e-5)
