"""The server in a process of its own, spoken to by a client over standard input and output."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

pytest.importorskip("pygls", reason="an extra of netdsl")
import pytest_lsp
from lsprotocol import types as lsp
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*.net"))
MISTAKEN = "input 3x32x32\nconv 32 kernal=5; relu\nflatten\nlinear 100->10\n"

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_lsp.fixture(
    config=ClientServerConfig(server_command=[sys.executable, "-m", "netdsl", "lsp", "--no-plugins"]),
    scope="module",
    loop_scope="module",
)
async def client(lsp_client: LanguageClient) -> AsyncIterator[None]:
    @lsp_client.feature(lsp.CLIENT_REGISTER_CAPABILITY)
    def register(params: lsp.RegistrationParams) -> None:
        assert [one.method for one in params.registrations] == [lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES]

    for refreshed in (lsp.WORKSPACE_CODE_LENS_REFRESH, lsp.WORKSPACE_INLAY_HINT_REFRESH):
        lsp_client.feature(refreshed)(lambda params: None)
    await lsp_client.initialize_session(
        lsp.InitializeParams(
            capabilities=client_capabilities("visual-studio-code"), workspace_folders=[folder(ROOT / "examples")]
        )
    )
    yield
    await lsp_client.shutdown_session()


def folder(path: Path) -> lsp.WorkspaceFolder:
    return lsp.WorkspaceFolder(path.as_uri(), path.name)


class Text:
    """A text that the client has open."""

    def __init__(self, client: LanguageClient, text: str, uri: str = "untitled:Untitled-1") -> None:
        self.client, self.text, self.uri, self.version = client, text, uri, 1
        client.text_document_did_open(
            lsp.DidOpenTextDocumentParams(lsp.TextDocumentItem(uri, "netdsl", self.version, text))
        )

    @property
    def id(self) -> lsp.TextDocumentIdentifier:
        return lsp.TextDocumentIdentifier(self.uri)

    def set(self, text: str) -> None:
        self.version += 1
        self.text = text
        self._change(lsp.TextDocumentContentChangeWholeDocument(text))

    def type(self, line: int, character: int, written: str, deleted: int = 0) -> None:
        self.version += 1
        where = lsp.Range(lsp.Position(line, character), lsp.Position(line, character + deleted))
        self._change(lsp.TextDocumentContentChangePartial(where, written))

    def _change(self, change: lsp.TextDocumentContentChangeEvent) -> None:
        identifier = lsp.VersionedTextDocumentIdentifier(self.version, self.uri)
        self.client.text_document_did_change(lsp.DidChangeTextDocumentParams(identifier, [change]))

    async def mistakes(self) -> list[lsp.Diagnostic]:
        """The mistakes of this version."""
        while True:
            told = await self.client.wait_for_notification(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
            if (told.uri, told.version) == (self.uri, self.version):
                return list(told.diagnostics)

    async def hints(self) -> list[lsp.InlayHint]:
        everything = lsp.Range(lsp.Position(0, 0), lsp.Position(10_000, 0))
        return list(await self.client.text_document_inlay_hint_async(lsp.InlayHintParams(self.id, everything)) or [])

    async def actions(
        self, line: int, character: int, only: list[lsp.CodeActionKind] | None = None
    ) -> list[lsp.CodeAction]:
        at = lsp.Position(line, character)
        params = lsp.CodeActionParams(self.id, lsp.Range(at, at), lsp.CodeActionContext([], only))
        return [one for one in await self.client.text_document_code_action_async(params) or []
                if isinstance(one, lsp.CodeAction)]  # fmt: skip

    def close(self) -> None:
        self.client.text_document_did_close(lsp.DidCloseTextDocumentParams(self.id))


async def test_mistakes_are_sent_as_one_types(client: LanguageClient) -> None:
    text = Text(client, MISTAKEN)
    found = await text.mistakes()
    assert [(one.code, one.range.start.line, one.severity) for one in found] == [
        ("NET102", 1, lsp.DiagnosticSeverity.Error),
        ("NET201", 3, lsp.DiagnosticSeverity.Error),
    ]
    (related,) = found[1].related_information or ()
    assert related.location.uri == text.uri
    assert "which line 3 flattens to" in related.message
    text.set(MISTAKEN.replace("kernal", "kernel").replace("100->10", "10"))
    assert await text.mistakes() == []
    text.close()


async def test_shapes_stand_behind_the_statements(client: LanguageClient) -> None:
    text = Text(client, "input 3x32x32\nconv 32 k5; relu\n")
    labels = [(one.position.line, one.position.character, one.label) for one in await text.hints()]
    assert labels == [(1, 5, "3->"), (1, 10, "→ 32x28x28"), (1, 16, "→ 32x28x28")]
    text.type(1, 10, " p2")
    assert [one.label for one in await text.hints()][1:] == ["→ 32x32x32", "→ 32x32x32"]
    text.close()


async def test_positions_count_as_the_client_does(client: LanguageClient) -> None:
    text = Text(client, "# 卷积 😀 模型\ninput 8; linear 4 # 😀\nlinear 2 # 十\n")
    await text.mistakes()
    text.type(0, 5, "😀", deleted=2)
    assert [(one.position.line, one.position.character) for one in await text.hints()] == [
        (1, 16), (1, 17), (2, 7), (2, 8)
    ]  # fmt: skip
    text.close()


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
async def test_every_example_has_every_answer(client: LanguageClient, path: Path) -> None:
    text = Text(client, path.read_text(encoding="utf-8"), path.as_uri())
    assert [one for one in await text.mistakes() if one.severity == lsp.DiagnosticSeverity.Error] == []
    assert await text.hints()
    assert await client.text_document_document_symbol_async(lsp.DocumentSymbolParams(text.id))
    colours = await client.text_document_semantic_tokens_full_async(lsp.SemanticTokensParams(text.id))
    assert colours is not None
    assert len(colours.data) % 5 == 0
    folds = await client.text_document_folding_range_async(lsp.FoldingRangeParams(text.id))
    assert folds is not None
    titles = [one.command.title for one in await client.text_document_code_lens_async(lsp.CodeLensParams(text.id)) or ()
              if one.command]  # fmt: skip
    assert "Draw" in titles
    assert any("parameter" in title for title in titles)
    text.close()


async def test_fixes_and_rewritings_are_offered(client: LanguageClient) -> None:
    text = Text(client, MISTAKEN)
    await text.mistakes()
    fix, every = await text.actions(1, 10)
    assert (fix.title, fix.kind, fix.is_preferred) == ("write `kernel`", lsp.CodeActionKind.QuickFix, True)
    assert fix.diagnostics is not None
    assert fix.edit is not None
    assert fix.edit.changes is not None
    (edit,) = fix.edit.changes[text.uri]
    assert (edit.range.start.character, edit.new_text) == (8, "kernel")
    assert every.title == "apply all 2 safe fixes"
    (saved,) = await text.actions(0, 0, [lsp.CodeActionKind.SourceFixAll])
    assert saved.kind == "source.fixAll.netdsl"
    text.set("input 8; linear 4")
    assert [one.title for one in await text.actions(0, 12, [lsp.CodeActionKind.Refactor])] == [
        "write all inferred sizes"
    ]
    text.close()


async def test_completion_hover_and_signature(client: LanguageClient) -> None:
    text = Text(client, "input 3x32x32\nconv 32 \n")
    at = lsp.Position(1, 8)
    offered = await client.text_document_completion_async(lsp.CompletionParams(text.id, at))
    assert isinstance(offered, lsp.CompletionList)
    first = min(offered.items, key=lambda item: item.sort_text or "")
    assert first.label == "kernel_size="
    resolved = await client.completion_item_resolve_async(first)
    assert isinstance(resolved.documentation, lsp.MarkupContent)
    assert "kernel_size (also k" in resolved.documentation.value
    written = await client.text_document_signature_help_async(lsp.SignatureHelpParams(text.id, at))
    assert written is not None
    (signature,) = written.signatures
    assert signature.label.startswith("conv [in_channels->]out_channels kernel_size")
    assert signature.parameters is not None
    start, end = signature.parameters[written.active_parameter or 0].label
    assert signature.label[start:end] == "kernel_size"
    text.type(1, 8, "k5")
    said = await client.text_document_hover_async(lsp.HoverParams(text.id, lsp.Position(1, 1)))
    assert said is not None
    assert isinstance(said.contents, lsp.MarkupContent)
    assert "**3x32x32 → 32x28x28**" in said.contents.value
    text.close()


async def test_texts_are_formatted(client: LanguageClient) -> None:
    text = Text(client, "input   8\nlinear  4 ;relu\n\n\n\nlinear 2\n")
    options = lsp.FormattingOptions(2, True)
    edits = await client.text_document_formatting_async(lsp.DocumentFormattingParams(text.id, options))
    assert edits
    where = lsp.Range(lsp.Position(1, 0), lsp.Position(1, 15))
    (edit,) = (
        await client.text_document_range_formatting_async(lsp.DocumentRangeFormattingParams(text.id, where, options))
        or ()
    )
    assert edit.new_text.endswith("linear 4; relu\n")
    text.set("block b {\n")
    typed = lsp.DocumentOnTypeFormattingParams(text.id, lsp.Position(1, 0), "\n", options)
    (edit,) = await client.text_document_on_type_formatting_async(typed) or ()
    assert edit.new_text == "  "
    text.close()


async def test_blocks_are_found_and_renamed_across_files(client: LanguageClient, tmp_path: Path) -> None:
    for name, written in {
        "blocks.net": "block unit out { linear out }\n",
        "one.net": 'use "blocks.net"\ninput 8\nunit 4\n',
        "two.net": 'use "blocks.net"\ninput 8\nunit 2\n',
    }.items():
        (tmp_path / name).write_text(written, encoding="utf-8")
    change = lsp.WorkspaceFoldersChangeEvent(added=[folder(tmp_path)], removed=[])
    client.workspace_did_change_workspace_folders(lsp.DidChangeWorkspaceFoldersParams(change))
    one = tmp_path / "one.net"
    text = Text(client, one.read_text(encoding="utf-8"), one.as_uri())
    at = lsp.Position(2, 2)
    where = await client.text_document_definition_async(lsp.DefinitionParams(text.id, at))
    assert isinstance(where, lsp.Location)
    assert (where.uri, where.range.start.character) == ((tmp_path / "blocks.net").as_uri(), 6)
    context = lsp.ReferenceContext(include_declaration=False)
    found = await client.text_document_references_async(lsp.ReferenceParams(context, text.id, at))
    assert sorted(Path(place.uri).name for place in found or ()) == ["one.net", "two.net"]
    renamed = await client.text_document_rename_async(lsp.RenameParams(text.id, at, "part"))
    assert renamed is not None
    assert sorted(Path(uri).name for uri in renamed.changes or ()) == ["blocks.net", "one.net", "two.net"]
    # The file that defines it is open and changed: what the editor has counts.
    blocks = Text(client, "block unit out { linear out; relu }\n", (tmp_path / "blocks.net").as_uri())
    hints = [hint.label for hint in await text.hints()]
    assert hints == ["→ 4"]
    blocks.set("block unit out { linear (out*2) }\n")
    assert [hint.label for hint in await text.hints()] == ["→ 8"]
    blocks.close()
    assert [hint.label for hint in await text.hints()] == ["→ 4"]
    text.close()


async def test_a_mistake_of_a_used_file_stands_where_it_is_used(client: LanguageClient, tmp_path: Path) -> None:
    (tmp_path / "bad.net").write_text("block unit { linear 4 (\n}\n", encoding="utf-8")
    user = tmp_path / "user.net"
    text = Text(client, '# 用\nuse "bad.net"\ninput 8\nunit\n', user.as_uri())
    found = [one for one in await text.mistakes() if one.range.start.line == 1]
    assert found
    assert found[0].related_information is not None
    assert found[0].related_information[0].location.uri == (tmp_path / "bad.net").as_uri()
    text.close()


async def test_a_refused_name_is_said(client: LanguageClient) -> None:
    text = Text(client, "let width=8\ninput 8; linear width\n")
    told = asyncio.ensure_future(client.wait_for_notification(lsp.WINDOW_SHOW_MESSAGE))
    await asyncio.sleep(0)
    assert await client.text_document_rename_async(lsp.RenameParams(text.id, lsp.Position(0, 5), "linear")) is None
    assert (await told).message == "`linear` is a layer"
    text.close()


async def test_the_hints_that_one_chooses(client: LanguageClient) -> None:
    text = Text(client, "input 3x8x8; maxpool 2; flatten; linear 2\n")
    chosen = {"netdsl": {"hints": {"outputs": False, "parameters": True}, "lenses": False}}
    client.workspace_did_change_configuration(lsp.DidChangeConfigurationParams(chosen))
    assert [hint.label for hint in await text.hints()] == ["kernel_size=", "48->"]
    assert await client.text_document_code_lens_async(lsp.CodeLensParams(text.id)) is None
    client.workspace_did_change_configuration(
        lsp.DidChangeConfigurationParams({"hints": {"outputs": True, "parameters": False}, "lenses": True, "x": 1})
    )
    assert [hint.label for hint in await text.hints()][-1] == "→ 2"
    text.close()


async def test_what_is_not_open_has_no_answer(client: LanguageClient) -> None:
    nowhere = lsp.TextDocumentIdentifier("untitled:never")
    assert await client.text_document_hover_async(lsp.HoverParams(nowhere, lsp.Position(0, 0))) is None


async def test_a_net_is_drawn(client: LanguageClient) -> None:
    text = Text(client, "input 8; linear 4")
    await client.workspace_execute_command_async(lsp.ExecuteCommandParams("netdsl.draw", [text.uri]))
    params = client.shown_documents[-1]
    assert params.external
    page = Path(params.uri.removeprefix("file://"))
    assert "<svg" in page.read_text(encoding="utf-8")
    text.close()


async def test_a_net_is_trained_in_a_process_of_its_own(client: LanguageClient, tmp_path: Path) -> None:
    path = tmp_path / "fake.net"
    path.write_text("data fake 1x4x4 size=64 batch=32\nflatten; linear 10\ntrain epochs=1\n", encoding="utf-8")
    text = Text(client, "relu", path.as_uri())
    told = asyncio.ensure_future(client.wait_for_notification(lsp.WINDOW_SHOW_MESSAGE))
    await asyncio.sleep(0)
    train = lsp.ExecuteCommandParams("netdsl.train", [text.uri])
    await client.workspace_execute_command_async(train)
    assert "save the file first" in (await told).message
    text.set(path.read_text(encoding="utf-8"))
    told = asyncio.ensure_future(client.wait_for_notification(lsp.WINDOW_SHOW_MESSAGE))
    await client.workspace_execute_command_async(train)
    assert (await told).message.startswith("fake.net is trained: ")
    assert [*tmp_path.glob("runs/fake/*/run.json")]
    text.close()
