"""From the values of `netdsl.editor` to those of the protocol."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from lsprotocol import types as lsp

from netdsl.core.diagnostics import Diagnostic, Edit
from netdsl.core.source import Span
from netdsl.core.text import text
from netdsl.editor import Action, Completion, Fold, Hint, Lens, Part, Reading, Signature, Target, Token
from netdsl.language.statements import USE
from netdsl.lsp.documents import Documents, OpenText, uri_of
from netdsl.lsp.lines import Lines

SOURCE = "netdsl"
"""What the editor calls the author of diagnostics."""

FIX_ALL = f"{lsp.CodeActionKind.SourceFixAll.value}.{SOURCE}"

COMPLETIONS: Mapping[str, lsp.CompletionItemKind] = {
    "statement": lsp.CompletionItemKind.Keyword,
    "layer": lsp.CompletionItemKind.Function,
    "block": lsp.CompletionItemKind.Class,
    "component": lsp.CompletionItemKind.Module,
    "parameter": lsp.CompletionItemKind.Property,
    "value": lsp.CompletionItemKind.EnumMember,
    "variable": lsp.CompletionItemKind.Variable,
    "label": lsp.CompletionItemKind.Reference,
    "file": lsp.CompletionItemKind.File,
    "branch": lsp.CompletionItemKind.Keyword,
}
PARTS: Mapping[str, lsp.SymbolKind] = {
    "block": lsp.SymbolKind.Class,
    "variable": lsp.SymbolKind.Variable,
    "variant": lsp.SymbolKind.Enum,
    "directive": lsp.SymbolKind.Property,
    "layer": lsp.SymbolKind.Function,
    "composite": lsp.SymbolKind.Module,
    "body": lsp.SymbolKind.Namespace,
}
TOKENS: Mapping[str, lsp.SemanticTokenTypes] = {
    "comment": lsp.SemanticTokenTypes.Comment,
    "string": lsp.SemanticTokenTypes.String,
    "number": lsp.SemanticTokenTypes.Number,
    "operator": lsp.SemanticTokenTypes.Operator,
    "keyword": lsp.SemanticTokenTypes.Keyword,
    "layer": lsp.SemanticTokenTypes.Function,
    "block": lsp.SemanticTokenTypes.Class,
    "component": lsp.SemanticTokenTypes.Type,
    "variable": lsp.SemanticTokenTypes.Variable,
    "parameter": lsp.SemanticTokenTypes.Parameter,
    "setting": lsp.SemanticTokenTypes.Property,
    "word": lsp.SemanticTokenTypes.EnumMember,
    "label": lsp.SemanticTokenTypes.Label,
}
LEGEND = lsp.SemanticTokensLegend(
    [kind.value for kind in TOKENS.values()], [lsp.SemanticTokenModifiers.Definition.value]
)
ACTIONS: Mapping[str, lsp.CodeActionKind | str] = {
    "fix": lsp.CodeActionKind.QuickFix,
    "fix all": FIX_ALL,
    "rewrite": lsp.CodeActionKind.RefactorRewrite,
    "extract": lsp.CodeActionKind.RefactorExtract,
    "inline": lsp.CodeActionKind.RefactorInline,
}
SEVERITIES = {"error": lsp.DiagnosticSeverity.Error, "warning": lsp.DiagnosticSeverity.Warning}

_KIND_NUMBERS = {kind: number for number, kind in enumerate(TOKENS)}


class Converter:
    """Knows the open texts, whose lines and names it needs."""

    def __init__(self, documents: Documents) -> None:
        self.documents = documents

    def location(self, span: Span) -> lsp.Location:
        """A place in any text."""
        lines = self.documents.lines_of(span.source)
        return lsp.Location(uri_of(span.source, self.documents.texts), lines.range(span.start, span.end))

    def target(self, target: Target) -> lsp.Location:
        """A place in a file."""
        return self.location(target.source.span(target.start, target.end))

    def edits(self, edits: Iterable[Edit]) -> lsp.WorkspaceEdit:
        """Edits, by the texts that they change."""
        changes: dict[str, list[lsp.TextEdit]] = {}
        lines: dict[int, Lines] = {}
        for edit in edits:
            source = edit.span.source
            of = lines.setdefault(id(source), self.documents.lines_of(source))
            uri = uri_of(source, self.documents.texts)
            changes.setdefault(uri, []).append(lsp.TextEdit(of.range(edit.span.start, edit.span.end), edit.text))
        return lsp.WorkspaceEdit(changes)

    def diagnostics(self, opened: OpenText) -> list[lsp.Diagnostic]:
        """All that is wrong with a text; a mistake of a file that it uses stands where it uses it."""
        return [self.diagnostic(found, opened) for found in opened.reading.diagnostics]

    def diagnostic(self, found: Diagnostic, opened: OpenText) -> lsp.Diagnostic:
        """One mistake."""
        reading, related = opened.reading, [(label.span, label.text) for label in found.labels]
        span = found.span
        if span.source is not reading.source:
            related.insert(0, (span, found.caption or text("here")))
            span = _use_of(reading)
        message = (
            text("{message}\nhelp: {help}", message=found.message, help=found.help) if found.help else found.message
        )
        return lsp.Diagnostic(
            range=opened.lines.range(span.start, span.end),
            message=message,
            severity=SEVERITIES[found.severity],
            code=str(found.code),
            source=SOURCE,
            related_information=[
                lsp.DiagnosticRelatedInformation(self._place(place, opened), words) for place, words in related
            ]
            or None,
        )

    def _place(self, span: Span, opened: OpenText) -> lsp.Location:
        if span.source is opened.reading.source:
            return lsp.Location(opened.uri, opened.lines.range(span.start, span.end))
        return self.location(span)

    def action(self, action: Action, opened: OpenText) -> lsp.CodeAction:
        """Something that can be done."""
        return lsp.CodeAction(
            title=action.title,
            kind=ACTIONS[action.kind],
            edit=self.edits(action.edits),
            is_preferred=action.preferred or None,
            diagnostics=[self.diagnostic(found, opened) for found in action.diagnostics] or None,
        )


def _use_of(reading: Reading) -> Span:
    """The line that uses other files: what is wrong with them is shown there."""
    used = (one.span for one in reading.file.statements if one.name.text == USE.name)
    return next(used, reading.source.span(0, 0))


def hint(found: Hint, lines: Lines) -> lsp.InlayHint:
    """A hint between the characters."""
    position = lines.position(found.offset)
    edits = [lsp.TextEdit(lsp.Range(position, position), found.insert)] if found.insert else None
    return lsp.InlayHint(
        position=position,
        label=found.text,
        kind=lsp.InlayHintKind.Parameter if found.kind in ("input", "parameter") else lsp.InlayHintKind.Type,
        text_edits=edits,
        tooltip=found.tooltip or None,
        padding_left=found.kind in ("output", "count") or None,
    )


def completion(found: Completion, lines: Lines, number: int) -> lsp.CompletionItem:
    """Something that may be written; `number` finds it again when its documentation is asked for."""
    return lsp.CompletionItem(
        label=found.label,
        kind=COMPLETIONS[found.kind],
        detail=found.detail or None,
        sort_text=f"{found.order}{found.label}",
        text_edit=lsp.TextEdit(lines.range(found.start, found.end), found.insert),
        data=number,
    )


def signature(found: Signature) -> lsp.SignatureHelp:
    """How something is written."""
    # Offsets into a label count UTF-16, and signatures have nothing that takes two.
    parameters = [lsp.ParameterInformation((one.start, one.end), one.doc or None) for one in found.parts]
    information = lsp.SignatureInformation(found.text, found.doc or None, parameters)
    return lsp.SignatureHelp([information], 0, found.active)


def part(found: Part, lines: Lines) -> lsp.DocumentSymbol:
    """A part of the text."""
    return lsp.DocumentSymbol(
        name=found.name,
        kind=PARTS[found.kind],
        range=lines.range(found.start, found.end),
        selection_range=lines.range(found.name_start, found.name_end),
        detail=found.detail or None,
        children=[part(inner, lines) for inner in found.parts],
    )


def fold(found: Fold, lines: Lines) -> lsp.FoldingRange:
    """What folds away; the line of the closing brace stays."""
    first, last = lines.line_of(found.start), lines.line_of(found.end)
    kind = lsp.FoldingRangeKind.Comment if found.is_comment else lsp.FoldingRangeKind.Region
    return lsp.FoldingRange(first, last if found.is_comment else max(first, last - 1), kind=kind)


def tokens(found: Sequence[Token], lines: Lines) -> lsp.SemanticTokens:
    """Words and signs, each by its distance from the one before."""
    data: list[int] = []
    line = character = 0
    for one in found:
        at = lines.position(one.start)
        same_line = at.line == line
        data += [
            at.line - line,
            at.character - character if same_line else at.character,
            lines.units(one.start, one.end),
            _KIND_NUMBERS[one.kind],
            int(one.defines),
        ]
        line, character = at.line, at.character
    return lsp.SemanticTokens(data)


def lens(found: Lens, opened: OpenText) -> lsp.CodeLens:
    """A line above a line; one that nothing comes of has a command without a name, which is only shown."""
    position = opened.lines.position(found.offset)
    acts = found.act in ("train", "draw")
    command = lsp.Command(
        found.title, f"{SOURCE}.{found.act}" if acts else "", arguments=[opened.uri] if acts else None
    )
    return lsp.CodeLens(lsp.Range(position, position), command)


def text_edits(edits: Iterable[Edit], lines: Lines) -> list[lsp.TextEdit]:
    """Edits of one text."""
    return [lsp.TextEdit(lines.range(edit.span.start, edit.span.end), edit.text) for edit in edits]
