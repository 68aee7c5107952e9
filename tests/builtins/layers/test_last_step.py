"""`last` behind a recurrent layer is torch's own `h_n`: of a bidirectional one, each direction's own last step."""

import itertools

import pytest
import torch
from torch import nn

import netdsl

CELLS = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}


def build(*lines: str) -> nn.Sequential:
    return netdsl.build("\n".join(["input 9x8", *lines])).eval()


@pytest.mark.parametrize(
    ("cell", "layers", "both"), list(itertools.product(CELLS, (1, 2), (False, True))), ids=lambda one: str(one)
)
def test_is_the_last_state_of_torch(cell, layers, both):
    net = build(f"{cell} 6 num_layers={layers}" + " bidirectional" * both, "last")
    reference = CELLS[cell](8, 6, num_layers=layers, bidirectional=both, batch_first=True)
    reference.load_state_dict({key.removeprefix("0."): value for key, value in net.state_dict().items()})
    x = torch.randn(3, 9, 8, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        state = reference(x)[1]
        state = state[0] if cell == "lstm" else state
        # Of the layer at the top: forwards, then backwards.
        expected = torch.cat(list(state[-1 - both :]), dim=1)
        torch.testing.assert_close(net(x), expected, rtol=0, atol=0)


def test_a_projection_is_halved_too():
    assert build("lstm 6 proj_size=3 bidirectional", "last")[1].bidirectional


@pytest.mark.parametrize(
    ("lines", "both"),
    [
        (["lstm 6 bidirectional", "last"], True),
        (["gru 6 bidirectional; dropout 0.2; identity; last"], True),
        (["lstm 6 bidirectional", "last bidirectional=false"], False),
        (["lstm 6", "last"], False),
        (["last"], False),
        (["linear 6", "last bidirectional"], True),
        # A mixture of the features has no halves.
        (["lstm 6 bidirectional; linear 12; last"], False),
        (["lstm 6 bidirectional; lstm 6; last"], False),
        # The order of the steps is another one.
        (["lstm 6 bidirectional; transpose; last"], False),
        (["residual { lstm 4 bidirectional }; last"], False),
        (["block reader { rnn 6 bidirectional; dropout }", "reader; last"], True),
        (["repeat 2 { lstm 6 bidirectional }; last"], True),
        (["repeat 2 { lstm 4 bidirectional; linear 8; last bidirectional; unflatten 0 1x8 }; linear 2"], True),
    ],
    ids=lambda one: "; ".join(one) if isinstance(one, list) else None,
)
def test_what_decides(lines, both):
    (last, *_) = (one for one in build(*lines).modules() if type(one).__name__ == "Last")
    assert last.bidirectional is both


def test_alike_statements_in_two_places_differ():
    """`last` of 9×12 twice: one sees a bidirectional layer, one does not."""
    net = build("concat { lstm 6 bidirectional; last } { linear 12; last } { lstm 6 bidirectional; last }")
    assert [one.bidirectional for one in net.modules() if type(one).__name__ == "Last"] == [True, False, True]


def test_an_odd_number_of_features_has_no_halves():
    [found] = netdsl.check("input 9x7; last bidirectional")
    assert (found.code, found.span.text) == ("NET203", "bidirectional")


def test_keys_are_those_of_the_net_without():
    keys = build("lstm 6 bidirectional", "last", "linear 2").state_dict().keys()
    assert keys == build("lstm 6 bidirectional", "last bidirectional=false", "linear 2").state_dict().keys()
