"""What makes components of plain things: the signature of a class or function, and what training calls in its place."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Self, cast, get_type_hints

import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import LambdaLR

from netdsl.builder import locate
from netdsl.components import Component, Dataset, Dtype, Facts, InputFacts, Layer, Refusal
from netdsl.components.component import Borrowed
from netdsl.core.text import text
from netdsl.data.datasets.torch_datasets import first, splits, targets
from netdsl.data.inputs import InputTensors
from netdsl.data.samples import Splits
from netdsl.torch_layers import module_layer, writable
from netdsl.training.metrics import EpochMetric, gather_from_processes


def describe(component: Component, borrowed: Borrowed) -> Callable[..., Any]:
    """The function that stands for a component made `of` a class or function: signature, annotations, documentation."""
    try:
        found = locate(borrowed.target)
    except Exception as error:  # whatever its import raises
        return _refusing(
            text(
                "`{name}` cannot be imported: {error}: {reason}",
                name=component.name,
                error=type(error).__name__,
                reason=error,
            )
        )
    if isinstance(component, Layer):
        takes = None if component.takes == "float" else component.takes  # float is what nobody has said
        rule = module_layer(found, component.name, component.family, takes).function
        rule.__doc__ = rule.__doc__ or borrowed.doc
        return rule

    def described(**arguments: Any) -> Any:
        return (borrowed.facts or _facts(found, arguments)) if isinstance(component, Dataset) else None

    parameters = list(_settings(type(component), found))
    described.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # what `inspect` looks for
    described.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    described.__doc__ = inspect.getdoc(found) or borrowed.doc
    return described


def loss(target: Callable[..., Any]) -> Callable[..., nn.Module]:
    """A loss of a class, or of a function `f(output, target, **settings)` that returns a scalar."""
    if not isinstance(target, type):
        # A plain function has no `forward`; the module holds its settings.
        return partial(_Function, target)
    return (
        target
        if issubclass(target, nn.Module)
        # A class that is no module makes a callable, which is then treated like a function.
        else lambda **settings: _Function(cast("Callable[..., Any]", target)(**settings))
    )


def metric(target: Any) -> Callable[..., EpochMetric]:
    """A metric of a class of torchmetrics, or of a function `f(output, target, **settings)` over the whole test set."""
    return cast("Callable[..., EpochMetric]", target if inspect.isclass(target) else partial(_Collected, target))


def schedule(target: Callable[..., Any]) -> Callable[..., Any]:
    """A schedule of a class of torch, stepped every batch, or of a function `f(step, steps, **settings)`: a factor."""

    def make(optimizer: torch.optim.Optimizer, steps: int, **arguments: Any) -> Any:
        if isinstance(target, type):
            known = inspect.signature(target).parameters
            # torch's OneCycleLR calls the length `total_steps`; others call it `steps`.
            given = {name: int(steps) for name in ("steps", "total_steps") if name in known}
            return cast("Callable[..., Any]", target)(optimizer, **given, **arguments)
        return LambdaLR(optimizer, lambda step: float(target(step, int(steps), **arguments)))

    return make


def logger(target: Any) -> Callable[..., Any]:
    """A logger: a class with `log(metrics, step)` and `close()`, which is given the run's `folder` if it asks."""

    def make(folder: Path, **arguments: Any) -> Any:
        wanted = {"folder": folder} if "folder" in inspect.signature(target).parameters else {}
        return target(**wanted, **arguments)

    return make


def dataset(target: Any) -> Callable[..., Splits]:
    """A data set of a function that returns tensors, or a `torch.utils.data.Dataset`."""

    def load(root: Path, **arguments: Any) -> Splits:
        wanted = {"root": root} if "root" in inspect.signature(target).parameters else {}
        return splits(target(**wanted, **arguments))

    return load


class _Function(nn.Module):
    """A function with its settings, as a module."""

    def __init__(self, function: Callable[..., Tensor], **settings: Any) -> None:
        super().__init__()
        self.function = partial(function, **settings)

    def forward(self, *values: Tensor) -> Tensor:
        """What the function makes of the values."""
        return self.function(*values)


class _Collected:
    """A function of all outputs and all targets at once: no mean of batches, which would be another number."""

    higher_is_better: bool | None = None

    def __init__(self, function: Callable[..., Any], **settings: Any) -> None:
        self.function = partial(function, **settings)
        self.reset()

    def to(self, _device: object) -> Self:
        """Nothing is to be moved: what is kept lies where it was computed."""
        return self

    def reset(self) -> None:
        """Forgets all batches."""
        self._outputs: list[Tensor] = []
        self._targets: list[Tensor] = []

    def update(self, output: Tensor, target: Tensor) -> None:
        """Keeps a batch."""
        # Without `detach` the graph of every batch would stay in memory until the end.
        self._outputs.append(output.detach())
        self._targets.append(target)

    def compute(self) -> Tensor:
        """The number of them all."""
        kept = (torch.cat(values) if values else None for values in (self._outputs, self._targets))
        found = ([part for part in gather_from_processes(value) if part is not None] for value in kept)
        return torch.as_tensor(self.function(*map(torch.cat, found)))


def _refusing(message: str) -> Callable[..., Any]:
    def refuse(x=(), /):  # type: ignore[no-untyped-def]  # noqa: ARG001  # no annotations: they would be looked up
        raise Refusal(message, help="`netdsl plugins` names the plugin that brings it")

    return refuse


def _settings(kind: type[Component], found: Any) -> Iterator[inspect.Parameter]:
    """The parameters that a file may write."""
    function = found.__init__ if inspect.isclass(found) else found
    types = _types(function)
    given = list(inspect.signature(found).parameters.values())
    if not inspect.isclass(found):
        # A function's first parameters are the values, which the training hands over.
        given = given[kind.inputs :]
    for parameter in given:
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        if parameter.name.startswith("_") or parameter.name in kind.supplied:
            continue
        # Without an annotation the default tells the type.
        kept = writable(types.get(parameter.name, _type_of(parameter.default)))
        if kept is not None:
            yield parameter.replace(kind=parameter.KEYWORD_ONLY, annotation=kept)
        elif parameter.default is parameter.empty:
            raise TypeError(
                text("`{parameter}` is an object that cannot be written in a file", parameter=parameter.name)
            )


def _types(function: Any) -> Mapping[str, Any]:
    try:
        return get_type_hints(function)
    except Exception:  # annotations that name what is imported for type checkers alone
        return {}


def _type_of(default: Any) -> Any:
    """The type of a parameter without annotation: that of its default, where a text can tell."""
    return type(default) if isinstance(default, (bool, int, float, str)) else Any


def _facts(found: Any, arguments: Mapping[str, Any]) -> Facts:
    from netdsl.data.data_folder import data_root

    read = dataset(found)(data_root(None), **arguments)
    x, y = first(read.train)
    # The test part may hold a class that the training part lacks.
    parts = [part for part in (read.train, read.test) if part is not None]
    is_real = y.is_floating_point()
    # A target of real numbers has a shape and no classes.
    classes = None if is_real else int(max(y.max() for part in parts for y in targets(part))) + 1
    facts = Facts(None, classes, tuple(y.shape) if is_real else ())
    if isinstance(x, InputTensors):
        return facts.with_inputs([InputFacts(name, tuple(one.shape), _dtype(one)) for name, one in x.items()])
    return facts._replace(input=tuple(x.shape), dtype=_dtype(x))


def _dtype(x: Tensor) -> Dtype:
    # Bytes are images, which are scaled to 0…1 before the net sees them.
    return "float" if x.is_floating_point() or x.dtype is torch.uint8 else "index"
