import pytest

import netdsl
from netdsl.components.registry import PluginWarning
from netdsl.core.diagnostics import Diagnostic
from tests.plugins.packages import Install, adds_layer

CODE = """
from netdsl import hookimpl
from netdsl.components import Facts, Loss, Result, call, dataset, layer, loss, transform

@layer("activation", accepts=("F",))
def broken(x, size: int = 1):
    {rule}
    return Result(x, call("torch.nn:Identity"))

@dataset("nowhere:load")
def bad_data():
    return 1 // 0

@transform("nowhere:Act")
def bad_transform(x):
    return 1 // 0

@loss("nowhere:Loss", wants="classes")
def bad_loss():
    return 1 // 0

@hookimpl
def netdsl_layers():
    return [broken]

@hookimpl
def netdsl_datasets():
    return [bad_data]

@hookimpl
def netdsl_transforms():
    return [bad_transform]

@hookimpl
def netdsl_losses():
    return [bad_loss]
"""
REPAIR = "upgrade it (`pip install -U netdsl-mine`), repair it, or go without it (`pip uninstall netdsl-mine`)"


def check(text: str) -> list[tuple[str, str]]:
    found: list[Diagnostic] = netdsl.check(text)
    return [(one.code, one.message) for one in found]


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ("1 // 0", "ZeroDivisionError: integer division or modulo by zero"),
        ("raise KeyError('a')", "KeyError: 'a'"),
        ("assert False", "AssertionError"),
        ("return None", "TypeError: its rule returns None, which is not a `Result`"),
    ],
)
def test_a_rule_that_fails_is_one_mistake_that_names_plugin_and_layer(rule: str, reason: str, install: Install) -> None:
    install("mine", CODE.format(rule=rule), version="1.2")
    message = f"`broken` of plugin `mine` 1.2 fails here: {reason}"
    assert check("input 8; broken; linear 3; softmax; relu6") == [("NET202", message)]
    (found,) = netdsl.check("input 8; broken")
    assert found.span.text == "broken"
    assert found.help == REPAIR


def test_it_is_told_once_beside_other_mistakes(install: Install) -> None:
    install("mine", CODE.format(rule="x[0].nothing"))
    text = "input 8; broken size=2; linear 3->4; maxpol 2; broken sise=3; repeat 3 { broken }"
    codes = [code for code, _ in check(text)]
    assert codes.count("NET202") <= 3
    assert {"NET101", "NET102"} <= set(codes)


def test_a_rule_that_cannot_take_what_is_not_known_is_not_blamed(install: Install) -> None:
    install("mine", CODE.format(rule="range(x[0])"))
    assert [code for code, _ in check("input 8; linear 8; zzzz; broken; linear 3")] == ["NET101"]
    assert check("input 8; broken; linear 3") == []


@pytest.mark.parametrize(
    ("text", "code", "what"),
    [
        ("data bad_data; linear 3", "NET303", "`bad_data`"),
        ("data digits { bad_transform }; flatten; linear 10", "NET305", "`bad_transform`"),
        ("data digits; flatten; linear 10; loss bad_loss", "NET307", "`bad_loss`"),
    ],
)
def test_other_components_that_fail_are_one_mistake_too(text: str, code: str, what: str, install: Install) -> None:
    install("mine", CODE.format(rule="pass"))
    reason = "fails here: ZeroDivisionError: integer division or modulo by zero"
    assert check(text) == [(code, f"{what} of plugin `mine` 1.0 {reason}")]


def test_a_disputed_name_tells_who_disputes_it(install: Install) -> None:
    install("a", adds_layer("swirl"))
    install("b", adds_layer("swirl"))
    with pytest.warns(PluginWarning, match="both bring the layer `swirl`"):
        (found,) = netdsl.check("input 8; swirl")
    assert found.message == "unknown layer `swirl`: plugins `a` and `b` both bring it, and neither is used"
    assert found.help == "choose one: `NETDSL_PLUGINS=a`, or uninstall the other"


def test_a_rule_proposes_a_value_in_one_line(install: Install) -> None:
    code = """
    from netdsl import hookimpl
    from netdsl.components import Refusal, Result, call, layer

    @layer("plugin", shorts={"f": "factor"})
    def creased(x, factor: int = 2, even: bool = False):
        "Takes even factors alone."
        if factor % 2:
            raise Refusal("`factor` must be even", "factor", instead=factor + 1)
        if even:
            raise Refusal("`even` goes without saying", "even", instead=False, safe=True)
        return Result(x, call("torch.nn:Identity"))

    @hookimpl
    def netdsl_layers():
        return [creased]
    """
    install("mine", code)
    for written, wanted, safe in [
        ("creased 3", "creased 4", False),
        ("creased f3", "creased f4", False),
        ("creased factor=3", "creased factor=4", False),
        ("creased even", "creased even=false", True),
        ("creased even=true", "creased even=false", True),
        ("creased (1+2)", None, False),
        ("repeat 2 { creased 3 }", None, False),
    ]:
        text = f"input 8; {written}"
        (found,) = netdsl.check(text)
        fix = found.fix
        fixed = None
        if fix:
            ((span, new),) = fix.edits
            fixed = text[: span.start] + new + text[span.end :]
            assert fix.safe == safe
        assert fixed == (f"input 8; {wanted}" if wanted else None)
