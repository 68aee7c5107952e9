"""The server: what an editor sends, and what is answered.

A key press changes a text; what the editor then asks for is answered from the same reading of it. Mistakes are sent as
soon as the keys rest. A handler that fails is a message in the editor's log, and the next one is answered as ever.
"""

from __future__ import annotations

import asyncio
import traceback
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, TypeVar

from lsprotocol import types as lsp
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol

from netdsl import __version__
from netdsl.components.registry import PluginWarning, Registry
from netdsl.core.errors import Refusal
from netdsl.core.garbage import spare_searches
from netdsl.core.text import text
from netdsl.editor import (
    Completion,
    actions,
    completions,
    definition,
    documentation,
    fix_all,
    folds,
    format_part,
    format_text,
    hints,
    hover,
    indent_line,
    lenses,
    nameable,
    outline,
    references,
    rename,
    signature,
    tokens,
)
from netdsl.editor.occurrences import occurrence_at
from netdsl.lsp import conversion
from netdsl.lsp.commands import LensCommands
from netdsl.lsp.conversion import FIX_ALL, LEGEND, Converter
from netdsl.lsp.documents import Documents, OpenText, path_of
from netdsl.lsp.settings import ServerSettings

REST = 0.01
"""Seconds without a key press after which mistakes are sent: of several presses in a row, the last text is read."""

TRIGGERS = ["=", '"', "(", "/"]
"""Signs behind which an editor asks what may stand there; behind letters it asks anyway."""

SIGNATURE_TRIGGERS = [" ", "=", ">"]
INDENTS = ["\n", "}"]

Answer = TypeVar("Answer")
Handler = Callable[["NetServer", Any], Any]
TextHandler = Callable[["NetServer", OpenText, Any], Any]


class ForgetfulProtocol(LanguageServerProtocol):
    """The protocol of pygls, which keeps the future of every notification: of each key press that was ever made."""

    def _check_handler_result(self, future: Future[Any]) -> None:
        super()._check_handler_result(future)
        self._request_futures = {key: other for key, other in self._request_futures.items() if other is not future}


class NetServer(LanguageServer):
    """A language server and what it knows of the editor's texts."""

    def __init__(self, registry: Registry, plugin_options: Sequence[str] = ()) -> None:
        super().__init__("netdsl", __version__, protocol_cls=ForgetfulProtocol)
        self.documents = Documents(registry)
        self.convert = Converter(self.documents)
        self.settings = ServerSettings()
        self.commands = LensCommands(self, plugin_options)
        self.offered: tuple[OpenText, list[Completion]] | None = None
        self._waiting: dict[str, asyncio.TimerHandle] = {}

    def opened(self, uri: str) -> OpenText | None:
        """The text of a URI, where it is open."""
        return self.documents.texts.get(uri)

    def schedule(self, opened: OpenText) -> None:
        """Has the mistakes of a text sent once the keys rest."""
        waiting = self._waiting.pop(opened.uri, None)
        if waiting is not None:
            waiting.cancel()
        self._waiting[opened.uri] = asyncio.get_running_loop().call_later(REST, self._publish, opened.uri)

    def log(self, message: str, kind: lsp.MessageType = lsp.MessageType.Log) -> None:
        """Writes a line into the editor's log."""
        self.window_log_message(lsp.LogMessageParams(kind, message))

    def report_server_error(self, error: Exception, source: Any) -> None:
        """A failure is logged; a window in the midst of typing would help nobody."""
        self.log(text("netdsl fails: {reason}", reason=f"{error!r}"), lsp.MessageType.Error)

    def _publish(self, uri: str) -> None:
        self._waiting.pop(uri, None)
        opened = self.opened(uri)
        if opened is None:
            return
        none: list[lsp.Diagnostic] = []
        found = guarded(self, "diagnostics", lambda: self.convert.diagnostics(opened), none)
        self.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri, found, opened.version))


