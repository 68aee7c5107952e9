"""Layers without a rule of their own: the module itself is run on the `meta` device, which has shapes but no numbers.

`nn.Hardshrink` and every other class of `torch.nn` is such a layer, under torch's own name and with torch's own
parameters. Nothing runs here but the constructor and `forward` of those classes, and of those that `module_layer` is
given.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import prod
from types import NoneType, UnionType
from typing import Any, Literal, Union, cast, get_args, get_origin, get_type_hints

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from netdsl.builtins import layers
from netdsl.components import Call, Dtype, Layer, Refusal, Result, Undetermined, call
from netdsl.components.traits import Declared
from netdsl.core.sizes import UNKNOWN, Shape, Unknown, format_shape, is_known
from netdsl.core.text import join_and, text

PREFIX = "nn."
FAMILY = "torch.nn"

ANY_SIZE = 2
"""What stands for a symbol where one size answers for all."""

BATCHES = (2, 3)
"""A module keeps the batch apart where its output follows both, and is otherwise the same."""

AFFORDABLE = 2**24
"""So many numbers, 64 MiB of them, may be held to try a module for real."""

MACS_FOR_ONE_HELD = 2**6
"""A multiply-add is so much cheaper than a number held."""

LONGEST = 160
"""So much of torch's complaint is repeated."""

PLAIN = (int, float, bool, str, NoneType)
NOT_WRITTEN = ("device", "dtype")

MOVERS = (nn.Flatten, nn.Unflatten, nn.Identity)
"""They move any numbers around, indices too."""

ELEMENTWISE_FAMILIES = ("torch.nn.modules.activation", "torch.nn.modules.dropout")
ELEMENTWISE_EXCEPT = (nn.GLU, nn.PReLU, nn.MultiheadAttention)
"""The classes of these families, but for three, return the shape they receive, and whether they accept one depends on
its number of dimensions alone: the definition of an activation and of a dropout. So one size answers for every size.
"""

STATEFUL = {nn.LSTM: "lstm", nn.GRU: "gru", nn.RNN: "rnn"}


def torch_layer(name: str) -> Layer | None:
    """The layer that `nn.Hardshrink` means; None where `torch.nn` has no module of that name."""
    return _torch_layers().get(name.removeprefix(PREFIX)) if name.startswith(PREFIX) else None


def torch_layer_names() -> Sequence[str]:
    """The names of torch's modules, without the `nn.`."""
    return tuple(_torch_layers())


def module_layer(
    cls: type[nn.Module], name: str, family: str, takes: Dtype | None = None, traits: Declared = frozenset()
) -> Layer:
    """A layer of any module class that maps a batch of one shape to a batch of another.

    Its parameters are the constructor's, its rule runs the module on the `meta` device, and its documentation is the
    class's. An input of symbolic sizes is refused: a run says nothing of other sizes.
    """
    usual: Dtype = "index" if issubclass(cls, (nn.Embedding, nn.EmbeddingBag)) else "any" if cls in MOVERS else "float"
    takes = takes or usual
    return Layer(name=name, family=family, function=_rule(cls, name, takes), takes=takes, traits=traits)


@cache
def _torch_layers() -> Mapping[str, Layer]:
    return {
        name: module_layer(
            value, f"{PREFIX}{name}", FAMILY, traits=_known_traits().get(_without_axes(name), frozenset())
        )
        for name, value in vars(nn).items()
        if isinstance(value, type) and issubclass(value, nn.Module)
    }


@cache
def _known_traits() -> Mapping[str, Declared]:
    """The traits of the layers that come with netdsl, by the classes of `torch.nn` that do the same."""
    modules = (
        # The modules of the layers are listed from the folder, so that a new one takes part by itself.
        importlib.import_module(f"{layers.__name__}.{one.name}")
        for one in pkgutil.iter_modules(layers.__path__)
    )
    found = [value for module in modules for value in vars(module).values() if isinstance(value, Layer)]
    return {_without_axes(name): layer.traits for layer in found for name in (layer.name, *layer.torch_names)}


