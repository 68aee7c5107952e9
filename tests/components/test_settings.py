import re
from typing import Any

import pytest

from netdsl.components.component import Parameter, parameters_of
from netdsl.components.settings import (
    DataSettings,
    InitSettings,
    LossSettings,
    OptimizerSettings,
    PretrainedSettings,
    TrainSettings,
)
from netdsl.language.statements import STATEMENTS

SETTINGS = [
    pytest.param(kind.settings, one, id=f"{kind.name}.{name}")
    for kind in STATEMENTS.values()
    if kind.settings
    for name, one in parameters_of(kind.settings).items()
]


UNBOUNDED = {"init.bias": "a bias may be any number"}


def test_the_settings_of_all_lines_are_found() -> None:
    found = {kind.settings for kind in STATEMENTS.values() if kind.settings}
    assert found == {DataSettings, InitSettings, LossSettings, OptimizerSettings, PretrainedSettings, TrainSettings}


@pytest.mark.parametrize(("kind", "setting"), SETTINGS)
def test_every_setting_says_what_it_means(kind: type[Any], setting: Parameter) -> None:
    assert re.fullmatch(r"[a-z`].*[^.]", setting.doc), "a phrase: lower case, no final period"
    place = list(parameters_of(kind)).index(setting.name)
    assert kind()[place] == setting.default


@pytest.mark.parametrize(("kind", "setting"), SETTINGS)
def test_every_number_has_a_range_that_holds_its_default(
    kind: type[Any], setting: Parameter, request: pytest.FixtureRequest
) -> None:
    is_number = bool({int, float} & set(setting.options))
    is_unbounded = any(f"[{name}]" in request.node.name for name in UNBOUNDED)
    assert (is_number and not is_unbounded) == (setting.range is not None)
    if setting.range:
        setting.range.check(setting.name, setting.default)
