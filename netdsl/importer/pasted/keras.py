"""A Keras model that stands as text, a `Sequential` or `add` line by line: read, and never run."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from netdsl.core.errors import UnsupportedModule
from netdsl.core.text import text

ACTIVATIONS = {
    "elu", "gelu", "hard_sigmoid", "leaky_relu", "mish", "relu", "relu6", "selu", "sigmoid", "silu", "softmax",
    "softplus", "softsign", "swish", "tanh",
}  # fmt: skip
RENAMED = {"hard_sigmoid": "hardsigmoid", "leaky_relu": "leakyrelu", "swish": "silu"}


class KerasLayer(NamedTuple):
    """A call of a layer's class: its arguments by their places and by their names, and its line."""

    name: str
    arguments: list[object]
    named: dict[str, object]
    line: int

    def get(self, name: str, place: int | None = None, default: object = None) -> object:
        """An argument by its name, or by its place."""
        if name in self.named:
            return self.named[name]
        return self.arguments[place] if place is not None and place < len(self.arguments) else default


def write_keras(program: str, file: str) -> str:
    """The statements of a Keras model. Sizes that Keras infers are left out here too.

    Keras keeps the channels last: an input shape (28, 28, 1) is 1x28x28 here, and a dense layer behind `Flatten` has as
    many weights, in another order.

    Raises:
        UnsupportedModule: a layer has no counterpart; the message says which, and its line.
    """
    try:
        tree = ast.parse(program)
    except SyntaxError as error:
        message = text("`{file}`, line {line}: this is not Python: {reason}", file=file, line=error.lineno or 1,
                       reason=error.msg)  # fmt: skip
        raise UnsupportedModule(message) from error
    statements: list[str] = []
    for layer in _layers(tree, file):
        if size := _input_size(layer):
            statements.append(f"input {'x'.join(map(str, _channels_first(size)))}")
        if layer.name not in ("Input", "InputLayer"):
            statements += _statements(layer, file)
    if not statements:
        raise UnsupportedModule(text("`{file}` holds no Keras `Sequential`", file=file))
    return "\n".join(statements) + "\n"


