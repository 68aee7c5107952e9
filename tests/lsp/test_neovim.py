"""A real editor with the setup that docs/editors.md gives: what its user sees, and what a key does."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("pygls", reason="an extra of netdsl")
from tests.lsp.neovim import Neovim, neovim
from tests.needs import needs

TEXT = "let width=32\ninput 3x32x32\nconv width kernal=5 as stem\nrelu\nflatten\nlinear 10\n"
MISTAKES = "return vim.tbl_map(function(d) return {d.lnum, d.col, d.message} end, vim.diagnostic.get(0))"
ASK = """
local params = {params}
for _, one in pairs(vim.lsp.buf_request_sync(0, "{method}", params, 5000) or {{}}) do
  local result = one.result
  return {answer}
end
"""
HERE = "vim.lsp.util.make_position_params()"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("nvim")


@pytest.fixture(scope="module")
def editor(folder: Path) -> Iterator[Neovim]:
    if os.name != "posix":
        pytest.skip("Neovim starts the server by a shell script here")
    environment = {**os.environ, "NETDSL_PLUGINS": ""}
    with neovim(needs("nvim"), folder, environment) as running:
        yield running


@pytest.fixture
def opened(editor: Neovim, tmp_path: Path) -> Neovim:
    """A file with a mistake, which the editor has been told of."""
    path = tmp_path / "网络.net"
    path.write_text(TEXT, encoding="utf-8")
    editor.open(path)
    editor.wait(f"return #({MISTAKES.removeprefix('return ')})", 1)
    return editor


def test_mistakes_are_marked_and_go_once_they_are_mended(opened: Neovim) -> None:
    ((line, column, message),) = opened.lua(MISTAKES)
    assert (line, column) == (2, 11)
    assert "did you mean `kernel`?" in message
    opened.lua('vim.api.nvim_buf_set_text(0, 2, 11, 2, 17, {"kernel"}) return 1')
    opened.wait(f"return #({MISTAKES.removeprefix('return ')}) == 0")


def test_hover_says_what_the_line_does(opened: Neovim) -> None:
    opened.lua("vim.api.nvim_win_set_cursor(0, {6, 2}) return 1")
    said = opened.lua(ASK.format(method="textDocument/hover", params=HERE, answer="result.contents.value:sub(1, 40)"))
    assert "**25088 → 10**" in said


def test_completion_offers_what_fits(opened: Neovim) -> None:
    opened.lua('vim.api.nvim_buf_set_lines(0, 5, 5, false, {"lin"}) vim.api.nvim_win_set_cursor(0, {6, 3}) return 1')
    places = """(function()
        local found = {}
        for _, item in ipairs(result.items) do found[item.label] = item.sortText end
        return {found.linear, found.conv, vim.bo.omnifunc}
    end)()"""
    linear, conv, keys = opened.lua(ASK.format(method="textDocument/completion", params=HERE, answer=places))
    assert linear < conv  # what comes in is flat
    assert keys == "v:lua.vim.lsp.omnifunc"


def test_a_variable_is_renamed_wherever_it_stands(opened: Neovim) -> None:
    opened.lua("vim.api.nvim_win_set_cursor(0, {1, 5}) vim.lsp.buf.rename('channels') return 1")
    opened.wait("return vim.api.nvim_buf_get_lines(0, 0, 1, false)[1]", "let channels=32")
    assert opened.lines[2].startswith("conv channels ")


def test_the_text_is_formatted(opened: Neovim) -> None:
    opened.lua('vim.api.nvim_buf_set_lines(0, 3, 4, false, {"relu   ;relu"}) return 1')
    opened.lua("(vim.lsp.buf.format or vim.lsp.buf.formatting_sync)() return 1")
    opened.wait("return vim.api.nvim_buf_get_lines(0, 3, 4, false)[1]", "relu; relu")


def test_a_fix_is_taken(opened: Neovim) -> None:
    opened.lua("vim.api.nvim_win_set_cursor(0, {3, 12}) return 1")
    params = (
        "vim.tbl_extend('force', vim.lsp.util.make_range_params(), {context = {diagnostics = {}, only = {'quickfix'}}})"
    )
    titles = opened.lua(
        ASK.format(method="textDocument/codeAction", params=params, answer="{#result, result[1].title}")
    )
    assert titles == [1, "write `kernel`"]
    opened.lua(f"""
        local actions = vim.lsp.buf_request_sync(0, "textDocument/codeAction", {params}, 5000)
        for _, one in pairs(actions) do vim.lsp.util.apply_workspace_edit(one.result[1].edit, "utf-16") end
        return 1""")
    assert opened.lines[2] == "conv width kernel=5 as stem"
