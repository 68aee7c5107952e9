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
        if place.target == "torch.nn:Sigmoid":
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
        ("NET901", "", "ValueError: `NET901` is no code of its own, such as `EXA901`"),
        ("EXA101", "", "ValueError: `EXA101` is no code of its own, such as `EXA901`"),
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
