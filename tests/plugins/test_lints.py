import pytest
from click.testing import CliRunner

import netdsl
from netdsl.cli import netdsl as command
from netdsl.components.registry import PluginWarning
from tests.plugins.packages import Install

LINT = """
from netdsl import hookimpl
from netdsl.core.diagnostics import Diagnostic

def no_sigmoid(program):
    for place in program.places:
        if "sigmoid" in place.traits:
            yield Diagnostic("{code}", "a sigmoid saturates", place.node.span, help="write `relu`")
            {then}

@hookimpl
def netdsl_lints():
    return [no_sigmoid]
"""
NET = "input 8; sigmoid"


def test_a_plugins_lint_warns(install: Install) -> None:
    install("mine", LINT.format(code="EXA901", then=""))
    (found,) = netdsl.check(NET)
    assert (found.code, found.severity, found.message) == ("EXA901", "warning", "a sigmoid saturates")
    assert netdsl.check("input 8; sigmoid  # netdsl: allow EXA901") == []
    assert netdsl.check("input 8; relu") == []


@pytest.mark.parametrize(
    ("code", "then", "reason"),
    [
        ("NET901", "", "ValueError: `NET901` is not a code of its own, such as `EXA901`"),
        ("EXA101", "", "ValueError: `EXA101` is not a code of its own, such as `EXA901`"),
        ("EXA901", "1/0", "ZeroDivisionError: division by zero"),
    ],
)
def test_a_lint_that_fails_is_told_and_the_check_goes_on(code: str, then: str, reason: str, install: Install) -> None:
    install("mine", LINT.format(code=code, then=then))
    told = f"plugin `mine` 1.0 fails in its lint `no_sigmoid`, which is left out: {reason}"
    with pytest.warns(PluginWarning) as caught:
        assert netdsl.check(NET) == []
    assert str(caught[0].message).startswith(told)
    result = CliRunner().invoke(command, ["check", "-e", NET])
    assert result.exit_code == 0
    assert result.stderr.startswith(f"warning: {told}")


def test_a_broken_plugin_is_a_warning_in_python_too(install: Install) -> None:
    install("bad", "1/0")
    with pytest.warns(PluginWarning, match="plugin `bad` 1.0 cannot be imported"):
        assert netdsl.shapes("input 8; relu").out == (8,)


LAYERS = """
from pathlib import Path
from netdsl import hookimpl
from netdsl.components import Layer, Result, call, layer

@layer("plugin", traits={"activation", "idempotent", "never_negative", "keeps_positive"})
def rectify(x):
    "A relu of one's own."
    return Result(x, call("torch.nn:ReLU"))

@layer("plugin", flow=("in_features", "out_features"), stated={"in_features": -1}, traits={"affine", "linear"})
def weigh(x, out_features: int, *, in_features: int = None):
    "A linear layer of one's own."
    made = call("torch.nn:Linear", in_features=in_features, out_features=out_features)
    return Result((*x[:-1], out_features), made)

@hookimpl
def netdsl_layers():
    return [
        rectify,
        weigh,
        Layer.of("torch.nn:Hardtanh", name="clip", traits={"activation", "idempotent"}),
        Layer.from_net(Path(__file__).with_name("blocks.net"), "gate", traits={"activation"}),
        Layer.from_net(Path(__file__).with_name("blocks.net"), "plain"),
    ]
"""
BLOCKS = "block gate { scale { sigmoid } }\nblock plain { sigmoid; dropout 0 }\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("input 8; rectify; rectify", ["NET910"]),
        ("input 8; sigmoid; rectify", ["NET910"]),
        ("input 8; rectify; elu", ["NET910"]),
        ("input 8; clip; clip", ["NET910"]),
        ("input 8; clip; relu", []),
        ("input 8; weigh 16; linear 4", ["NET901"]),
        ("input 8; weigh 16; rectify; weigh 4", []),
        ("data fake 8 classes=3; linear 3; gate", ["NET904"]),
        ("data fake 8 classes=3; linear 3; plain", []),  # another file is not lectured
    ],
)
def test_the_layers_of_plugins_take_part_by_their_traits(text: str, expected: list[str], install: Install) -> None:
    module = install("mine", LAYERS)
    module.with_name("blocks.net").write_text(BLOCKS)
    assert [found.code for found in netdsl.check(text) if found.code != "NET990"] == expected
