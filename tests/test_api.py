"""The Python surface, where it differs from the commands."""

from __future__ import annotations

from pathlib import Path

import pytest

import netdsl


@pytest.mark.parametrize("path", ["tudui.net", "nets/tudui.net", "my nets/a.net", r"nets\tudui.net"])
def test_a_path_given_as_text_is_told_how_a_path_is_given(path: str) -> None:
    (found,) = netdsl.check(path)
    assert found.help == f"this is read as the text of a net; to read a file, give `Path({path!r})`"
    with pytest.raises(netdsl.NetError, match="to read a file, give"):
        netdsl.shapes(path)


@pytest.mark.parametrize("net", ["conv 3->8 k5/2", "conv 3->8 k", 'use "blocks.net"', "relu"])
def test_a_text_is_no_path(net: str) -> None:
    assert not any("to read a file" in (found.help or "") for found in netdsl.check(net))


def test_a_path_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.net").write_text("conv 3->8 k3\n")
    assert netdsl.check(tmp_path / "a.net") == []
