import pytest

from netdsl.checker import check
from netdsl.components import Layer, Result, Shape, call, layer
from netdsl.core.source import Source
from netdsl.plugins.registry import load_registry


def shapes(experiment):
    return [node.out for node in experiment.network.nodes]


@pytest.mark.parametrize(
    ("condition", "holds"),
    [("n>1", 1), ("n>2", 0), ("n>=2", 1), ("n<2", 0), ("n<=2", 1), ("n==2", 1), ("n!=2", 0), ("(n>1)*(n>2)", 0)],
)
def test_a_comparison_is_one_or_zero(checked, condition, holds):
    experiment = checked(f"let n=2\ninput 8; relu; repeat ({condition}) {{ tanh }}")
    assert len(experiment.network.nodes) == 1 + holds


def test_one_number_has_no_channels_to_split(mistakes):
    (mistake,) = mistakes("input 5x6; max; max; split { relu } { relu }")
    message = "`split` divides channels, but what comes in is a single number"
    assert (mistake.code, mistake.message) == ("NET202", message)


def test_an_open_size_cannot_be_compared(mistakes):
    (mistake,) = mistakes("input 3xHxW; repeat (features>3) { relu }")
    assert (mistake.code, mistake.message) == ("NET112", "`>` cannot be worked out for `W` and `3`")


def test_variables_arithmetic_and_names_held_by_variables(checked):
    experiment = checked("let width=8 act=gelu half=(width//2)\ninput 3x8x8\nconv (width*2-1) k3 p1; act; conv half k1")
    assert shapes(experiment) == [(15, 8, 8), (15, 8, 8), (4, 8, 8)]
    assert experiment.network.nodes[1].call.target == "torch.nn:GELU"


def test_set_goes_before_variant_goes_before_the_file(checked):
    text = "let width=8 act=relu\nvariant wide width=16 act=tanh\ninput 4\nlinear width; act"
    assert shapes(checked(text)) == [(8,), (8,)]
    assert shapes(checked(text, variant="wide"))[0] == (16,)
    experiment = checked(text, variant="wide", overrides={"width": "32"})
    assert shapes(experiment)[0] == (32,)
    assert experiment.network.nodes[1].layer.name == "tanh"


@pytest.mark.parametrize(
    ("overrides", "variant"),
    [({"widht": "3"}, None), ({"train.epoch": "3"}, None), ({}, "big")],
)
def test_wrong_overrides_are_one_mistake(mistakes, overrides, variant):
    text = "let width=8\ninput 4\nlinear width"
    assert len(mistakes(text, overrides=overrides, variant=variant)) == 1


def test_directives_are_overridden_setting_by_setting(checked):
    text = "linear 64->10\ndata fake 64 classes=10 size=20\noptimizer sgd lr=0.1 momentum=0.9\ntrain epochs=3"
    experiment = checked(text, overrides={"train.epochs": "7", "optimizer.lr": "0.5", "loss": "nll"})
    assert experiment.train.epochs == 7
    assert experiment.optimizer.arguments == {"lr": 0.5, "momentum": 0.9}
    assert experiment.loss.component.name == "nll"


def test_blocks_have_parameters_defaults_and_a_scope_of_their_own(checked):
    text = """
    let out=99
    block pair out k=3 act=relu { conv out k=k p=(k//2); act; conv (in*2) k1 }
    input 3x8x8
    pair 4 k=5 act=gelu
    pair 6
    """
    first, second = checked(text).network.nodes
    assert [node.out[0] for node in first.children] == [4, 4, 6]
    assert [node.layer.name for node in first.children] == ["conv", "gelu", "conv"]
    assert second.children[0].call.arguments["kernel_size"] == 3
    assert second.out == (12, 8, 8)
    assert [node.path for node in second.children] == ["1.0", "1.1", "1.2"]


def test_in_and_features_mean_the_bodys_input(checked):
    text = "input 6x8x10; residual { conv (in*4) k1; conv in k1 }; concat { linear (features*2) } dim=-1"
    first, second = checked(text).network.nodes
    assert first.children[0].children[0].out == (24, 8, 10)
    assert second.out == (6, 8, 20)


def test_repeat_writes_siblings_and_numbers_their_labels(checked):
    nodes = checked("input 4; repeat 3 { linear 4 as mix; relu }; repeat 0 { linear 9 }; add mix").network.nodes
    assert [node.path for node in nodes] == ["mix", "1", "mix_2", "3", "mix_3", "5", "6"]
    assert nodes[-1].call.arguments["takes"] == ("mix_3",)


def test_a_net_may_come_to_nothing(checked):
    network = checked("input 3x8x8; repeat 0 { conv 4 k3 }").network
    assert (network.nodes, network.out, network.params) == ((), (3, 8, 8), 0)


def test_a_label_is_seen_from_bodies_below_but_not_from_a_block(checked, mistakes):
    network = checked("input 4x8x8; relu as top; residual { concat { } { concat top }; conv 4 k1 }; gelu").network
    assert network.call.arguments == {"keeps": {"top": "top"}}
    (mistake,) = mistakes("input 4; block inner { add top }; relu as top; inner")
    assert (mistake.code, mistake.span.text) == ("NET111", "top")


def test_a_residual_without_a_skip_from_above_is_a_plain_sequential(checked):
    network = checked("input 4x8x8; residual { conv 4 k3 p1 }").network
    assert network.call.target == "torch.nn:Sequential"
    assert network.nodes[0].children[0].call.target == "torch.nn:Sequential"


