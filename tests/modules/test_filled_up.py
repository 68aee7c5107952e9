"""Samples that are filled up with zeros are answered as they are without them."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import netdsl
from netdsl.builder import build_network

NETS = [
    "lstm 6; last",
    "gru 6 num_layers=2; last",
    "rnn 6 bidirectional; last",
    "lstm 6 bidirectional num_layers=2; last; linear 5",
    "gru 3 bidirectional; mean",
    "mean",
    "max",
    "linear 6; relu; layernorm; mean keepdim=true; flatten",
    "attention 2; mean",
    "attention 2 causal; last",
    "attention 2 add_bias_kv add_zero_attn; mean",
    "transformer 2 dim_feedforward=8; mean",
    "posembed; transformer 2 dim_feedforward=8 causal norm_first; last",
    "repeat 2 { residual { attention 2 }; layernorm }; mean",
    "residual { lstm 4 bidirectional; linear 8 } as a; concat { gru 4 } { lstm 4 bidirectional } dim=-1; mean",
    "block unit out { lstm out bidirectional; linear out }\nunit 6; unit 4; last",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two classes of texts of 1 to 9 words."""
    folder = tmp_path_factory.mktemp("texts")
    for label in ("bad", "good"):
        (folder / label).mkdir()
        for length in range(1, 10):
            (folder / label / f"{length}.txt").write_text(" ".join("abcdefghi"[:length]))
    return folder


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("net", NETS)
def test_each_sample_is_answered_as_if_it_stood_alone(folder, net, training):
    torch.manual_seed(0)
    text = f'data folder "{folder}" length=9\nembedding 11->8\n{net}\nlinear 2'
    padded = build_network(netdsl.shapes(text)).train(training)
    plain = netdsl.build(f"input 9\nembedding 11->8\n{net}\nlinear 2").train(training)
    plain.load_state_dict(padded.state_dict())  # whose names are the same
    for module in (*padded.modules(), *plain.modules()):
        if hasattr(module, "dropout") and isinstance(module.dropout, float):
            module.dropout = 0.0
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    lengths = [9, 1, 4, 7]
    x = torch.zeros(4, 9, dtype=torch.int64)
    for row, length in zip(x, lengths, strict=True):
        row[:length] = torch.randint(1, 11, (length,))
    answers = padded(x)
    alone = torch.cat([plain(row[:length].unsqueeze(0)) for row, length in zip(x, lengths, strict=True)])
    torch.testing.assert_close(answers, alone, rtol=0, atol=1e-6)
    answers.sum().backward()
    assert padded[0].weight.grad[0].abs().max() == 0  # nothing is learnt of padding
