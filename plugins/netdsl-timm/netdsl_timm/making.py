"""What makes an optimizer: an attribute for each of timm's names, with the parameters and defaults of its class."""

import inspect
from typing import get_type_hints

from timm.optim import get_optimizer_class, get_optimizer_info

UNWRITTEN = ("maximize", "foreach", "capturable", "differentiable", "fused", "verbose", "deterministic")
"""What says how a step is computed, not which."""

NUMBERS = ("alpha", "betas", "momentum")
"""What a variant may change the default of; its other settings are what it is a variant by."""

MOMENTUM = 0.9
"""What `timm.optim.create_optimizer_v2` gives to those that have one."""


def __getattr__(name):
    try:
        info = get_optimizer_info(name)
    except ValueError as error:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from error
    momentum = {"momentum": MOMENTUM} if info.has_momentum else {}
    return _maker(get_optimizer_class(name, bind_defaults=False), momentum | (info.defaults or {}))


def _maker(cls, defaults):
    def make(params, **settings):
        return cls(params, **{**defaults, **settings})

    given = inspect.signature(cls).parameters.values()
    kept = [one for one in given if one.name not in (*UNWRITTEN, *defaults) or one.name in NUMBERS]
    make.__signature__ = inspect.Signature([one.replace(default=defaults.get(one.name, one.default)) for one in kept])
    make.__annotations__ = {name: kind for name, kind in get_type_hints(cls.__init__).items() if name != "return"}
    return make