def guarded(server: NetServer, name: str, answer: Callable[[], Answer], otherwise: Answer) -> Answer:
    """An answer; where it fails, another one, and the reason in the log. Warnings of plugins go there too."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", PluginWarning)
        try:
            found = answer()
        except Exception:  # whatever it is, the editor must go on
            server.log(text("netdsl fails to answer `{request}`:\n{trace}", request=name, trace=traceback.format_exc()),
                       lsp.MessageType.Error)  # fmt: skip
            found = otherwise
    for warning in caught:
        server.log(str(warning.message), lsp.MessageType.Warning)
    return found


def make_server(registry: Registry, plugin_options: Sequence[str] = ()) -> NetServer:
    """A server that answers everything.

    Args:
        registry: the names of the language.
        plugin_options: the options of `netdsl` under which a net is trained with the same plugins.
    """
    server = NetServer(registry, plugin_options)

    def feature(name: str, options: Any = None) -> Callable[[Handler], Handler]:
        def register(handler: Handler) -> Handler:
            def handle(params: Any) -> Any:
                return guarded(server, name, lambda: handler(server, params), None)

            server.feature(name, options)(handle)
            return handler

        return register

    for handler, name, options in _FEATURES:
        feature(name, options)(handler)
    server.commands.register()
    spare_searches()
    return server


_FEATURES: list[tuple[Handler, str, Any]] = []


def answers(name: str, options: Any = None) -> Callable[[Handler], Handler]:
    """Marks a function as what answers a request of the protocol."""

    def note(handler: Handler) -> Handler:
        _FEATURES.append((handler, name, options))
        return handler

    return note


def answers_of_text(name: str, options: Any = None) -> Callable[[TextHandler], TextHandler]:
    """The same of a request about a text, which the handler is given; of one that is not open nothing is said."""

    def note(handler: TextHandler) -> TextHandler:
        @answers(name, options)
        def handle(server: NetServer, params: Any) -> Any:
            opened = server.opened(params.text_document.uri)
            return None if opened is None else handler(server, opened, params)

        return handler

    return note


# The life of the server, and of its texts.


@answers(lsp.INITIALIZE)
def initialize(server: NetServer, params: lsp.InitializeParams) -> None:
    """Learns what the editor is: its folders, its unit of positions, its user's choices."""
    documents = server.documents
    chosen = server.workspace.position_encoding or lsp.PositionEncodingKind.Utf16
    documents.encoding = lsp.PositionEncodingKind(chosen).value
    documents.folders = [path for uri in server.workspace.folders if (path := path_of(uri))]
    if not documents.folders and params.root_uri and (root := path_of(params.root_uri)):
        documents.folders = [root]
    server.settings = server.settings.updated(params.initialization_options)


@answers(lsp.INITIALIZED)
def initialized(server: NetServer, params: lsp.InitializedParams) -> None:
    """Asks to be told of files that change on the disk, and says what is wrong with plugins."""
    for problem in server.documents.registry.problems:
        server.log(str(problem), lsp.MessageType.Warning)
    workspace = server.client_capabilities.workspace
    watched = workspace and workspace.did_change_watched_files
    if watched and watched.dynamic_registration:
        options = lsp.DidChangeWatchedFilesRegistrationOptions([lsp.FileSystemWatcher("**/*.net")])
        asked = lsp.Registration("netdsl-files", lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES, options)
        server.client_register_capability(lsp.RegistrationParams([asked]))


@answers(lsp.SHUTDOWN)
def shut_down(server: NetServer, params: None) -> None:
    """Ends what was started."""
    server.commands.stop()


@answers(lsp.WORKSPACE_DID_CHANGE_CONFIGURATION)
def change_settings(server: NetServer, params: lsp.DidChangeConfigurationParams) -> None:
    """Takes in the user's choices, and has the hints asked for anew."""
    server.settings = server.settings.updated(params.settings)
    _refresh(server)


@answers(lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES)
def change_files(server: NetServer, params: lsp.DidChangeWatchedFilesParams) -> None:
    """Checks the texts anew that use a file that has changed on the disk."""
    paths = [path for change in params.changes if (path := path_of(change.uri))]
    for opened in {id(one): one for path in paths for one in server.documents.using(path)}.values():
        server.schedule(opened)
    _refresh(server)


