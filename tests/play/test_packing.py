"""What of Python and netdsl a page needs: found where an `import` stands, compiled, and packed with its files."""

from pathlib import Path
from zipfile import ZipFile

import pytest

from netdsl.play.static.packing import PythonModule, _close, _find_modules, _write
from tests.test_imports import run_python


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    for name, text in {
        "a/__init__.py": "from a import one",
        "a/one.py": "def late():\n    try:\n        from .deep.two import value\n    except ImportError:\n        pass",
        "a/deep/__init__.py": "",
        "a/deep/two.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import a.types\nvalue = 1",
        "a/deep/words.lark": "start: WORD",
        "a/deep/more.lark": "more: WORD",
        "a/deep/notes.txt": "…",
        "a/types.py": "import no_such_package",
        "a/unused/__init__.py": "",
        "a/unused/large.txt": "…",
    }.items():
        path = tmp_path / "sources" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path / "sources"


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("a.b.c", "import x.y, z", {"x.y", "z"}),
        ("a.b.c", "from x import y", {"x", "x.y"}),
        ("a.b.c", "from . import y", {"a.b", "a.b.y"}),
        ("a.b.c", "from ..x import y", {"a.x", "a.x.y"}),
        ("a.b.c", "class A:\n    def f(self):\n        with x:\n            import y", {"y"}),
        ("a.b.c", "match x:\n    case 1:\n        import y\n    case _:\n        import z", {"y", "z"}),
        (
            "a.b.c",
            "try:\n    pass\nexcept A:\n    import x\nelse:\n    import y\nfinally:\n    import z",
            {"x", "y", "z"},
        ),
        ("a.b.c", "if TYPE_CHECKING:\n    import x\nelse:\n    import y", set()),
    ],
)
def test_imports_are_found_in_every_statement(name: str, text: str, found: set[str], tmp_path: Path) -> None:
    path = tmp_path / "c.py"
    path.write_text(text, encoding="utf-8")
    assert PythonModule(name, path, tmp_path).names == found


def test_a_package_imports_from_itself_by_one_dot(tmp_path: Path) -> None:
    (tmp_path / "__init__.py").write_text("from .x import y", encoding="utf-8")
    assert PythonModule("a.b", tmp_path / "__init__.py", tmp_path).names == {"a.b.x", "a.b.x.y"}


def test_a_module_that_needs_what_is_not_here_is_known_by_its_first_lines(
    sources: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(sources))
    lacking = {name for name, module in _find_modules(sources).items() if module.lacks_something}
    assert lacking == {"a.types"}


def test_what_is_packed_runs_without_its_sources_and_has_its_files(
    sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modules = _find_modules(sources)
    needed = _close(["a.one"], modules)
    assert needed == {"a", "a.one", "a.deep", "a.deep.two"}
    read = [sources / "a/deep/words.lark", sources / "a/one.py", tmp_path / "elsewhere.txt"]
    _write(sources, [modules[name] for name in needed], read, tmp_path / "packed.zip")
    with ZipFile(tmp_path / "packed.zip") as archive:
        assert sorted(archive.namelist()) == [
            "a/__init__.pyc",
            "a/deep/__init__.pyc",
            "a/deep/more.lark",
            "a/deep/two.pyc",
            "a/deep/words.lark",
            "a/one.pyc",
        ]
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "packed.zip"))
    assert "function late" in run_python("import a.one; print(a.one.late)", tmp_path)
