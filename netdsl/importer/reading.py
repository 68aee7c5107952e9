"""Modules read back: the constructor arguments that an instance was made with, and whether two instances are alike."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter
from typing import Final

from torch import Tensor, nn

from netdsl.core.errors import UnsupportedModule
from netdsl.core.text import text
from netdsl.export.python.signatures import table
from netdsl.modules import Skipping
from netdsl.modules.composites import run_order, ways

MISSING: Final = object()

CONTAINERS: Final = (nn.Sequential, Skipping)
"""The classes that call their children one after the other, and do nothing else."""

Reader = Callable[[object], object]


def _size(axis: int) -> Reader:
    weight = attrgetter("weight")
    return lambda module: weight(module).shape[axis]


READERS: Mapping[str, Mapping[str, Reader]] = {
    "SelfAttention": {"bias": attrgetter("in_proj_bias"), "add_bias_kv": attrgetter("bias_k")},
    # torch's encoder layer keeps its arguments in its parts only.
    "TransformerEncoderLayer": {
        "d_model": attrgetter("self_attn.embed_dim"),
        "nhead": attrgetter("self_attn.num_heads"),
        "dim_feedforward": attrgetter("linear1.out_features"),
        "dropout": attrgetter("dropout.p"),
        "activation": attrgetter("activation.__name__"),
        "layer_norm_eps": attrgetter("norm1.eps"),
        "batch_first": attrgetter("self_attn.batch_first"),
        "bias": attrgetter("linear1.bias"),
    },
    "WindowAttention": {"embed_dim": attrgetter("qkv.in_features"), "bias": attrgetter("qkv.bias")},
    "LayerScale": {"features": _size(0)},
    "PositionalEmbedding": {"length": _size(0), "features": _size(1)},
    "ClassToken": {"features": _size(0)},
}
"""Where an argument is kept under another name than its own, by the class's name, which subclasses share."""


def arguments(module: nn.Module) -> dict[str, object]:
    """The constructor's arguments as far as the instance still knows them."""
    found = {name: _argument(module, name, default) for name, default in _parameters(type(module)).items()}
    return {name: value for name, value in found.items() if value is not MISSING}


def target(module: nn.Module) -> str:
    """What a call that makes such a module names: `torch.nn:Conv2d`."""
    cls = type(module)
    # The public home of a class, which calls name; torch may move the file behind it.
    for home in ("torch.nn", "netdsl.modules"):
        if cls.__module__.startswith(f"{home}."):
            return f"{home}:{cls.__name__}"
    return f"{cls.__module__}:{cls.__qualname__}"


def difference(one: nn.Module, other: nn.Module, path: str = "") -> str | None:
    """The path of the first module in which two nets are not alike; None where they are, the weights' values aside."""
    children, others = dict(one.named_children()), dict(other.named_children())
    if list(children) != list(others) or not _alike(one, other):
        return path
    found = (difference(child, others[key], f"{path}.{key}" if path else key) for key, child in children.items())
    return next((at for at in found if at is not None), None)


def is_container(module: nn.Module) -> bool:
    """Whether a module calls its children one after the other, and does nothing else."""
    return kind(type(module)) in CONTAINERS


def children_in_order(container: nn.Module) -> list[str]:
    """The names of a container's children in the order in which they run; one that runs twice stands there twice.

    Raises:
        UnsupportedModule: it lists one module under two names, of which the `state_dict` has both.
    """
    children = [name for name, _ in container.named_children()]
    doubled = [name for name in container._modules if name not in children]
    if doubled:
        raise UnsupportedModule(
            text(
                "the container lists one module twice, at `{name}` too: it has one name in the language",
                name=doubled[0],
            )
        )
    return run_order(container) if isinstance(container, Skipping) else children


def kind(cls: type[nn.Module]) -> type[nn.Module]:
    """The class that an instance behaves as: a subclass of `nn.Sequential` that adds no `forward` is one."""
    # A subclass such as `Bottleneck(nn.Sequential)` only names what it does.
    plain = (base for base in CONTAINERS if issubclass(cls, base) and cls.forward is base.forward)
    return next(plain, cls)


def _parameters(cls: type[nn.Module]) -> Mapping[str, object]:
    """The constructor's parameters and their defaults."""
    # Some classes of torch take `*args`, of which `inspect` knows nothing.
    if cls.__module__.startswith(("torch.nn.", "netdsl.modules.")) and cls.__name__ in table():
        return table()[cls.__name__]
    given = list(inspect.signature(cls.__init__).parameters.values())[1:]
    return {one.name: one.default for one in given if one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)}


def _argument(module: nn.Module, name: str, default: object) -> object:
    read = next((readers[name] for readers in _readers(type(module)) if name in readers), attrgetter(name))
    try:
        value = read(module)
    except AttributeError:
        return MISSING
    if isinstance(default, bool) and not isinstance(value, bool):
        return value is not None  # a bias that is there
    return MISSING if isinstance(value, (Tensor, nn.Module)) else value


def _readers(cls: type[nn.Module]) -> Iterable[Mapping[str, Reader]]:
    return (READERS[base.__name__] for base in cls.__mro__ if base.__name__ in READERS)


def _alike(one: nn.Module, other: nn.Module) -> bool:
    """Whether two modules, their children aside, are of one class with the same settings and shapes."""
    if kind(type(one)) is not kind(type(other)):
        return False
    if kind(type(one)) is nn.Sequential:
        return True
    if isinstance(one, Skipping) and isinstance(other, Skipping) and ways(one) != ways(other):
        return False
    # Shapes too: a parameter may be None where a bias is left out.
    return _shapes(one) == _shapes(other) and _same_settings(_settings(one), _settings(other))


def _shapes(module: nn.Module) -> dict[str, object]:
    """The shape of each weight and each running statistic; None where there is none."""
    tensors = {**module._parameters, **module._buffers}
    return {name: None if tensor is None else tuple(tensor.shape) for name, tensor in tensors.items()}


def _settings(module: nn.Module) -> dict[str, object]:
    # Private attributes are caches, and `training` is a state.
    return {name: value for name, value in vars(module).items() if name[0] != "_" and name != "training"}


def _same_settings(one: Mapping[str, object], other: Mapping[str, object]) -> bool:
    return one.keys() == other.keys() and all(_same(value, other[name]) for name, value in one.items())


def _same(one: object, other: object) -> bool:
    """Whether two settings mean the same: 2 and (2, 2) do."""
    if isinstance(one, Tensor) or isinstance(other, Tensor):
        alike = type(one) is type(other)
        return alike and isinstance(one, Tensor) and isinstance(other, Tensor) and one.shape == other.shape
    # torch keeps what it was given, a list or a tuple.
    if isinstance(one, (tuple, list)) and isinstance(other, (tuple, list)):
        return list(one) == list(other)
    for several, single in ((one, other), (other, one)):
        if isinstance(several, (tuple, list)):
            return bool(several) and all(value == single for value in several)
    return bool(one == other)