def _without_axes(name: str) -> str:
    """`Conv2d` and `conv3d` are both `conv`: a layer has one set of traits for every number of axes."""
    return re.sub("[123]d$", "", name).lower()


def _rule(cls: type[nn.Module], name: str, takes: Dtype) -> Callable[..., Result]:
    """The rule of a class, with the signature, the annotations and the documentation of its constructor."""
    unusable = _unusable(cls, name)

    def rule(x: Shape, **arguments: Any) -> Result:
        if unusable:
            raise Refusal(unusable.reason, help=unusable.advice)
        return _Trial(cls, name, takes, arguments).result(x)

    parameters = list(_parameters(cls))
    if unusable:  # whatever is written, the reason is what there is to say
        parameters = [parameter.replace(default=None, annotation=Any) for parameter in parameters]
    x = inspect.Parameter("x", inspect.Parameter.POSITIONAL_ONLY, annotation=Shape)
    rule.__signature__ = inspect.Signature([x, *parameters])  # type: ignore[attr-defined]  # what `inspect` looks for
    rule.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    rule.__doc__ = inspect.getdoc(cls)
    return rule


def _parameters(cls: type[nn.Module]) -> Iterator[inspect.Parameter]:
    """The constructor's parameters that can be written in the language."""
    owner = nn.RNNBase if cls in STATEFUL else cls  # whose subclasses say `*args`
    types = _types(owner)
    for name, given in list(inspect.signature(owner.__init__).parameters.items())[1:]:
        # A private parameter is no promise, and the device is chosen by the run.
        if given.kind in (given.VAR_POSITIONAL, given.VAR_KEYWORD) or name.startswith("_") or name in NOT_WRITTEN:
            continue
        kept = writable(types.get(name, Any))
        # A required parameter stays although nobody can write it, so that the refusal can name it.
        if kept is not None or given.default is given.empty:
            yield given.replace(annotation=Any if kept is None else kept)


def _types(cls: type[nn.Module]) -> Mapping[str, Any]:
    try:
        return get_type_hints(cls.__init__)
    except NameError:  # some annotations name what is imported for type checkers alone
        return {}


def writable(annotation: Any) -> Any:
    """The part of an annotation that the language has values of; None where there is none."""
    options = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    kept = [option for option in map(_option, options) if option is not None]
    return Union[tuple(kept)] if set(kept) - {NoneType} else None  # noqa: UP007  # made of a list


def _option(option: Any) -> Any:
    # `Any` covers an annotation that could not be read.
    if option in (*PLAIN, Any) or get_origin(option) is Literal:
        return option
    if option is torch.Size:
        return tuple[int, ...]
    origin, arguments = get_origin(option), [one for one in get_args(option) if one is not Ellipsis]
    if isinstance(origin, type) and issubclass(origin, Sequence):
        elements = writable(Union[tuple(arguments)])  # noqa: UP007
        counted = origin is tuple and Ellipsis not in get_args(option)
        # A fixed tuple keeps its length, so that the checker counts the elements.
        return elements and tuple.__class_getitem__((elements,) * len(arguments) if counted else (elements, ...))
    return None


@dataclass(frozen=True, slots=True)
class _Unusable:
    """Why a class can be no layer, whatever its arguments, and what to write."""

    reason: str
    advice: str | None = None