def test_project_writes_a_convolution_only_where_it_is_needed(checked):
    text = "input 4x8x8; residual project { conv 4 k3 p1 }; residual project { conv 8 k3 s2 p1 }"
    plain, projected = checked(text).network.nodes
    assert [child.key for child in plain.children] == ["body"]
    assert [child.key for child in projected.children] == ["body", "shortcut"]
    assert projected.params == 4 * 8 * 9 + 8 + 4 * 8 + 16


def test_flow_may_name_variables_that_look_like_shorts(checked):
    assert shapes(checked("let c1=3 c2=8\ninput 3x8x8\nconv c1->c2 k3; conv c2 k1")) == [(8, 6, 6), (8, 6, 6)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("input 3x32x32; conv 8 k5 p?; residual { conv 8 k3 p? }", {"p2": False, "padding": True}),
        ("input 3x32x32; conv 8 k3; flatten; linear ?->10", {"linear": False}),
        ("input 3x32x32; conv 8 k3 s? p1; flatten; linear 2048->10", {"s2": True}),
    ],
)
def test_a_hole_is_filled_with_what_makes_the_rest_fit(mistakes, checked, text, found):
    holes = mistakes(text)
    assert {hole.code for hole in holes} == {"NET115"}
    edits = sorted((edit for hole in holes for edit in hole.fix.edits), key=lambda edit: -edit.span.start)
    for edit in edits:
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    checked(text)


def test_a_hole_that_nothing_fits_says_so(mistakes):
    (mistake,) = mistakes("input 3x32x32; conv 8 k3 p?; flatten; linear 7->10")
    assert "no value" in mistake.message


@pytest.mark.parametrize(
    ("budget", "exceeded"),
    [
        ("params<=650", False),
        ("params<=649", True),
        ("macs<=640 params<=1k", False),
        ("depth<=0", True),
        ("depth>=1 receptive>=1", False),
        ("receptive>=2", True),
        ("memory<=1", True),
    ],
)
def test_a_budget_is_kept(mistakes, budget, exceeded):
    found = mistakes(f"linear 64->10\nbudget {budget}")
    assert [mistake.code for mistake in found] == (["NET410"] if exceeded else [])


def test_receptive_field_and_depth_of_resnet50(mistakes):
    text = """
    use resnet
    budget receptive<={receptive} depth<={depth}
    input 3x224x224
    conv 64 k7 s2 p3 bias=false; bn; relu; maxpool 3 s2 p1
    stage bottleneck 64 3; stage bottleneck 128 4 stride=2
    stage bottleneck 256 6 stride=2; stage bottleneck 512 3 stride=2
    gap; flatten; linear 1000
    """
    assert not mistakes(text.format(receptive=427, depth=50))
    assert len(mistakes(text.format(receptive=426, depth=49))) == 2


def test_use_reads_blocks_below_the_files_folder(checked, mistakes, tmp_path):
    (tmp_path / "块").mkdir()
    (tmp_path / "块" / "blocks.net").write_text(
        'use "more.net"\nlet w=5\nblock one { linear w; two }', encoding="utf-8"
    )
    (tmp_path / "块" / "more.net").write_text("block two { relu }", encoding="utf-8")
    experiment = checked('use "块/blocks.net"\ninput 4\none', tmp_path)
    assert experiment.network.out == (5,)
    assert [m.code for m in mistakes('use "../x.net"\ninput 4\nrelu', tmp_path / "块")] == ["NET406"]
    assert [m.code for m in mistakes('use "no.net"\ninput 4\nrelu', tmp_path)] == ["NET407"]


def test_a_mistake_in_a_used_file_is_shown_there(mistakes, tmp_path):
    (tmp_path / "blocks.net").write_text("block one {\n  linaer 4\n}")
    (mistake,) = mistakes('use "blocks.net"\ninput 4\none; one', tmp_path)
    assert mistake.span.source.name.endswith("blocks.net")
    assert mistake.span.position == (2, 3)


def test_indices_are_followed_to_the_embedding(checked, mistakes):
    assert checked("input 12; embedding 100->8; lstm 4").network.dtype == "index"
    assert checked("input 12; linear 3").network.dtype == "float"
    (mistake,) = mistakes("input 12; relu; embedding 100->8")
    assert mistake.code == "NET208"
    (mistake,) = mistakes("input 12; concat { embedding 100->12 } { linear 12; unflatten 0 1x12 }")
    assert mistake.code == "NET208"


def test_a_layers_own_flag_is_meant_rather_than_the_size_of_the_input() -> None:
    @layer("linear")
    def cut(x: Shape, size: int = 1, *, features: bool = False) -> Result:
        return Result((*x[:-1], 7 if features else size), call("torch.nn:Identity"))

    own = load_registry(installed=False)
    registry = own._replace(components={**own.components, Layer: {**own.layers, "cut": cut}})
    for text, out in (("cut features", 7), ("cut (features-1)", 4), ("cut size=features", 5)):
        experiment, diagnostics = check(Source("<text>", f"input 5; {text}"), registry)
        assert diagnostics == []
        assert experiment is not None
        assert experiment.network.out == (out,)


@pytest.mark.parametrize("text", ["input 3x8x8; bn2d permute 3->4 1", "input 8; bn2d permute 1,2 a 3->4"])
def test_no_span_ends_before_it_starts(found, text):
    for mistake in found(text):
        spans = [mistake.span, *(edit.span for edit in (mistake.fix.edits if mistake.fix else ()))]
        assert all(span.start <= span.end for span in spans), mistake