def _layers(tree: ast.Module, file: str) -> Iterator[KerasLayer]:
    """The layers in their order: the list that is given to `Sequential`, then what `add` adds."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(ast.Name("Sequential") | ast.Attribute(_, "Sequential"), [ast.List(parts), *_]):
                for part in parts:
                    yield _layer(part, file)
    for node in ast.walk(tree):
        match node:
            case ast.Call(ast.Attribute(_, "add"), [part]):
                yield _layer(part, file)


def _layer(node: ast.expr, file: str) -> KerasLayer:
    match node:
        case ast.Call(ast.Name(name) | ast.Attribute(_, name), arguments, keywords):
            named = {one.arg: _constant(one.value) for one in keywords if one.arg}
            return KerasLayer(name, list(map(_constant, arguments)), named, node.lineno)
    message = text(
        "`{file}`, line {line}: `{code}` is not the call of a layer",
        file=file,
        line=node.lineno,
        code=ast.unparse(node),
    )
    raise UnsupportedModule(message)


def _constant(node: ast.expr) -> object:
    """A number, a text or a tuple of them; of `layers.ReLU()` or `tf.nn.relu` the name."""
    try:
        return ast.literal_eval(node)
    except ValueError:
        inner = node.func if isinstance(node, ast.Call) else node
        return inner.attr if isinstance(inner, ast.Attribute) else ast.unparse(inner)


def _input_size(layer: KerasLayer) -> tuple[int, ...]:
    given = layer.get("input_shape") or layer.get("shape", 0 if layer.name == "Input" else None)
    if given is None and layer.get("input_dim"):
        given = (layer.get("input_dim"),)
    sizes = given if isinstance(given, tuple | list) else ()
    return tuple(sizes) if all(isinstance(size, int) for size in sizes) else ()


def _channels_first(size: tuple[int, ...]) -> tuple[int, ...]:
    """28x28x1 as 1x28x28. A sequence T×F stays."""
    return (size[-1], *size[:-1]) if len(size) == 3 else size


def _statements(layer: KerasLayer, file: str) -> list[str]:
    stands_alone = layer.name == "Activation"
    written = [] if stands_alone else _write(layer, file)
    activation = layer.get("activation", 0 if stands_alone else None)
    if isinstance(activation, str) and activation != "linear":
        written = [*written, *_activation(activation, layer, file)]
    return written


def _write(layer: KerasLayer, file: str) -> list[str]:
    write = WRITERS.get(layer.name)
    if write is None:
        message = text("`{file}`, line {line}: Keras's `{layer}` has no counterpart in the language", file=file,
                       line=layer.line, layer=layer.name)  # fmt: skip
        raise UnsupportedModule(message)
    return write(layer)


def _activation(name: str, layer: KerasLayer, file: str) -> list[str]:
    name = name.lower()
    if name not in ACTIVATIONS:
        message = text("`{file}`, line {line}: the activation `{name}` has no counterpart in the language", file=file,
                       line=layer.line, name=name)  # fmt: skip
        raise UnsupportedModule(message)
    return [RENAMED.get(name, name)]


def _size(given: object) -> str:
    """`3` of 3 and of (3, 3); `3x5` of (3, 5)."""
    several = given if isinstance(given, tuple | list) else (given,)
    return str(several[0]) if len(set(several)) == 1 else "x".join(map(str, several))


def _window(layer: KerasLayer, stride: object) -> str:
    """The stride and the padding of a window, as far as they are not usual."""
    words = "" if stride in (None, 1, (1, 1)) else f" s{_size(stride)}"
    return words + (" same" if str(layer.get("padding")).lower() == "same" else "")


def _conv(layer: KerasLayer) -> list[str]:
    words = (
        f"conv {layer.get('filters', 0)} k{_size(layer.get('kernel_size', 1))}{_window(layer, layer.get('strides', 2))}"
    )
    dilation = layer.get("dilation_rate")
    words += f" dilation={_size(dilation)}" if dilation not in (None, 1, (1, 1)) else ""
    return [words + _bias(layer)]


def _depthwise(layer: KerasLayer) -> list[str]:
    return [f"dwconv k{_size(layer.get('kernel_size', 0))}{_window(layer, layer.get('strides', 1))}{_bias(layer)}"]


def _pool(name: str) -> Callable[[KerasLayer], list[str]]:
    def write(layer: KerasLayer) -> list[str]:
        size = layer.get("pool_size", 0, 2)
        stride = layer.get("strides", 1)
        return [f"{name} {_size(size)}{'' if stride in (None, size) else f' s{_size(stride)}'}{_window(layer, None)}"]

    return write


def _recurrent(name: str) -> Callable[[KerasLayer], list[str]]:
    def write(layer: KerasLayer) -> list[str]:
        # Keras returns the last step unless it is told otherwise.
        return [f"{name} {layer.get('units', 0)}", *([] if layer.get("return_sequences") else ["last"])]

    return write


def _bias(layer: KerasLayer) -> str:
    return " bias=false" if layer.get("use_bias") is False else ""


WRITERS: Mapping[str, Callable[[KerasLayer], list[str]]] = {
    "AveragePooling1D": _pool("avgpool"),
    "AveragePooling2D": _pool("avgpool"),
    "BatchNormalization": lambda _: ["bn eps=0.001 momentum=0.01"],
    "Conv1D": _conv,
    "Conv2D": _conv,
    "Conv3D": _conv,
    "Convolution2D": _conv,
    "Dense": lambda layer: [f"linear {layer.get('units', 0)}{_bias(layer)}"],
    "DepthwiseConv2D": _depthwise,
    "Dropout": lambda layer: [f"dropout {layer.get('rate', 0)}"],
    "ELU": lambda _: ["elu"],
    "Embedding": lambda layer: [f"embedding {layer.get('input_dim', 0)}->{layer.get('output_dim', 1)}"],
    "Flatten": lambda _: ["flatten"],
    "GRU": _recurrent("gru"),
    "GlobalAveragePooling1D": lambda _: ["mean"],
    "GlobalAveragePooling2D": lambda _: ["gap", "flatten"],
    "LSTM": _recurrent("lstm"),
    "LayerNormalization": lambda _: ["layernorm eps=0.001"],
    "LeakyReLU": lambda layer: [f"leakyrelu {layer.get('negative_slope', 0, layer.get('alpha', None, 0.3))}"],
    "MaxPool2D": _pool("maxpool"),
    "MaxPooling1D": _pool("maxpool"),
    "MaxPooling2D": _pool("maxpool"),
    "PReLU": lambda _: ["prelu"],
    "ReLU": lambda _: ["relu"],
    "SimpleRNN": _recurrent("rnn"),
    "Softmax": lambda _: ["softmax"],
    "UpSampling2D": lambda layer: [f"upsample {_size(layer.get('size', 0, 2))}"],
    "ZeroPadding2D": lambda layer: [f"pad {_size(layer.get('padding', 0, 1))}"],
}
"""What writes each class of Keras, with the constants of Keras where torch has others: bn's momentum is 1 - 0.99."""