def _unusable(cls: type[nn.Module], name: str) -> _Unusable | None:
    inputs = list(inspect.signature(cls.forward).parameters.values())[1:]
    required = [one.name for one in inputs if one.default is one.empty]
    # The class lies in a module of its own, apart from the other losses.
    if cls.__module__ == "torch.nn.modules.loss" or cls is nn.AdaptiveLogSoftmaxWithLoss:
        return _Unusable(
            text("`{layer}` is a loss, not a layer", layer=name),
            "the loss of an experiment stands on its own line: `loss cross_entropy`",
        )
    if cls in STATEFUL:
        return _Unusable(
            text("`{layer}` returns a state beside its output", layer=name),
            text("write `{layer}`, which returns the output alone", layer=STATEFUL[cls]),
        )
    if cls is nn.CrossMapLRN2d:
        return _Unusable(text("`{layer}` is superseded by `nn.LocalResponseNorm`", layer=name), "write `lrn`")
    if cls is nn.MultiheadAttention:
        return _Unusable(
            text("`{layer}` takes a query, a key and a value", layer=name),
            "write `attention`, which makes all three of its input",
        )
    if issubclass(cls, nn.modules.lazy.LazyModuleMixin):
        eager = cls.cls_to_become.__name__ if cls.cls_to_become else ""
        return _Unusable(
            text("`{layer}` has no sizes before its first batch", layer=name),
            text("write `{layer}`", layer=f"{PREFIX}{eager}"),
        )
    # A container's forward takes anything or fails: Sequential without children would return its input.
    if any(one.kind is one.VAR_POSITIONAL for one in inputs) or cls is nn.Sequential:
        return _Unusable(
            text("`{layer}` does nothing by itself", layer=name), "modules inside others are written as a `block`"
        )
    # The general reasons go last, so that they speak only where nothing more helpful is known.
    if len(required) != 1:
        names = ", ".join(f"`{name}`" for name in required)
        return _Unusable(
            text(
                "`{layer}` takes {inputs} inputs ({names}), but a layer is given one",
                layer=name,
                inputs=len(required),
                names=names,
            )
        )
    unwritable = [one.name for one in _parameters(cls) if one.default is one.empty and _needs_object(cls, one.name)]
    if unwritable:
        return _Unusable(
            text(
                "`{layer}` needs `{parameter}`, which is an object that cannot be written here",
                layer=name,
                parameter=unwritable[0],
            )
        )
    return None


def _needs_object(cls: type[nn.Module], name: str) -> bool:
    return writable(_types(cls).get(name, Any)) is None


@dataclass(frozen=True, slots=True)
class _Run:
    """What came of constructing a module and running it."""

    outputs: Sequence[Any]
    params: int
    macs: int

    @property
    def cost(self) -> int:
        """How many numbers are learned, returned and multiplied, as numbers held."""
        held = sum(output.numel() for output in self.outputs if isinstance(output, Tensor))
        return self.params + held + self.macs * sum(BATCHES) // MACS_FOR_ONE_HELD


