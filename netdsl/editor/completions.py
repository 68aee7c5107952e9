"""What may stand at the cursor: only what the language would take there, the likeliest first."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Set
from pathlib import Path
from typing import Any, Literal, NamedTuple

from netdsl.checker.names.definitions import LIBRARY
from netdsl.checker.names.scope import INPUT_SIZES, Block, Labelled, Scope, as_name
from netdsl.checker.value import Value
from netdsl.components import Component, Layer, Optimizer, Parameter, Refusal
from netdsl.core.sizes import Shape, format_shape
from netdsl.core.text import text
from netdsl.editor.cursor import Cursor, find_cursor
from netdsl.editor.pages import default_of, page, parameter_page
from netdsl.editor.partial import Partial, read_partial
from netdsl.editor.reading import Reading
from netdsl.language.statements import (
    AGAIN,
    AT_THE_TOP,
    BLOCK,
    BUDGET,
    DATA,
    FROM,
    INPUT,
    LET,
    LOSS,
    OUTPUT,
    PRETRAINED,
    REPEAT,
    STATEMENTS,
    USE,
    VARIANT,
    StatementKind,
)  # fmt: skip
from netdsl.layer_names import names_of
from netdsl.program import Node
from netdsl.render.entry import written
from netdsl.render.vocabulary import FAMILIES

MOST_FILES = 200
"""So many files of a folder are offered."""

Kind = Literal["statement", "layer", "block", "component", "parameter", "value", "variable", "label", "file", "branch"]


class Completion(NamedTuple):
    """What may be written.

    Args:
        label: what is shown, and filtered by.
        kind: what it is.
        start, end: the part of the text that it takes the place of.
        insert: what is written there.
        detail: a few words about it.
        order: it is shown in the order of these, and then of the labels.
        about: what its documentation is made of, when one asks for it.
    """

    label: str
    kind: Kind
    start: int
    end: int
    insert: str
    detail: str = ""
    order: str = ""
    about: Component | StatementKind | tuple[Component, Parameter] | None = None


def completions(reading: Reading, offset: int) -> list[Completion]:
    """What may be written at an offset, in order."""
    cursor = find_cursor(reading.text, offset)
    found = [] if cursor.in_comment else [*_Completer(reading, cursor).all()]
    return sorted(found, key=lambda one: (one.order, one.label))


def documentation(reading: Reading, completion: Completion) -> str:
    """What there is to read about a completion, as Markdown."""
    match completion.about:
        case None:
            return ""
        case (Component() as component, Parameter() as parameter):
            return parameter_page(component, parameter)
        case StatementKind() | Component() as word:
            return page(reading, word)
    raise AssertionError(completion)


class _Completer:
    def __init__(self, reading: Reading, cursor: Cursor) -> None:
        self.reading = reading
        self.registry = reading.registry
        self.cursor = cursor
        self.scope, self.value = reading.arriving_at(cursor.start)

    def all(self) -> Iterator[Completion]:
        """Everything that may stand here."""
        cursor = self.cursor
        head = cursor.head
        inside = cursor.around[-1].split()[:1] if cursor.around else []
        if cursor.in_string:
            yield from self._paths(cursor)
        elif cursor.in_parenthesis:
            yield from self._variables(numbers=True)
            yield from self._sizes()
        elif cursor.before[-1:] == ["as"]:
            return
        elif inside == [DATA.name]:
            yield from self._transforms(head)
        elif not head:
            yield from self._first_words(inside)
        elif head == USE.name:
            yield from self._libraries()
        elif head == INPUT.name:
            yield from self._input()
        elif head == BUDGET.name:
            yield from self._budget()
        elif head in (LET.name, VARIANT.name):
            yield from self._definition(head)
        elif head == BLOCK.name:
            return
        elif head == REPEAT.name:
            yield from self._variables(numbers=True)
        elif head in (AGAIN.name, FROM.name, OUTPUT.name):
            yield from self._labels(head)
        elif head in STATEMENTS:
            yield from self._directive(STATEMENTS[head])
        else:
            yield from self._arguments()

    # What a statement begins with.

    def _first_words(self, inside: list[str]) -> Iterator[Completion]:
        at_top = not inside
        for kind in STATEMENTS.values():
            if kind.name in AT_THE_TOP and not at_top and kind is not LET:
                continue
            written = kind.repeats or not any(one.name.text == kind.name for one in self.reading.file.statements)
            order = "4" if written else "8"
            yield self._whole(kind.name, "statement", kind.summary, order, kind)
        yield from self._layers()
        for name in sorted(self.scope.names()):
            block = self.scope.block(name)
            if block is not None:
                yield self._whole(name, "block", block.example, "1", block)
            elif isinstance(value := self.scope.lookup(name), str) and self._is_layer(str(value)):
                yield self._whole(name, "variable", str(value), "1")

    def _is_layer(self, name: str) -> bool:
        return name in self.registry.layers or self.scope.block(name) is not None

    def _layers(self) -> Iterator[Completion]:
        for layer in self.registry.layers.values():
            fits = _fits(layer, self.value)
            # Forms of a layer for one layout are many, and the layer itself chooses: they are for who asks for them.
            if layer.form_of and not (self.cursor.partial and layer.name.startswith(self.cursor.partial)):
                continue
            family = FAMILIES.index(layer.family) if layer.family in FAMILIES else len(FAMILIES)
            order = ("2" if fits and not layer.form_of else "3" if fits else "7") + f"{family:02}"
            yield self._whole(layer.name, "layer", f"{layer.family}: {layer.summary}", order, layer)

    # What follows the first word.

    def _arguments(self) -> Iterator[Completion]:
        """What a layer or a block may still be given."""
        partial = read_partial(self.reading, self.cursor, self.scope)
        if partial is None:
            return
        component = partial.component
        setting = _setting(self.cursor.word)
        if setting is not None:
            yield from self._values(component, setting)
            return
        yield from self._after_arrow() if "->" in self.cursor.word else self._open(partial)

    def _after_arrow(self) -> Iterator[Completion]:
        yield from self._variables(numbers=True)
        yield from self._sizes()

    def _open(self, partial: Partial) -> Iterator[Completion]:
        component = partial.component
        yield from self._parameters(component, partial.given)
        for name in component.branches:
            if not component.parameters[name].required and name not in partial.given:
                yield self._part(f"{name} {{ }}", "branch", f"{name} {{  }}", order="3")
        for parameter in component.parameters.values():
            if parameter.name not in partial.given and parameter.positional:
                yield from self._choices(component, parameter, order="2")
        if component.takes_labels:
            yield from self._labels(component)
        yield from self._variables(numbers=False)
        if isinstance(component, (Layer, Block)) and len(self.cursor.before) > 1:
            yield self._part("as", "statement", "as ", text("label the output"), order="6")

    def _parameters(self, component: Component, given: Iterable[str]) -> Iterator[Completion]:
        shorts = component.shorts if isinstance(component, Layer) else {}
        for name, parameter in component.parameters.items():
            if name in given or parameter.is_branch:
                continue
            is_inferred = isinstance(component, Layer) and name in component.stated
            order = "0" if parameter.required else "2" if is_inferred else "1"
            detail = default_of(parameter)
            about = (component, parameter)
            # Of a flag that is on, only the other value is worth writing.
            if bool in parameter.options and parameter.default is not True:
                yield self._part(name, "parameter", name, detail, order, about)
                continue
            yield self._part(f"{name}=", "parameter", f"{name}=", detail, order, about)
            for short in (short for short, long in shorts.items() if long == name):
                yield self._part(short, "parameter", short, text("short for {name}", name=name), f"{order}s", about)

    def _values(self, component: Component, setting: str) -> Iterator[Completion]:
        name = component.resolve(setting)
        if name is not None:
            parameter = component.parameters[name]
            if parameter.is_label:
                yield from self._labels(component.name)
            yield from self._choices(component, parameter, order="0")
        yield from self._variables(numbers=False)

    def _choices(self, component: Component, parameter: Parameter, order: str) -> Iterator[Completion]:
        words: list[str] = [*map(str, parameter.choices)]
        if bool in parameter.options and order == "0":
            words += ["true", "false"]
        if type(None) in parameter.options and order == "0":
            words.append("none")
        for word in dict.fromkeys(words):
            default = word == written(parameter.default)
            detail = text("the default of {parameter}", parameter=parameter.name) if default else parameter.name
            yield self._part(word, "value", word, detail, order, (component, parameter))

    def _labels(self, taker: Component | str) -> Iterator[Completion]:
        """The labelled outputs that a layer, or a statement, can take: the layer those above it."""
        labels = self._reachable()
        if taker == AGAIN.name:
            labels = {name: found for name, found in self.scope.labels.items() if found.is_of_statement}
            labels = {name: found for name, found in labels.items() if self._module(found) is not None}
        for name, found in labels.items():
            # Those below are out of reach, but for the statement that speaks of the whole net.
            here = found.statement.source is self.reading.source
            if here and (found.statement.end <= self.cursor.start or taker == OUTPUT.name):
                if taker == AGAIN.name:
                    fits = _takes(self._module(found), self.value.shape)
                else:
                    fits = isinstance(taker, str) or _joins(taker, self.value.shape, found.shape)
                shape = format_shape(found.shape) if found.shape else "?"
                yield self._part(name, "label", name, shape, "" if fits else "5")

    def _module(self, label: Labelled) -> Node | None:
        """The module that a label names; None of a `repeat`'s, which are many."""
        passages = self.reading.passages.get(label.statement.start, ())
        return next((one.node for one in passages if one.statement.span == label.statement), None)

    def _named_layers(self) -> Iterator[Completion]:
        """What a line around the net may call layers that have weights: their labels, names and families."""
        experiment = self.reading.experiment
        names: dict[str, Node] = {}
        for path, node in experiment.network.places() if experiment else ():
            if node.params:
                names |= dict.fromkeys(names_of(path, node) - names.keys(), node)
        labels, listed = self._reachable(), self.cursor.word.partition("=")[2].split(",")[:-1]
        for name, node in names.items():
            if name not in listed and not name[:1].isdigit():
                kind: Kind = "label" if name in labels else "value"
                yield self._part(name, kind, name, node.written, "0" if name in labels else "1")

    def _reachable(self) -> dict[str, Labelled]:
        labels: dict[str, Labelled] = {}
        scope: Scope | None = self.scope
        while scope:
            labels = {**scope.siblings, **scope.labels, **labels}
            scope = None if scope.is_block else scope.parent
        return labels

    def _variables(self, *, numbers: bool) -> Iterator[Completion]:
        for name in sorted(self.scope.names()):
            value = self.scope.lookup(name)
            if self.scope.block(name) is not None:
                continue
            if not numbers or not isinstance(value, (str, bool)):
                place = "" if isinstance(value, object) and type(value) is object else written(value)
                yield self._part(name, "variable", name, place, "4")

    def _sizes(self) -> Iterator[Completion]:
        for name in INPUT_SIZES:
            yield self._part(name, "variable", name, written(self.scope.lookup(name)), "5")

    # The statements around the net.

    def _directive(self, kind: StatementKind) -> Iterator[Completion]:
        settings = kind.own
        known: Mapping[str, Component] = self.registry.of(kind.component) if kind.component else {}
        words = self.cursor.before[1:]
        if kind is LOSS:
            outputs = self._outputs()
            if words and words[0] in outputs:
                words = words[1:]  # the loss of this output
            elif not words and _setting(self.cursor.word) is None:
                for name in outputs:
                    label = self.scope.labelled(name)
                    shape = format_shape(label.shape) if label and label.shape else "?"
                    yield self._part(name, "label", name, shape)  # before the losses
        named = known.get(words[0]) if words else None
        setting = _setting(self.cursor.word)
        if setting is not None:
            for component in filter(None, (named, settings)):
                parameter = component.resolve(setting)
                if parameter is not None:
                    yield from self._values(component, setting)
                    # The words that a line around the net lists are names of layers.
                    if component is settings and tuple[str, ...] in component.parameters[parameter].options:
                        yield from self._named_layers()
                    return
            yield from self._variables(numbers=False)
            return
        if known and (not words or kind.repeats):
            for component in known.values():
                if component.name not in words:
                    yield self._part(component.name, "component", component.name, component.summary, "0", component)
        if kind is PRETRAINED and not words:
            yield from self._pretrained()
        given = {word.partition("=")[0] for word in words if "=" in word} | set(words)
        if isinstance(named, Optimizer) and not named.is_lazy:
            yield from self._settings_of_layers(named, given)
            if "." in self.cursor.word:
                return
        for component in filter(None, (named, settings)):
            # To read the signature of a lazy one may import torch.
            if not component.is_lazy:
                yield from self._parameters(component, {component.resolve(name) or name for name in given})

    def _settings_of_layers(self, optimizer: Optimizer, given: Set[str]) -> Iterator[Completion]:
        """The labels of the net, and behind a label and a point what its layers may have for themselves."""
        word, point, _ = self.cursor.word.rpartition(".")
        if not point:
            for name, found in self._reachable().items():
                shape = format_shape(found.shape) if found.shape else "?"
                yield self._part(f"{name}.", "label", f"{name}.", shape, "3")
            return
        from netdsl.checker.experiment.optimizer_line import settings_of_layers  # few lines have them

        component = settings_of_layers(optimizer)
        for name, parameter in component.parameters.items():
            written = f"{word}.{name}"
            if written not in given:
                yield self._part(f"{written}=", "parameter", f"{written}=", "", "0", (component, parameter))

    def _outputs(self) -> list[str]:
        """The labels of the net's outputs that have no loss yet."""
        statements = self.reading.file.statements
        named = [as_name(item) for one in statements if one.name.text == OUTPUT.name for item in one.items]
        given = {
            name.text
            for one in statements
            if one.name.text == LOSS.name and one.items and not one.span.start <= self.cursor.start <= one.span.end
            if (name := as_name(one.items[0]))
        }
        return [name.text for name in named if name is not None and name.text not in given]

    def _pretrained(self) -> Iterator[Completion]:
        from netdsl.builtins.torchvision_weights import PREFIX, known_weights  # few files have such a line

        for model, weights in known_weights().items():
            yield self._whole(f"{PREFIX}{model}", "value", ", ".join(weights), "1")

    def _transforms(self, head: str) -> Iterator[Completion]:
        known = self.registry.of(DATA.body) if DATA.body else {}
        if not head:
            for component in known.values():
                yield self._whole(component.name, "component", component.summary, "0", component)
            return
        transform = known.get(head)
        if transform is None or transform.is_lazy:
            return
        setting = _setting(self.cursor.word)
        if setting is not None:
            yield from self._values(transform, setting)
            return
        words = self.cursor.before[1:]
        given = {word.partition("=")[0] for word in words if "=" in word} | set(words)
        yield from self._parameters(transform, {transform.resolve(name) or name for name in given})

    def _libraries(self) -> Iterator[Completion]:
        for file in sorted(LIBRARY.glob("*.net")):
            yield self._part(file.stem, "file", file.stem, text("ships with netdsl"), "0")
        yield from self._paths(self.cursor, quoted=True)

    def _input(self) -> Iterator[Completion]:
        data = self.reading.trace.data
        shapes = {format_shape(data.shape): text("what the data give")} if data and data.shape else {}
        for shape, detail in {**shapes, "3x32x32": "", "3x224x224": "", "1x28x28": "", "3xHxW": ""}.items():
            yield self._part(shape, "value", shape, detail, "0" if detail else "1")

    def _budget(self) -> Iterator[Completion]:
        from netdsl.checker.experiment.budget import QUANTITIES  # the check itself imports it as late

        for name, quantity in QUANTITIES.items():
            bound = f"{name}{quantity.usual}"
            yield self._part(bound, "parameter", bound, "", "0")

    def _definition(self, head: str) -> Iterator[Completion]:
        if _setting(self.cursor.word) is not None:
            yield from self._variables(numbers=False)
            for layer in self.registry.layers.values():
                if layer.family == "activation" and not layer.form_of:
                    yield self._part(layer.name, "layer", layer.name, layer.summary, "5", layer)
        elif head == VARIANT.name and len(self.cursor.before) > 1:
            for name in self.reading.scope.places:
                yield self._part(f"{name}=", "variable", f"{name}=", written(self.scope.lookup(name)), "0")

    def _paths(self, cursor: Cursor, *, quoted: bool = False) -> Iterator[Completion]:
        """Files below the folder of the text: nets for `use`, data for everything else."""
        begun = "" if quoted else cursor.written.rpartition('"')[2]
        folder = self.reading.folder / begun.rpartition("/")[0]
        wants_nets = cursor.head == USE.name
        for name, is_folder in _listed(self.reading.folder, folder):
            if not is_folder and name.endswith(".net") != wants_nets:
                continue
            path = f"{begun.rpartition('/')[0]}/{name}" if "/" in begun else name
            shown = f"{path}/" if is_folder else path
            start = cursor.offset - len(cursor.word if quoted else begun)
            insert = f'"{shown}"' if quoted else shown
            yield Completion(shown, "file", start, cursor.offset, insert, order="2" if is_folder else "1")

    # How a completion takes its place.

    def _whole(self, label: str, kind: Kind, detail: str, order: str, about: Any = None) -> Completion:
        start = self.cursor.offset - len(self.cursor.word)
        return Completion(label, kind, start, self.cursor.offset, label, detail, order, about)

    def _part(
        self, label: str, kind: Kind, insert: str, detail: str = "", order: str = "", about: Any = None
    ) -> Completion:
        partial = self.cursor.partial if kind != "value" or not self.cursor.word[:1].isdigit() else self.cursor.word
        start = self.cursor.offset - len(partial)
        return Completion(label, kind, start, self.cursor.offset, insert, detail, order, about)


