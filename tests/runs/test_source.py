"""What a run keeps of its text, so that it is read again as it was read."""

import json
from pathlib import Path

import pytest

from netdsl.core.source import Source
from netdsl.runs.source import describe_source, read_source_of


@pytest.mark.parametrize(("name", "shown"), [("<text>", "<text>"), ("nets/a.net", "{here}/nets/a.net")])
def test_a_text_is_called_as_it_was_and_its_paths_lead_where_they_led(
    name: str, shown: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    begun = Source(name, "linear 4->2\n")
    (tmp_path / "run.net").write_text(begun.text, encoding="utf-8")
    about = {"source": describe_source(begun, overrides=None, variant=None)}
    (tmp_path / "run.json").write_text(json.dumps(about), encoding="utf-8")
    monkeypatch.chdir(tmp_path.parent)
    found, kept = read_source_of(tmp_path)
    assert found.name == shown.format(here=tmp_path)
    assert found.folder == (tmp_path / name).parent
    assert describe_source(found, overrides=None, variant=None)["path"] == kept["path"]
