"""Definitions: `block` and `use`, and the expansion of a use of a block."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from netdsl.checker.arguments.binding import bind
from netdsl.checker.arguments.codes import WRONG_VALUE
from netdsl.checker.arguments.values import HOLE, INVALID, evaluate
from netdsl.checker.context import Context
from netdsl.checker.names.codes import MALFORMED_DEFINITION, UNKNOWN_LAYER
from netdsl.checker.names.scope import Block, Scope, as_name
from netdsl.checker.names.variables import RESERVED, define_variables
from netdsl.checker.recover.torch_order import torch_order
from netdsl.components import Layer, Parameter
from netdsl.components.registry import OWN
from netdsl.core.diagnostics import Code, Label
from netdsl.core.files import find_home, reason
from netdsl.core.limits import MAX_BYTES, MAX_NESTING
from netdsl.core.sizes import Shape
from netdsl.core.source import Source, Span
from netdsl.core.text import join_and, text
from netdsl.language.recovery.codes import NESTED_TOO_DEEP, TOO_LONG
from netdsl.language.statements import BLOCK, LET, USE
from netdsl.language.syntax import Body, Hole, Item, Name, Setting, Statement, String

USES_ITSELF = Code(
    "NET405",
    title="a definition that uses itself",
    meaning="A block or a file that uses itself would never end. To repeat layers, write `repeat N { … }`.",
    example="block deep { deep }\ninput 8\ndeep",
    instead="block deep { relu }\ninput 8\nrepeat 3 { deep }",
)

OUTSIDE_FOLDER = Code(
    "NET406",
    title="a file outside the folder",
    meaning=(
        "`use` reads only files below the folder of the file that is run, so that a net from a stranger cannot "
        "look around."
    ),
    example='use "../blocks.net"\ninput 3x8x8\nbasic 8',
    instead="use resnet\ninput 3x8x8\nbasic 8",
)

UNREADABLE_FILE = Code(
    "NET407",
    title="a used file that cannot be read",
    meaning="The file that `use` names does not exist, or is not a UTF-8 text.",
    example='use "absent.net"\ninput 3x8x8\nbasic 8',
    instead="use resnet\ninput 3x8x8\nbasic 8",
)


SHIPPED = "<netdsl library>"
LIBRARY = Path(__file__).parents[2] / "library"
"""The folder of netdsl's own files in messages."""


def define_blocks(statements: Iterable[Statement], scope: Scope, context: Context) -> None:
    """Enters the blocks of a file into its scope before the check, because a use may stand above its definition."""
    for statement in statements:
        if statement.name.text == BLOCK.name:
            define_block(statement, scope, context)


def define_block(statement: Statement, scope: Scope, context: Context) -> None:
    """Enters one block."""
    head = [item for item in statement.items if not isinstance(item, Body)]
    bodies = [item for item in statement.items if isinstance(item, Body)]
    names = [as_name(item) or item for item in head]
    name = names[0] if names and isinstance(names[0], Name) else None
    if name is None or len(bodies) != 1 or statement.flow or statement.label:
        advice = "write `block NAME parameter other=1 { … }`"
        context.report(
            MALFORMED_DEFINITION, "`block` takes a name, parameters and a body", statement.name.span, help=advice
        )
        if name:
            # The name counts as defined, so that its uses are not reported as unknown.
            scope.variables.setdefault(name.text, INVALID)
        return
    (body,) = bodies
    other = scope.blocks.get(name.text)
    if other:
        labels = [Label(other.defined.span, "first defined here")]
        context.report(
            MALFORMED_DEFINITION, text("the block `{name}` is defined twice", name=name.text), name.span, labels=labels
        )
    elif context.registry.origins.get((Layer, name.text)) == OWN:  # a plugin's layer may be hidden: it may be newer
        message = text("`{name}` is a layer and cannot be a block's name", name=name.text)
        context.report(MALFORMED_DEFINITION, message, name.span, help="choose another name")
    else:
        declared = _parameters(names[1:], context)
        example = " ".join([name.text, *(item.span.text for item in names[1:] if item)])
        scope.blocks[name.text] = Block(
            name=name.text, function=define_block, example=example,
            declared=declared, body=body, scope=scope, defined=name,
        )  # fmt: skip