def _setting(word: str) -> str | None:
    """The parameter whose value is being written; None where none is."""
    name, sign, _ = word.partition("=")
    return name if sign and name.replace(".", "_").isidentifier() else None


def _fits(layer: Layer, value: Value) -> bool:
    """Whether a layer takes as many dimensions as come in, and numbers of their kind."""
    if layer.takes != "any" and value.dtype != "any" and layer.takes != value.dtype:
        return False
    return value.shape is None or not layer.accepts or len(value.shape) in map(len, layer.accepts)


def _takes(module: Node | None, value: Shape | None) -> bool:
    """Whether a module that was built for another input can surely take this one as well."""
    if module is None or value is None or not module.params or module.input == value:
        return True
    layer = module.layer
    axes = list(layer.stated.values()) if layer else []
    same = len(module.input) == len(value) and all(module.input[axis] == value[axis] for axis in axes)
    return bool(axes) and same


def _joins(component: Component, value: Shape | None, labelled: Shape | None) -> bool:
    """Whether an output can join what comes in, by the rule of the layer that joins them."""
    many = next((name for name, parameter in component.parameters.items() if parameter.is_many), None)
    if many is None or value is None or labelled is None:
        return True
    try:
        component.ask(value, **{many: (value, labelled)})
    except Refusal:
        return False
    except Exception:  # a plugin's rule may fail in any way, which says nothing of the shapes
        return True
    return True


def _listed(root: Path, folder: Path) -> Iterator[tuple[str, bool]]:
    """The visible files and folders of a folder that is not outside of another."""
    try:
        if not folder.resolve().is_relative_to(root.resolve()):
            return
        with os.scandir(folder) as entries:
            found = sorted((entry.name, entry.is_dir()) for entry in entries if not entry.name.startswith("."))
    except (OSError, ValueError):  # a folder that is not there, or may not be read, has nothing to offer
        return
    yield from found[:MOST_FILES]
