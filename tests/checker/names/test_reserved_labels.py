import pytest
from torch import nn

from netdsl.checker.names.reserved_labels import RESERVED_LABELS
from netdsl.modules import Skipping


def test_every_attribute_of_a_sequential_is_reserved():
    attributes = {name for name in dir(Skipping(keeps={})) if not name.startswith("_")}
    assert {name for name in dir(nn.Sequential()) if not name.startswith("_")} <= attributes <= RESERVED_LABELS


@pytest.mark.parametrize("name", ["type", "forward", "half", "_modules"])
def test_a_label_may_not_hide_an_attribute(mistakes, name):
    (mistake,) = mistakes(f"input 4; relu as {name}; linear 3")
    assert (mistake.code, mistake.span.text) == ("NET110", name)


def test_a_label_may_not_hide_one_from_above(mistakes):
    text = "input 4x8x8; conv 4 k1 as e; residual { add e; conv 4 k1 as e; relu; add e }"
    (mistake,) = mistakes(text)
    assert (mistake.code, mistake.span.start) == ("NET110", text.rfind("as e") + 3)