def _parameters(items: Sequence[Item], context: Context) -> Mapping[str, Parameter]:
    parameters: dict[str, Parameter] = {}
    for item in items:
        if not isinstance(item, (Name, Setting)):
            advice = "a parameter is a name, or `name=default`"
            context.report(MALFORMED_DEFINITION, "this is not a parameter", item.span, help=advice)
            continue
        name = item.name if isinstance(item, Setting) else item
        default = item.value if isinstance(item, Setting) else Parameter.REQUIRED
        if name.text in parameters or name.text in RESERVED:
            message = text("`{name}` cannot be a parameter here: the name is taken", name=name.text)
            context.report(MALFORMED_DEFINITION, message, name.span, help="choose another name")
        if isinstance(default, Hole):
            context.report(WRONG_VALUE, "`?` stands for an argument of a layer, not for a default", default.span)
        # A refused parameter is entered too, because the body uses it.
        parameters[name.text] = Parameter(name.text, Any, default, True)
    return parameters


def _uses_itself(block: str, through: Sequence[str]) -> str:
    if not through:
        return text("the block `{block}` uses itself", block=block)
    blocks = join_and(f"`{name}`" for name in through)
    return text("the block `{block}` uses itself, through {blocks}", block=block, blocks=blocks)


def expand(block: Block, statement: Statement, scope: Scope, input: Shape | None, context: Context) -> Scope | None:
    """The scope of a block's body for one use; None if the block cannot be expanded."""
    # A use that fails counts too: the body is not checked as an unused one.
    context.expansion.note([block])
    if block in context.expansion.open:
        through = [other.name for other in context.expansion.open[context.expansion.open.index(block) + 1 :]]
        labels = [Label(block.defined.span, "defined here")]
        context.report(USES_ITSELF, _uses_itself(block.name, through), statement.name.span, labels=labels)
        context.expansion.recursions += 1
        return None
    if len(context.expansion.open) >= MAX_NESTING:
        context.report(
            NESTED_TOO_DEEP,
            text("blocks are nested more than {limit} deep", limit=MAX_NESTING),
            statement.name.span,
        )
        context.expansion.recursions += 1
        return None
    arguments = bind(block, statement, scope, context)
    # The body sees the names of the file that defines the block, not those around its use.
    inner = Scope(block.scope, input, dict(arguments.values), is_block=True, depth=scope.depth + 1)
    for name, parameter in block.parameters.items():
        if name not in inner.variables:
            # A missing argument is reported already. A default may use the parameters before it.
            value = INVALID if parameter.required else evaluate(parameter.default, inner, context)
            # A `?` as a default is reported at the definition.
            inner.variables[name] = INVALID if value is HOLE else value
    return inner


def unused(block: Block) -> Scope:
    """The scope for checking the body of a block that is never used."""
    return Scope(block.scope, None, dict.fromkeys(block.parameters, INVALID), is_block=True)


