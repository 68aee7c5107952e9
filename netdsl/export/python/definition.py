"""The text of one class: a constructor that makes the children, and a `forward` if the inherited one is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from textwrap import wrap

from netdsl.export.python.expressions import FEWEST, Expressions, only
from netdsl.export.python.forward import Takes, composite_forward, sequential_forward, shared
from netdsl.export.python.layout import INDENT, WIDTH, Argument, Expression, Group, InlineText, flat, lay_out, literal
from netdsl.export.python.names import is_attribute, variable
from netdsl.export.python.parameters import Parameters
from netdsl.export.python.signatures import REQUIRED
from netdsl.program import SEQUENCES, SEQUENTIAL, Node

NORMS = {"SpectralNorm": "use_spectral_norm", "WeightNorm": "use_weight_norm"}
"""Composites that give the weights of their body another form, and the function that does it."""

LISTS = ("Concat", "Add", "Mul", "Split")
"""Composites with bodies without names."""


class Definition:
    """The parts of a class, from the nodes that become its instances. Raises `Differ` if they differ too much."""

    def __init__(self, expressions: Expressions, nodes: Sequence[Node], parameters: Parameters) -> None:
        self.expressions = expressions
        self.nodes = nodes
        self.parameters = parameters
        self.first = nodes[0]
        self.target = only(node.call.target for node in nodes)
        self.statements = list(self._constructor())
        self.forward = list(self._forward())

    def text(self, name: str, docstring: str) -> str:
        """The text of the class with this name."""
        lines = [f"class {name}({self._base()}):", *_indented(_docstring_lines(docstring), INDENT), ""]
        lines += self._signature("__init__", [f"{one}" for one in self._declared()], "None")
        lines += self.statements
        if self.forward:
            arguments = self.first.call.arguments
            inputs = [variable(name) for name in arguments.get("inputs", ())] or ["x"]
            takes = [variable(label) for label in sorted(self.first.takes)]
            # What is shared goes out beside the output.
            outputs = (len(arguments.get("outputs", ())) or 1) + len(shared(self.first))
            returns = f"tuple[{', '.join(['Tensor'] * outputs)}]" if outputs > 1 else "Tensor"
            lines += ["", *self._signature("forward", [f"{name}: Tensor" for name in (*inputs, *takes)], returns)]
            lines += _indented(self.forward, 2 * INDENT)
        return "\n".join(lines)

    def _base(self) -> str:
        kind = self.target.partition(":")[2]
        return "nn.ModuleList" if kind in LISTS else "nn.Module" if self._is_composite() else "nn.Sequential"

    def _is_composite(self) -> bool:
        return self.target not in SEQUENCES

    def _constructor(self) -> Iterator[str]:
        """The indented lines of `__init__`."""
        plain = all(child.step.isdigit() for node in self.nodes for child in node.children)
        # A plain `nn.Sequential` takes its modules as arguments, as one writes it by hand.
        if plain and self.target == SEQUENTIAL.target:
            items = self.expressions.items([node.children for node in self.nodes], self.parameters)
            yield from lay_out(Group("super().__init__(", items), 2 * INDENT)
            return
        yield " " * 2 * INDENT + "super().__init__()"
        # Equal children in a row become a loop.
        for (key, argument), run in groupby(self._children(), lambda child: (_place(child[0]), child[1])):
            yield from _assignments(key, argument, len(list(run)))
        norm = NORMS.get(self.target.partition(":")[2])
        if norm:
            self.expressions.composites[norm] = None
            yield " " * 2 * INDENT + f"{norm}(self.body)"

    def _children(self) -> Iterator[tuple[str, Argument]]:
        # What is used again has been made already.
        made = [[child for child in node.children if not child.again] for node in self.nodes]
        keys = only(tuple(child.key for child in children) for children in made)
        for index, key in enumerate(keys):
            row = [children[index] for children in made]
            argument = self.expressions.item(row, self.parameters)
            if row[0].layer is None and row[0].block is None:
                # A body is written in full, so a comment with its text would repeat it.
                argument = Argument(argument.value)
            yield key, argument

    def _forward(self) -> Iterator[str]:
        if self.target == SEQUENTIAL.target:
            return iter(())
        takes = only(self._takes(node) for node in self.nodes)
        # All uses share one `forward` only if they take the same outputs.
        only((tuple(sorted(node.takes)), repr(node.call.arguments), _starts(node)) for node in self.nodes)
        if self._is_composite():
            return composite_forward(self.first, takes)
        return sequential_forward(self.first, takes)

    def _takes(self, node: Node) -> Takes:
        """The labelled outputs that the children take."""
        made = {child.key: self.expressions.made.get(child.path) for child in node.children}
        own = {child.key: child.call.arguments.get("takes", ()) for child in node.children}
        return {key: tuple(one.takes if one else own[key]) for key, one in made.items()}

    def _declared(self) -> Iterator[str]:
        signature, annotations = self.parameters.signature, self.parameters.annotations()
        for name, default in signature.items():
            value = "" if default is REQUIRED else f" = {flat(literal(default))}"
            yield f"{name}: {annotations[name]}{value}"

    def _signature(self, name: str, parameters: Sequence[str], returns: str) -> list[str]:
        elements = tuple(Argument(InlineText(one)) for one in ("self", *parameters))
        return list(lay_out(Group(f"def {name}(", elements), INDENT, suffix=f" -> {returns}:"))


def _starts(node: Node) -> tuple[tuple[str, str], ...]:
    """Its steps, and the labels whose outputs they receive instead of the output before them."""
    return tuple((child.step, child.start) for child in node.children)


def _place(key: str) -> str:
    """A child's place in its line; children that differ only in it may form one loop."""
    return "" if key.isdigit() else key


def _assignments(key: str, argument: Argument, times: int) -> Iterator[str]:
    """The line that makes a child, or the loop that makes several."""
    if key:
        yield from _assignment(key, argument, 2 * INDENT)
    elif times >= FEWEST:
        yield " " * 2 * INDENT + f"for _ in range({times}):"
        yield from _assignment(key, argument, 3 * INDENT)
    else:
        for _ in range(times):
            yield from _assignment(key, argument, 2 * INDENT)


def _assignment(key: str, argument: Argument, indent: int) -> Iterator[str]:
    value, comment = argument.value, argument.comment
    if is_attribute(key):
        yield from lay_out(value, indent, f"self.{key} = ", comment=comment)
    # A key that is not an identifier cannot follow a dot.
    else:
        elements = (Argument(value),) if not key else (Argument(literal(key)), Argument(value))
        call: Expression = Group("self.add_module(" if key else "self.append(", elements)
        yield from lay_out(call, indent, comment=comment)


def _docstring_lines(text: str) -> list[str]:
    # A backslash or a quote would end or change the docstring.
    text = text.replace("\\", "/").replace('"', "'")
    if len(text) + INDENT + len('""""""') <= WIDTH and "\n" not in text:
        return [f'"""{text}"""']
    paragraphs = (wrap(one, WIDTH - INDENT - len('""""""'), break_long_words=False) for one in text.split("\n\n"))
    # Paragraphs are separated by an empty line.
    first, *others = [line for paragraph in paragraphs for line in ("", *paragraph)][1:]
    return [f'"""{first}', *others, '"""']


def _indented(lines: Iterable[str], indent: int) -> Iterator[str]:
    return (f"{' ' * indent}{line}" if line else "" for line in lines)
