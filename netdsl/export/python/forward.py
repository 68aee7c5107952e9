"""The `forward` of classes with labelled outputs. All others inherit it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from netdsl.export.python.names import attribute, variable
from netdsl.program import Node

Takes = Mapping[str, Sequence[str]]
"""For each child's key, the labels of the outputs that it takes besides its input, in order."""


def shared(body: Node) -> Sequence[str]:
    """The labels whose outputs a body hands to the bodies behind it."""
    labels: Sequence[str] = body.call.arguments.get("shares", ())
    return labels


def sequential_forward(node: Node, takes: Takes) -> Iterator[str]:
    """One line for each module: `x = stem = self.stem(x)`, `x = self[6](x, stem)`, `x = self[7](stem)`."""
    arguments = node.call.arguments
    keeps: Mapping[str, str] = arguments.get("keeps", {})
    inputs, outputs = arguments.get("inputs", ()), arguments.get("outputs", ())
    x = variable(inputs[0]) if inputs else "x"
    if "" in keeps:
        yield f"{variable(keeps[''])} = {x}"
    for child in node.children:
        kept = f"{variable(keeps[child.step])} = " if child.step in keeps else ""
        given = variable(child.start) if child.start else x
        yield f"x = {kept}{_called(attribute(child.key), given, takes[child.key])}"
        x = "x"
    yield f"return {', '.join([*(map(variable, outputs) if outputs else [x]), *map(variable, shared(node))])}"


def composite_forward(composite: Node, takes: Takes) -> Iterator[str]:
    """The outputs of the bodies, joined as the composite joins them."""
    kind = composite.call.target.partition(":")[2]
    keys = [child.key for child in composite.children]
    joined = [variable(label) for label in composite.call.arguments.get("takes", ())]
    if kind == "Split":
        yield f"parts = x.chunk({len(keys)}, dim=1)"
    outputs = [_called(attribute(key), f"parts[{key}]" if kind == "Split" else "x", takes[key]) for key in keys]
    if any(map(shared, composite.children)):
        names = _unlike(joined, composite)
        for number, (child, output) in enumerate(zip(composite.children, outputs, strict=True)):
            outputs[number] = f"{names}{number}"
            yield f"{', '.join([outputs[number], *map(variable, shared(child))])} = {output}"
    if kind in ("Concat", "Split"):
        yield from _concatenation([*outputs, *joined], composite.call.arguments.get("dim", 1))
    elif kind == "ScaledResidual":
        body, *shortcut = outputs
        yield f"return {composite.call.arguments['factor']} * {body} + {shortcut[0] if shortcut else 'x'}"
    elif kind == "Residual":
        yield f"return {' + '.join(outputs if len(outputs) > 1 else [*outputs, 'x'])}"
    elif kind in ("Add", "Mul"):
        yield f"return {(' + ' if kind == 'Add' else ' * ').join([*outputs, *joined])}"
    else:
        yield f"return {'x * ' if kind == 'Scale' else ''}{outputs[0]}"


def _unlike(labels: Sequence[str], composite: Node) -> str:
    """What the outputs of bodies are called, so that no label is called so."""
    taken = {*labels, *(variable(label) for child in composite.children for label in (*child.takes, *shared(child)))}
    name = "out"
    while any(label.startswith(name) for label in taken):
        name += "_"
    return name


def _concatenation(outputs: Sequence[str], dim: int) -> Iterator[str]:
    yield "outputs = ["
    yield from (f"    {output}," for output in outputs)
    yield "]"
    yield f"return torch.cat(outputs, dim={dim})"


def _called(module: str, x: str, takes: Sequence[str]) -> str:
    return f"{module}({', '.join([x, *map(variable, takes)])})"