class Library:
    """The files that `use` reads: below the folder of the checked file, or shipped with netdsl."""

    def __init__(self, context: Context) -> None:
        self.context = context
        # The checked file counts as open, so that a file that uses it is reported.
        self.open: list[Path | str] = [(context.folder / Path(context.source.name).name).resolve()]
        self.read: dict[Path | str, Scope] = {}

    def use(self, statement: Statement, scope: Scope, folder: Path | None) -> None:
        """Enters the blocks of the files that a `use` names. Without a folder, only libraries are read."""
        if not statement.items:
            advice = 'write `use "blocks.net"`, or `use resnet` for a library that ships with netdsl'
            self.context.report(MALFORMED_DEFINITION, "`use` names nothing", statement.name.span, help=advice)
        for item in statement.items:
            # A file of a library or a plugin must not name a path, because it has no folder of the user.
            if isinstance(item, Name) and item.text.endswith(".net"):
                item = String(item.text, item.span)
            if isinstance(item, String) and folder is not None:
                self._use_file(item, scope, folder)
            elif name := as_name(item):
                self._use_shipped(name, scope)
            else:
                message = "`use` takes a file in quotes or a library's name"
                self._refuse(MALFORMED_DEFINITION, message, item.span, 'for example `use "blocks.net"` or `use resnet`')

    def blocks(self, source: Source) -> Mapping[str, Block]:
        """The blocks of a plugin's text, which may use the libraries of netdsl."""
        return self._scope(source, None).blocks

    def _use_file(self, item: String, scope: Scope, folder: Path) -> None:
        try:
            path = folder / find_home(Path(item.text))
            content = self._text(path, item)
        # First, because it is a ValueError too.
        except UnicodeDecodeError as error:
            self._refuse(
                UNREADABLE_FILE,
                text("`{file}` is not UTF-8 text: byte {place} is wrong", file=item.text, place=error.start),
                item.span,
            )
        # A path with a null character raises ValueError.
        except (OSError, ValueError) as error:
            if isinstance(error, OSError):
                message = text("cannot read `{file}`: {reason}", file=item.text, reason=reason(error))
            else:
                message = text("cannot read `{file}`: not a path", file=item.text)
            self._refuse(UNREADABLE_FILE, message, item.span)
        else:
            if content is not None:
                self._enter(path.resolve(), Source(str(path), content), item, scope, path.parent)

    def _text(self, path: Path, item: String) -> str | None:
        """The text of a file. If it must not be read, reports that and returns None."""
        # Resolved, because a link may lead out of the folder.
        resolved = path.resolve()
        if not resolved.is_relative_to(self.context.folder.resolve()):
            message = "`use` reads only files below the folder of the file that is run"
            self._refuse(OUTSIDE_FOLDER, message, item.span, "put the file into that folder, or below it")
        elif (unsaved := self.context.memory.files.get(resolved)) is not None:
            return unsaved
        # Reading a pipe or a device would never end.
        elif path.exists() and not path.is_file():
            self._refuse(UNREADABLE_FILE, text("cannot read `{file}`: not a file", file=item.text), item.span)
        # The size is checked before anything is read.
        elif path.stat().st_size > MAX_BYTES:
            self._refuse(
                TOO_LONG,
                text("`{file}` is larger than {limit} MiB", file=item.text, limit=MAX_BYTES >> 20),
                item.span,
            )
        else:
            return path.read_bytes().decode("utf-8")
        return None

    def _refuse(self, code: Code, message: str, span: Span, help: str | None = None) -> None:
        """Reports why a file cannot be read. Its definitions will be missing."""
        self.context.assumptions.incomplete = True
        self.context.report(code, message, span, help=help)

    def _use_shipped(self, item: Name, scope: Scope) -> None:
        shipped = {file.stem: file for file in LIBRARY.glob("*.net")}
        name: str | None = item.text
        if name not in shipped:
            advice = text("netdsl ships {libraries}", libraries=join_and(f"`{name}`" for name in sorted(shipped)))
            unknown = text("unknown library `{name}`", name=name)
            name = self.context.report.unknown(UNKNOWN_LAYER, unknown, item.text, item.span, shipped, advice)
        if name is None:
            self.context.assumptions.incomplete = True
            return
        source = Source(f"{SHIPPED}/{shipped[name].name}", shipped[name].read_text(encoding="utf-8"))
        self._enter(name, source, item, scope, None)

    def _enter(self, key: Path | str, source: Source, item: Name | String, scope: Scope, folder: Path | None) -> None:
        if key in self.open:
            self._refuse(USES_ITSELF, text("`{file}` uses itself", file=item.text), item.span)
            return
        # Read once: a file that two others use must give the same blocks, not two definitions of each.
        if key not in self.read:
            self.open.append(key)
            self.read[key] = self._scope(source, folder)
            self.open.pop()
        # The same block through two files is not a second definition.
        for name, block in self.read[key].blocks.items():
            if scope.blocks.setdefault(name, block) is not block:
                labels = [Label(scope.blocks[name].defined.span, "first defined here")]
                self.context.report(
                    MALFORMED_DEFINITION,
                    text("the block `{name}` is defined twice", name=name),
                    block.defined.span,
                    labels=labels,
                )

    def _scope(self, source: Source, folder: Path | None) -> Scope:
        file, diagnostics = self.context.memory.parse_used(source, torch_order(self.context.registry))
        source = file.source
        if (known := self.context.memory.used_scope(file)) is not None:
            return known
        asked = self.context.report.asked
        self.context.report.diagnostics += diagnostics
        self.context.assumptions.unreadable.add(file.invalid)
        # A file that cannot be read may have defined these.
        scope = Scope(variables=dict.fromkeys(self.context.assumptions.unreadable.names(source), INVALID))
        for statement in file.statements:
            if statement.name.text == USE.name:
                self.use(statement, scope, folder)
            elif statement.name.text == LET.name:
                define_variables(statement, scope, self.context)
        define_blocks(file.statements, scope, self.context)
        # Mistakes are reported in every check, and a file that this one uses may change.
        is_whole = not diagnostics and asked == self.context.report.asked
        if is_whole and all(one.name.text != USE.name for one in file.statements):
            self.context.memory.keep_scope(file, scope)
        return scope
