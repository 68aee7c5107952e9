"""`netdsl play --static` on a command line; tests/play tries what it writes, and the page with its server."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from netdsl.cli import netdsl
from tests.needs import needs


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("--pyodide pyodide.tgz", "`--pyodide` goes with `--static DIR`"),
        ("--static site --port 80", "`--port` does nothing with `--static`: leave it out"),
        ("--static site --no-browser", "`--no-browser` does nothing with `--static`"),
        ("--static site --device cpu", "`--device` does nothing with `--static`"),
        ("--static site --no-plugins", "`--no-plugins` does nothing with `--static`"),
        ("absent.net --static site", "no such file: `absent.net`"),
        ("--static site --pyodide absent.tgz", "`absent.tgz` cannot be read: no such file or directory"),
    ],
)
def test_what_does_not_fit_is_said_and_nothing_is_written(
    line: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs("node")
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(netdsl, ["play", *line.split()])
    assert done.exit_code == 2
    assert message in done.output
    assert list(tmp_path.iterdir()) == []
