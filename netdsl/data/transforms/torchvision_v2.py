"""`v2.Anything`: torchvision's transforms by their own names, with their own parameters.

Each sample is transformed alone, with torch's random state set for it. That is slower than netdsl's own, which act on
the whole batch. This module has an attribute for each of them, so that
`netdsl.data.transforms.torchvision_v2:GaussianBlur` is a target like any other.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any

import torch
from torch import Tensor

from netdsl.components import Refusal, Transform
from netdsl.core.sizes import Shape, format_shape, is_known
from netdsl.core.text import text
from netdsl.data.random_stream import Moment
from netdsl.data.transforms.base import NO_CLASS, BatchTransform, Draws

PREFIX = "v2."
DRAWING_BY_THEMSELVES = {"GaussianNoise"}
LONGEST = 160
"""So many characters of torchvision's error are repeated."""


class Torchvision(BatchTransform):
    """Applies one of torchvision's transforms to every sample of a batch."""

    moves = True  # torchvision itself knows which transforms move masks

    def __init__(self, name: str, **arguments: Any) -> None:
        made = _classes()[name]
        self.random = is_random(made)  # type: ignore[misc]  # each instance has its own
        self.transform = made(**arguments)

    def draw(self, moment: Moment, shape: torch.Size) -> Draws:
        """A seed for each sample."""
        if not self.random:
            return ()
        return (torch.randint(2**62, (len(moment),), generator=moment.generator),)

    def act(self, x: Tensor, *drawn: Tensor) -> Tensor:
        """The samples, one after the other."""
        if not drawn:
            return torch.stack([self.transform(sample) for sample in x])
        with torch.random.fork_rng([]):
            return torch.stack([self._seeded(sample, seed) for sample, seed in zip(x, drawn[0].tolist(), strict=True)])

    def act_on_masks(self, masks: Tensor, *drawn: Tensor) -> Tensor:
        """The masks as torchvision moves them, with the same seed. Transforms of colours leave them."""
        from torchvision import tv_tensors

        whole = masks if masks.dim() == 4 else (masks.unsqueeze(1) - NO_CLASS)
        with torch.random.fork_rng([]):
            seeds = drawn[0].tolist() if drawn else [0] * len(masks)
            found = [self._seeded(tv_tensors.Mask(one), seed) for one, seed in zip(whole, seeds, strict=True)]
        moved = torch.stack([one.as_subclass(Tensor) for one in found])
        return moved if masks.dim() == 4 else moved.squeeze(1) + NO_CLASS

    def _seeded(self, sample: Tensor, seed: int) -> Tensor:
        torch.manual_seed(seed)
        transformed: Tensor = self.transform(sample)
        return transformed


def __getattr__(name: str) -> Callable[..., Torchvision]:
    if name.startswith("_") or name not in _classes():
        raise AttributeError(text("torchvision has no transform `{name}`", name=name))
    return partial(Torchvision, name)


def torchvision_transform(name: str) -> Transform | None:
    """The transform that `v2.GaussianBlur` means, or None if torchvision has no transform of that name."""
    made = _classes().get(name.removeprefix(PREFIX)) if name.startswith(PREFIX) else None
    if made is None:
        return None
    target = f"{__name__}:{made.__name__}"
    return Transform(name=name, function=_rule(made), target=target, random=is_random(made))


def torchvision_names() -> tuple[str, ...]:
    """The names of torchvision's transforms, each with `v2.` in front."""
    return tuple(f"{PREFIX}{name}" for name in _classes())


def is_random(made: type[Any]) -> bool:
    """Whether a class of torchvision draws random numbers. Nearly all of those override `make_params` or `forward`."""
    base = _classes_base()
    draws = made.make_params is not base.make_params or made.forward is not base.forward
    return draws or made.__name__ in DRAWING_BY_THEMSELVES


def _rule(made: type[Any]) -> Callable[..., Shape]:
    """A shape rule that runs the transform on an empty image, with the signature of its constructor."""

    def rule(x: Shape, **arguments: Any) -> Shape:
        if not is_known(x):
            message = text(
                "`v2.{transform}` needs a size that is written, but receives {shape}",
                transform=made.__name__,
                shape=format_shape(x),
            )
            raise Refusal(message, help="write a `resize` before it")
        try:
            out = made(**arguments)(torch.zeros(tuple(x)))  # type: ignore[arg-type]  # it is known
        except Exception as error:  # torchvision may refuse in any way
            raise Refusal(
                text("torchvision refuses: {reason}", reason=_shortened(str(error) or type(error).__name__))
            ) from None
        if not isinstance(out, Tensor):
            raise Refusal(text("`v2.{transform}` does not make one image of an image", transform=made.__name__))
        return tuple(out.shape)

    given = [
        parameter for parameter in list(inspect.signature(made.__init__).parameters.values())[1:] if _named(parameter)
    ]
    x = inspect.Parameter("x", inspect.Parameter.POSITIONAL_ONLY)
    rule.__signature__ = inspect.Signature([x, *given])  # type: ignore[attr-defined]  # `inspect` reads it
    rule.__annotations__ = {}  # without annotations any value is passed on: torchvision checks it
    rule.__doc__ = inspect.getdoc(made)
    return rule


def _named(parameter: inspect.Parameter) -> bool:
    return parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else line[:LONGEST] + "…"


@cache
def _classes() -> Mapping[str, type[Any]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from torchvision.transforms import v2
    base = v2.Transform
    return {
        name: value
        for name, value in vars(v2).items()
        if isinstance(value, type) and issubclass(value, base) and value is not base
    }


def _classes_base() -> type[Any]:
    from torchvision.transforms import v2

    base: type[Any] = v2.Transform
    return base