@answers(lsp.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
def change_folders(server: NetServer, params: lsp.DidChangeWorkspaceFoldersParams) -> None:
    """Takes in the folders that are open now."""
    server.documents.folders = [path for uri in server.workspace.folders if (path := path_of(uri))]


@answers(lsp.TEXT_DOCUMENT_DID_OPEN)
def open_text(server: NetServer, params: lsp.DidOpenTextDocumentParams) -> None:
    """Takes in a text."""
    document = params.text_document
    opened = server.documents.open(document.uri, document.text, document.version)
    server.schedule(opened)
    _recheck_users(server, opened)


@answers(lsp.TEXT_DOCUMENT_DID_CHANGE)
def change_text(server: NetServer, params: lsp.DidChangeTextDocumentParams) -> None:
    """Takes in a key press."""
    document = params.text_document
    opened = server.documents.change(document.uri, params.content_changes, document.version)
    if opened is not None:
        server.schedule(opened)
        _recheck_users(server, opened)


@answers(lsp.TEXT_DOCUMENT_DID_CLOSE)
def close_text(server: NetServer, params: lsp.DidCloseTextDocumentParams) -> None:
    """Lets go of a text, and of its mistakes."""
    uri = params.text_document.uri
    opened = server.opened(uri)
    server.documents.close(uri)
    server.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri, []))
    if opened is not None:
        _recheck_users(server, opened)


@answers(lsp.TEXT_DOCUMENT_DID_SAVE)
def save_text(server: NetServer, params: lsp.DidSaveTextDocumentParams) -> None:
    """Nothing changes: what is open counts before what is on the disk."""


def _recheck_users(server: NetServer, opened: OpenText) -> None:
    """Checks the other open texts anew that use this one."""
    if opened.path is not None:
        for other in server.documents.using(opened.path):
            server.schedule(other)


def _refresh(server: NetServer) -> None:
    """Has the editor ask anew for what it shows, where it can."""
    workspace = server.client_capabilities.workspace
    if workspace and workspace.inlay_hint and workspace.inlay_hint.refresh_support:
        server.workspace_inlay_hint_refresh(None)
    if workspace and workspace.code_lens and workspace.code_lens.refresh_support:
        server.workspace_code_lens_refresh(None)


# What is shown between the lines and beside them.


@answers_of_text(lsp.TEXT_DOCUMENT_INLAY_HINT, lsp.InlayHintOptions())
def inlay_hints(server: NetServer, opened: OpenText, params: lsp.InlayHintParams) -> list[lsp.InlayHint] | None:
    """The hints of a part of the text."""
    settings = server.settings
    start, end = opened.lines.offsets(params.range)
    found = hints(opened.reading, start, end, parameters=settings.parameters, counts=settings.counts)
    hidden = {"output" if not settings.outputs else "", "input" if not settings.inputs else ""}
    return [conversion.hint(one, opened.lines) for one in found if one.kind not in hidden]


@answers_of_text(lsp.TEXT_DOCUMENT_CODE_LENS, lsp.CodeLensOptions())
def code_lenses(server: NetServer, opened: OpenText, params: lsp.CodeLensParams) -> list[lsp.CodeLens] | None:
    """The lines above the net and the blocks."""
    if not server.settings.lenses:
        return None
    return [conversion.lens(one, opened) for one in lenses(opened.reading)]


@answers_of_text(lsp.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL, LEGEND)
def all_tokens(server: NetServer, opened: OpenText, params: lsp.SemanticTokensParams) -> lsp.SemanticTokens | None:
    """The colours of the text."""
    return conversion.tokens(tokens(opened.reading), opened.lines)