@dataclass(frozen=True)
class _Trial:
    """One use of a class: it is constructed and run, and its output looked at."""

    cls: type[nn.Module]
    name: str
    takes: Dtype
    arguments: Mapping[str, Any]

    def result(self, x: Shape) -> Result:
        """What the module makes of one sample's shape; refuses what torch refuses."""
        if any(isinstance(dim, Unknown) for dim in x):  # a mistake said already, and a guess at what it hides
            # Neither refuse nor run: both would be an echo of that mistake.
            return Result((UNKNOWN,) * len(x), self._call())
        if is_known(x):
            return self._measure(cast("tuple[int, ...]", x))
        if not _is_elementwise(self.cls):
            message = text(
                "`{layer}` is checked by running it, which needs numbers, but receives {shape}",
                layer=self.name,
                shape=format_shape(x),
            )
            raise Undetermined(message, help="state the input: `input 3x32x32`")
        sample = tuple(dim if isinstance(dim, int) else ANY_SIZE for dim in x)
        return self._measure(sample)._replace(out=x)

    def _call(self) -> Call:
        # The short public name, as people write it, where it leads to the same class.
        module = FAMILY if vars(nn).get(self.cls.__name__) is self.cls else self.cls.__module__
        return call(f"{module}:{self.cls.__qualname__}", **self.arguments)

    def _measure(self, x: tuple[int, ...]) -> Result:
        """What the `meta` device says, and the processor where that costs little: `meta` overlooks a few mistakes."""
        try:
            tried = self._run(x, "meta")
        except Exception as error:  # whatever torch raises is a refusal
            # Some operators lack a `meta` kernel: that says nothing of the shape, so the processor decides.
            if "meta" not in str(error) or sum(BATCHES) * prod(x) > AFFORDABLE:
                raise self._refused(error) from error
            tried = None
        if tried is None or tried.cost + sum(BATCHES) * prod(x) <= AFFORDABLE:
            try:
                tried = self._run(x, "cpu")
            except Exception as error:  # likewise
                raise self._refused(error) from error
        return Result(self._sample(tried.outputs), self._call(), params=tried.params, macs=tried.macs)

    def _run(self, x: tuple[int, ...], device: str) -> _Run:
        # The warnings concern those who call torch, not the user, and a check must not shift the random numbers of a
        # run.
        with warnings.catch_warnings(action="ignore"), torch.random.fork_rng(devices=()), torch.device(device):
            module = self.cls(**self.arguments).train()
            with FlopCounterMode(display=False) as counter:
                outputs = [module(self._batch(size, x)) for size in BATCHES]
            # An output of no numbers is refused below, with a clearer message than torch has for it.
            if all(0 not in getattr(output, "shape", ()) for output in outputs):
                module.eval()(self._batch(1, x))  # a normalisation may train, and refuse to predict a single sample
        # The counter counts two operations for a multiply-add, over all batches.
        macs = counter.get_total_flops() // (2 * sum(BATCHES))
        return _Run(outputs, sum(parameter.numel() for parameter in module.parameters()), macs)

    def _batch(self, size: int, x: tuple[int, ...]) -> Tensor:
        """Samples as a layer above would hand them on: real numbers want a gradient, and are no leaf."""
        if self.takes == "index":
            return torch.zeros(size, *x, dtype=torch.long)
        # In-place modules refuse a leaf that wants a gradient; the clone is none.
        return torch.zeros(size, *x, requires_grad=True).clone()

    def _refused(self, error: Exception) -> Refusal:
        return Refusal(text("torch refuses `{layer}`: {reason}", layer=self.name, reason=_sentence(error)))

    def _sample(self, outputs: Sequence[Any]) -> tuple[int, ...]:
        """One sample's shape, where the outputs are what a layer returns."""
        if not all(isinstance(output, Tensor) for output in outputs):
            raise Refusal(
                text(
                    "`{layer}` returns a {type}, but a layer returns one tensor",
                    layer=self.name,
                    type=type(outputs[0]).__name__,
                )
            )
        shapes = [tuple(output.shape) for output in outputs]
        samples = {shape[1:] for shape in shapes}
        # The batch must come out first and as large as it went in, for two sizes: one could agree by chance.
        if len(samples) > 1 or tuple(shape[:1] for shape in shapes) != tuple((size,) for size in BATCHES):
            found = join_and(
                text("{shape} of {size}", shape=format_shape(shape), size=size)
                for size, shape in zip(BATCHES, shapes, strict=True)
            )
            raise Refusal(
                text("`{layer}` mixes the samples of a batch: it makes {shapes}", layer=self.name, shapes=found)
            )
        (sample,) = samples
        if 0 in sample:
            raise Refusal(
                text(
                    "`{layer}` leaves nothing of its input: its output is {shape}",
                    layer=self.name,
                    shape=format_shape(sample),
                )
            )
        return sample


def _is_elementwise(cls: type[nn.Module]) -> bool:
    return cls.__module__ in ELEMENTWISE_FAMILIES and cls not in ELEMENTWISE_EXCEPT


def _sentence(error: Exception) -> str:
    """The first sentence of torch's complaint, as we write ours."""
    text = " ".join(str(error).split()) or type(error).__name__  # torch breaks its messages over lines
    # Only a full stop before a capital ends a sentence; one within a number or a name does not.
    first = re.split(r"\.(?= [A-Z])", text)[0].rstrip(".")
    cut = f"{first[:LONGEST]}…" if len(first) > LONGEST else first
    # A class's name or a type keeps its capitals.
    return cut[:1].lower() + cut[1:] if re.match(r"[A-Z]?[a-z]+[ ,]", cut) else cut
