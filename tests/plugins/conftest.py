import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from netdsl.plugins import loading
from netdsl.plugins.entry_points import announcements
from tests.plugins.packages import Install


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of packages; the plugins that are really installed are out of sight."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    monkeypatch.delenv("NETDSL_PLUGINS", raising=False)
    real = {one.package for one in announcements()}
    monkeypatch.setattr(loading, "announcements", lambda: [one for one in announcements() if one.package not in real])
    before = set(sys.modules)
    yield folder
    for name in set(sys.modules) - before:
        if getattr(sys.modules[name], "__file__", None) and str(folder) in str(sys.modules[name].__file__):
            del sys.modules[name]


@pytest.fixture
def install(site: Path) -> Install:
    """Puts a package of one module there as pip would: its code, and what it announces."""

    def put(name: str, code: str, version: str = "1.0", needs: str = "netdsl", package: str = "") -> Path:
        package = package or f"netdsl-{name}"
        module = f"{package.replace('-', '_')}_module"
        file = site / f"{module}.py"
        file.write_text(dedent(code), encoding="utf-8")
        info = site / f"{package.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        (info / "entry_points.txt").write_text(f"[netdsl]\n{name} = {module}\n", encoding="utf-8")
        headers = f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\nRequires-Dist: {needs}\n\nText.\n"
        (info / "METADATA").write_text(headers, encoding="utf-8")
        return file

    return put
