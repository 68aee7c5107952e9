import pytest


@pytest.mark.parametrize(
    ("text", "fits", "example"),
    [
        ("conv 3->32 k5 p2; maxpool 2; flatten; linear 8192->10", "H, W = 32…33", (3, 32, 32)),
        ("conv 3->32 k5 p2; maxpool 2; flatten; linear 1024->64", "(H/2)*(W/2) = 32", (3, 8, 16)),
        ("conv 3->8 k5; conv 8 k5", "H, W ≥ 9", (3, 9, 9)),
        ("conv 3->8 k3 p1", None, (3, 1, 1)),
        ("conv1d 3->8 k3; flatten; linear 80->2", "L = 12", (3, 12)),
        ("linear 784->10", None, (784,)),
        ("relu; dropout; linear 784->10", None, (784,)),
        ("maxpool 2; conv 3->8 k1", "C = 3; H, W ≥ 2", (3, 2, 2)),
        ("residual { conv 3->3 k3 p1; relu }; gap; flatten; linear 3->2", None, (3, 1, 1)),
        ("input 3xHxH; conv 8 k3; flatten; linear 72->2", "H = 5", (3, 5, 5)),
        ("input 1xHxW; maxpool 2 as a; upsample 2; maxpool 2; add a; flatten; linear 4->2", "H, W = 4…5", (1, 4, 4)),
        ("input 1xHxW; relu as a; maxpool 4; upsample 4; add a", "H, W = 4, 8, 12, …", (1, 4, 4)),
        ("input 6xHxW; scale { repeat 3 { maxpool 2 } }", "H, W = 8…15", (6, 8, 8)),
        ("input 6xHxW; scale { adaptiveavgpool 7 }", "H, W = 1, 7", (6, 1, 1)),
        ("input 4xHxW; groupnorm 4; pad 1", "H*W ≥ 2", (4, 2, 2)),
        ("input 1xHxW; pixelunshuffle 2; groupnorm 4", "H = W = 4, 6, 8, …", (1, 4, 4)),
        ("input TxF; lstm 8; last; linear 2", None, None),
        ("input Tx16; lstm 8; last; linear 2", None, (1, 16)),
    ],
)
def test_says_which_inputs_fit(checked, mistakes, text, fits, example):
    if example is None:
        assert [mistake.code for mistake in mistakes(text)] == ["NET204"]
        return
    network = checked(text).network
    assert (network.fits, network.example or network.input) == (fits, example)


def test_refuses_what_no_input_fits(mistakes):
    (mistake,) = mistakes("conv 3->32 k5 p2; maxpool 2; flatten; linear 1001->64")
    assert mistake.code == "NET206"
    assert mistake.span.text == "1001"


def test_the_cards_own_line_is_refused_for_an_image_of_32_with_the_fix(mistakes):
    text = "conv 3->32 k5 p2; maxpool 2; flatten; linear 1024->64"
    (mistake,) = mistakes(text, overrides={"input": "3x32x32"})
    assert mistake.message == "linear expects 1024 features but receives 8192"
    assert mistake.fix is not None
    assert mistake.fix.message == "write `8192->64`"
    assert [(edit.span.text, edit.text) for edit in mistake.fix.edits] == [("1024", "8192")]


def test_prints_a_fully_convolutional_net_with_its_symbols(checked):
    network = checked("input 3xHxW; conv 64 k3 p1; repeat 3 { maxpool 2 }").network
    assert [str(dim) for dim in network.out] == ["64", "H/8", "W/8"]


def test_a_net_that_says_nothing_of_its_input_is_asked_to(mistakes):
    (mistake,) = mistakes("relu; flatten")
    assert mistake.code == "NET207"