@answers_of_text(lsp.TEXT_DOCUMENT_SEMANTIC_TOKENS_RANGE, LEGEND)
def some_tokens(
    server: NetServer, opened: OpenText, params: lsp.SemanticTokensRangeParams
) -> lsp.SemanticTokens | None:
    """The colours of a part of the text."""
    return conversion.tokens(tokens(opened.reading, *opened.lines.offsets(params.range)), opened.lines)


@answers_of_text(lsp.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
def symbols(server: NetServer, opened: OpenText, params: lsp.DocumentSymbolParams) -> list[lsp.DocumentSymbol] | None:
    """The outline."""
    return [conversion.part(one, opened.lines) for one in outline(opened.reading)]


@answers_of_text(lsp.TEXT_DOCUMENT_FOLDING_RANGE)
def folding(server: NetServer, opened: OpenText, params: lsp.FoldingRangeParams) -> list[lsp.FoldingRange] | None:
    """What folds away."""
    return [conversion.fold(one, opened.lines) for one in folds(opened.reading)]


# What is asked at the cursor.


@answers_of_text(lsp.TEXT_DOCUMENT_HOVER)
def hovered(server: NetServer, opened: OpenText, params: lsp.HoverParams) -> lsp.Hover | None:
    """What there is to say about a word."""
    found = hover(opened.reading, opened.lines.offset(params.position))
    if found is None:
        return None
    content = lsp.MarkupContent(lsp.MarkupKind.Markdown, found.markdown)
    return lsp.Hover(content, opened.lines.range(found.start, found.end))


@answers_of_text(
    lsp.TEXT_DOCUMENT_COMPLETION, lsp.CompletionOptions(trigger_characters=TRIGGERS, resolve_provider=True)
)
def complete(server: NetServer, opened: OpenText, params: lsp.CompletionParams) -> lsp.CompletionList | None:
    """What may be written."""
    found = completions(opened.reading, opened.lines.offset(params.position))
    server.offered = opened, found
    items = [conversion.completion(one, opened.lines, number) for number, one in enumerate(found)]
    # The forms of a layer for one layout, such as `conv2d`, are offered once their first letter is typed.
    return lsp.CompletionList(is_incomplete=any(one.start == one.end for one in found), items=items)


@answers(lsp.COMPLETION_ITEM_RESOLVE)
def complete_documentation(server: NetServer, params: lsp.CompletionItem) -> lsp.CompletionItem:
    """What there is to read about something that was offered last."""
    if server.offered is not None and isinstance(params.data, int):
        opened, found = server.offered
        if params.data < len(found) and found[params.data].label == params.label:
            page = documentation(opened.reading, found[params.data])
            params.documentation = lsp.MarkupContent(lsp.MarkupKind.Markdown, page) if page else None
    return params


@answers_of_text(lsp.TEXT_DOCUMENT_SIGNATURE_HELP, lsp.SignatureHelpOptions(trigger_characters=SIGNATURE_TRIGGERS))
def signature_help(server: NetServer, opened: OpenText, params: lsp.SignatureHelpParams) -> lsp.SignatureHelp | None:
    """How the layer is written, and what comes next."""
    found = signature(opened.reading, opened.lines.offset(params.position))
    return conversion.signature(found) if found else None


@answers_of_text(lsp.TEXT_DOCUMENT_DEFINITION)
def go_to_definition(server: NetServer, opened: OpenText, params: lsp.DefinitionParams) -> lsp.Location | None:
    """Where a word is defined."""
    found = definition(opened.reading, opened.lines.offset(params.position))
    return server.convert.target(found) if found else None


@answers_of_text(lsp.TEXT_DOCUMENT_REFERENCES)
def find_references(server: NetServer, opened: OpenText, params: lsp.ReferenceParams) -> list[lsp.Location] | None:
    """Where a word stands."""
    one = occurrence_at(opened.reading, opened.lines.offset(params.position))
    if one is None or one.home is None:
        return None
    readings, context = server.documents.readings(one.home.source), params.context
    return [server.convert.location(span) for span in references(readings, one, context.include_declaration)]


@answers_of_text(lsp.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT)
def highlight(
    server: NetServer, opened: OpenText, params: lsp.DocumentHighlightParams
) -> list[lsp.DocumentHighlight] | None:
    """Where a word stands in the text."""
    one = occurrence_at(opened.reading, opened.lines.offset(params.position))
    if one is None or one.home is None:
        return None
    spans = references([opened.reading], one)
    return [lsp.DocumentHighlight(opened.lines.range(span.start, span.end)) for span in spans]


@answers_of_text(lsp.TEXT_DOCUMENT_PREPARE_RENAME)
def prepare_rename(server: NetServer, opened: OpenText, params: lsp.PrepareRenameParams) -> lsp.Range | None:
    """The word that would have another name; nothing where it is no author's."""
    one = nameable(opened.reading, opened.lines.offset(params.position))
    return opened.lines.range(one.span.start, one.span.end) if one else None


@answers_of_text(lsp.TEXT_DOCUMENT_RENAME, lsp.RenameOptions(prepare_provider=True))
def rename_word(server: NetServer, opened: OpenText, params: lsp.RenameParams) -> lsp.WorkspaceEdit | None:
    """Gives a block, a label or a variable another name, wherever it stands."""
    one = nameable(opened.reading, opened.lines.offset(params.position))
    if one is None or one.home is None:
        return None
    try:
        return server.convert.edits(rename(server.documents.readings(one.home.source), one, params.new_name))
    except Refusal as refusal:
        server.window_show_message(lsp.ShowMessageParams(lsp.MessageType.Error, refusal.message))
        return None


@answers_of_text(
    lsp.TEXT_DOCUMENT_CODE_ACTION,
    lsp.CodeActionOptions(code_action_kinds=list(dict.fromkeys(conversion.ACTIONS.values()))),
)
def code_actions(server: NetServer, opened: OpenText, params: lsp.CodeActionParams) -> list[lsp.CodeAction] | None:
    """What can be done about a part of the text."""
    wanted = [str(getattr(kind, "value", kind)) for kind in params.context.only or ()]
    found = actions(opened.reading, *opened.lines.offsets(params.range))
    # An editor that saves asks for all safe fixes, wherever the cursor is.
    if any(FIX_ALL.startswith(kind) for kind in wanted) and not any(one.kind == "fix all" for one in found):
        found += [every] if (every := fix_all(opened.reading)) else []
    made = [server.convert.action(one, opened) for one in found]
    return [one for one in made if not wanted or any(_kind(one).startswith(kind) for kind in wanted)]


def _kind(action: lsp.CodeAction) -> str:
    return str(getattr(action.kind, "value", action.kind))


# What is rewritten.


@answers_of_text(lsp.TEXT_DOCUMENT_FORMATTING)
def format_all(server: NetServer, opened: OpenText, params: lsp.DocumentFormattingParams) -> list[lsp.TextEdit] | None:
    """The canonical form."""
    edits = format_text(opened.reading.source, opened.reading.checked.found)
    return conversion.text_edits(edits, opened.lines)


@answers_of_text(lsp.TEXT_DOCUMENT_RANGE_FORMATTING)
def format_range(
    server: NetServer, opened: OpenText, params: lsp.DocumentRangeFormattingParams
) -> list[lsp.TextEdit] | None:
    """The canonical form of a part."""
    reading = opened.reading
    edits = format_part(reading.source, *opened.lines.offsets(params.range), reading.checked.found)
    return conversion.text_edits(edits, opened.lines)


@answers_of_text(
    lsp.TEXT_DOCUMENT_ON_TYPE_FORMATTING,
    lsp.DocumentOnTypeFormattingOptions(first_trigger_character=INDENTS[0], more_trigger_character=INDENTS[1:]),
)
def indent(
    server: NetServer, opened: OpenText, params: lsp.DocumentOnTypeFormattingParams
) -> list[lsp.TextEdit] | None:
    """The blanks that a new line begins with."""
    edit = indent_line(opened.reading.source, opened.lines.offset(params.position))
    return conversion.text_edits([edit] if edit else [], opened.lines)
