from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# A busy machine is no fault of what is tried.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write what golden files should hold into them")


@pytest.fixture(autouse=True)
def _netdsl_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test here depends on what plugins happen to be installed."""
    monkeypatch.setenv("NETDSL_PLUGINS", "")


@pytest.fixture(autouse=True)
def _netdsl_in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor on the language of the machine."""
    monkeypatch.setenv("NETDSL_LANG", "en")


@pytest.fixture
def net_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Writes a text into `net.net` of an empty folder, which is the working folder."""

    def write(text: str) -> Path:
        monkeypatch.chdir(tmp_path)
        path = Path("net.net")
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[Path, str], None]:
    """Compares a text with a file that holds what it should be; `pytest --update-golden` writes the file instead."""

    def compare(path: Path, text: str) -> None:
        if request.config.getoption("update_golden"):
            path.write_text(text, encoding="utf-8", newline="\n")
        assert path.is_file(), f"{path} is missing: run `pytest --update-golden` and read what it writes"
        assert text == path.read_text(encoding="utf-8")

    return compare
