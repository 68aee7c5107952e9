from pathlib import Path
from textwrap import dedent

import pytest

from netdsl.components import Layer
from netdsl.components.registry import Registry
from netdsl.plugins.registry import load_registry
from tests.plugins.packages import Install, adds_layer

HOOK = "from netdsl import hookimpl\n"


def problems(registry: Registry) -> list[str]:
    return [str(problem) for problem in registry.problems]


def names(registry: Registry) -> list[str]:
    return [plugin.name for plugin in registry.plugins]


def test_a_plugin_adds_its_layer_and_tells_where_it_is_from(install: Install) -> None:
    install("mine", adds_layer("swirl"), version="1.2")
    registry = load_registry()
    assert registry.origins[Layer, "swirl"] == "mine"
    (own, mine) = registry.plugins
    assert (own.name, mine.name, mine.version, mine.package) == ("netdsl", "mine", "1.2", "netdsl-mine")
    assert registry.problems == ()


def test_without_plugins_there_are_none(install: Install) -> None:
    install("mine", adds_layer("swirl"))
    assert names(load_registry(installed=False)) == ["netdsl"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [("", []), ("a", ["a"]), ("b, a", ["a", "b"]), (",", []), (" a ,", ["a"])],
)
def test_the_environment_limits_what_is_loaded(
    value: str, expected: list[str], install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("a", adds_layer("one"))
    install("b", adds_layer("two"))
    monkeypatch.setenv("NETDSL_PLUGINS", value)
    registry = load_registry()
    assert names(registry) == ["netdsl", *expected]
    assert registry.problems == ()


def test_a_plugin_that_the_environment_names_and_is_not_there_is_told(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("a", adds_layer("one"))
    monkeypatch.setenv("NETDSL_PLUGINS", "b")
    assert problems(load_registry()) == [
        "plugin `b`, which `NETDSL_PLUGINS` names, is not installed; "
        "install it, or correct the name; the installed plugins: `a`"
    ]


REPAIR = "upgrade it (`pip install -U netdsl-bad`), repair it, or go without it (`pip uninstall netdsl-bad`)"
FAULTS = {
    "import netdsl_nothing_of_the_kind": "cannot be imported and is left out: ModuleNotFoundError: "
    "No module named 'netdsl_nothing_of_the_kind'",
    "1/0": "cannot be imported and is left out: ZeroDivisionError: division by zero",
    "raise SystemExit(3)": "cannot be imported and is left out: SystemExit: 3",
    "def f(:": "cannot be imported and is left out: SyntaxError: invalid syntax (netdsl_bad_module.py, line 1)",
    "x = 1": "has no hooks and adds nothing",
    "def netdsl_layers():\n    return []": "has a function `netdsl_layers` that is not marked as a hook: "
    "write `@hookimpl` above it",
    HOOK + "@hookimpl\ndef netdsl_layrs():\n    return []": "has a hook `netdsl_layrs`, which netdsl does not have: "
    "did you mean `netdsl_layers`?",
    HOOK + "@hookimpl\ndef netdsl_layers(config):\n    return []": "cannot be registered and is left out: "
    "Argument(s) {'config'} are declared in the hookimpl but can not be found in the hookspec",
    HOOK + "@hookimpl\ndef netdsl_layers():\n    raise ValueError('no\\nluck')": "fails in `netdsl_layers`, "
    "which is left out: ValueError: no luck",
    HOOK + "@hookimpl\ndef netdsl_layers():\n    return None": "fails in `netdsl_layers`, which is left out: "
    "TypeError: 'NoneType' object is not iterable",
    HOOK + "@hookimpl\ndef netdsl_losses():\n    return [3]": "returns 3 from `netdsl_losses`, which is not a `Loss` "
    "and is left out",
    HOOK + "@hookimpl\ndef netdsl_losses():\n    return 'focal'": "returns 'focal' from `netdsl_losses`, "
    "which is not a `Loss` and is left out",
    adds_layer("swirl").replace('layer("activation")', 'layer("activation", name="a b")'): "brings the layer `a b`, "
    "which is not a name that can be written",
    adds_layer("swirl").replace("swirl(x)", "swirl(x, a: Absent = 1)"): "brings the layer `swirl`, "
    "whose signature cannot be read: NameError: name 'Absent' is not defined",
    adds_layer("swirl").replace("[swirl]", "[swirl, layer('activation')(swirl.function)]"): "brings the layer `swirl` "
    "twice; the first is used",
    adds_layer("swirl").replace('@layer("activation")', "@layer"): "cannot be imported and is left out: TypeError: "
    '`@layer` is given `swirl`: write `@layer("activation")` above the function',
    adds_layer("swirl").replace('@layer("activation")', "@layer()"): "cannot be imported and is left out: TypeError: "
    '`@layer` needs an argument: write `@layer("activation")`',
    "from netdsl.components import loss\n@loss\ndef focal():\n    pass": "cannot be imported and is left out: "
    'TypeError: `@loss` is given `focal`: write `@loss("module:attribute")` above the function',
    "from netdsl.components import dataset\n@dataset(dict)\ndef it():\n    pass": "cannot be imported and is left out: "
    'TypeError: `@dataset` is given `dict`: write `@dataset("builtins:dict")` above the function',
    "from netdsl.lints.lint import lint\n@lint\ndef idle(program):\n    pass": "cannot be imported and is left out: "
    "TypeError: `@lint` is given `idle`: write `@lint(CODE)` above the function",
    HOOK + "requires_netdsl = '>=99'": "needs netdsl>=99, but this is netdsl 0.1.0, and is left out",
}  # fmt: skip


@pytest.mark.parametrize(("code", "message"), FAULTS.items(), ids=FAULTS.values())
def test_a_plugin_with_a_fault_is_told_once_and_the_others_go_on(code: str, message: str, install: Install) -> None:
    install("a", adds_layer("one"))
    install("bad", "from __future__ import annotations\n" + dedent(code) if "Absent" in code else dedent(code))
    install("c", adds_layer("three"))
    registry = load_registry()
    (problem,) = problems(registry)
    assert problem.startswith(f"plugin `bad` 1.0 {message}; ")
    assert problem.endswith(REPAIR)
    assert {"one", "three", "conv"} <= registry.layers.keys()


@pytest.mark.parametrize(
    ("needs", "fits"),
    [
        ("netdsl", True),
        ("netdsl>=0.1", True),
        ("netdsl >=0.1, <1", True),
        ("netdsl (>=0.1.0)", True),
        ("netdsl~=0.1.0", True),
        ("netdsl==0.1", True),
        ("netdsl[test]>=0.1; python_version > '3'", True),
        ("netdsl-other>=7", True),
        ("netdsl>=0.2", False),
        ("netdsl>0.1.0", False),
        ("netdsl<0.1", False),
        ("netdsl<=0.0.9", False),
        ("netdsl~=0.0.3", False),
        ("netdsl!=0.1.0", False),
    ],
)
def test_a_plugin_for_another_netdsl_is_left_out(needs: str, fits: bool, install: Install) -> None:
    install("mine", adds_layer("swirl"), needs=needs)
    registry = load_registry()
    assert ("swirl" in registry.layers) == fits
    assert [one.partition(",")[0] for one in problems(registry)] == (
        [] if fits else [f"plugin `mine` 1.0 needs {needs}"]
    )


def test_netdsls_own_name_is_kept(install: Install) -> None:
    install("mine", adds_layer("relu"))
    registry = load_registry()
    assert registry.origins[Layer, "relu"] == "netdsl"
    assert problems(registry) == [
        "plugin `mine` 1.0 brings the layer `relu`, which netdsl has itself: netdsl's is used; rename it in `mine`"
    ]


@pytest.mark.parametrize("order", [("a", "b"), ("b", "a")])
def test_a_name_of_two_plugins_is_neithers_whatever_the_order(order: tuple[str, str], install: Install) -> None:
    for number, name in enumerate(order):
        install(name, adds_layer("swirl"), version=f"{number}.0", package=f"netdsl-{number}")
    registry = load_registry()
    assert "swirl" not in registry.layers
    assert set(registry.disputed[Layer, "swirl"]) == {"a", "b"}
    (problem,) = problems(registry)
    first, second = (f"`{name}` {order.index(name)}.0" for name in ("a", "b"))
    assert problem == (
        f"plugins {first} and {second} both bring the layer `swirl`, and neither is used; "
        "choose one: `NETDSL_PLUGINS=a`, or uninstall the other"
    )


def test_two_packages_may_use_one_name(install: Install) -> None:
    install("mine", adds_layer("one"), package="netdsl-x")
    install("mine", adds_layer("two"), package="netdsl-y")
    assert names(load_registry()) == ["netdsl", "mine", "mine (netdsl-y)"]


def test_a_file_is_a_plugin(tmp_path: Path, site: Path) -> None:
    file = tmp_path / "my plugin.py"
    file.write_text(adds_layer("swirl"), encoding="utf-8")
    registry = load_registry(installed=False, files=[file])
    assert registry.origins[Layer, "swirl"] == "my plugin"
    assert registry.problems == ()


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    file = tmp_path / "absent.py"
    assert problems(load_registry(installed=False, files=[file])) == [
        f"plugin `absent` is left out: there is no such file; repair `{file}`, or leave `--plugin` out"
    ]


def test_a_slow_import_at_the_top_is_noticed(install: Install) -> None:
    install("mine", "import sys, types\nsys.modules['sklearn'] = types.ModuleType('sklearn')\n" + adds_layer("swirl"))
    import sys

    sys.modules.pop("sklearn", None)
    try:
        (_, mine) = load_registry().plugins
    finally:
        sys.modules.pop("sklearn", None)
    assert mine.heavy == ("sklearn",)
    assert mine.seconds > 0


def test_each_registry_is_made_anew(install: Install) -> None:
    assert names(load_registry()) == ["netdsl"]
    install("mine", adds_layer("swirl"))
    assert names(load_registry()) == ["netdsl", "mine"]
