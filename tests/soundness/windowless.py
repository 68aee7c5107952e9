"""The layers that no window slides over: what torch makes of their arguments.

A `dim` counts a sample's own dimensions: the oracles apply torch to each sample by itself, or refuse a `dim` that a
sample does not have.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

Sizes = tuple[int, ...]
Arguments = dict[str, Any]
Oracle = Callable[..., nn.Module]


class Apply(nn.Module):
    """A function of a batch."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


class Beside(nn.Module):
    """A module of the input alone, called with labelled outputs of which the sizes are known already."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, x: Tensor, labelled: Mapping[str, Tensor]) -> Tensor:
        return self.module(x)


class Positions(nn.Module):
    def __init__(self, length: int, features: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(length, features))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.weight


class Token(nn.Module):
    def __init__(self, features: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(features))

    def forward(self, x: Tensor) -> Tensor:
        return torch.stack([torch.cat([self.weight[None], sample]) for sample in x])


def sampled(method: str) -> Oracle:
    """A method of a tensor, called on each sample by itself."""

    def oracle(_: Sizes, /, **arguments: Any) -> nn.Module:
        return Apply(lambda x: torch.stack([getattr(sample, method)(**arguments) for sample in x]))

    return oracle


def along(name: str) -> Oracle:
    """A class of `torch.nn` with a `dim`."""
    return lambda sample, /, dim=-1: getattr(nn, name)(dim=own(dim, sample))


def classes(name: str) -> Oracle:
    """The like, where no `dim` means the classes."""

    def oracle(sample: Sizes, /, dim: int | None = None) -> nn.Module:
        if dim is None and len(sample) == 2:
            raise ValueError("channels or features?")
        return along(name)(sample, dim=dim or 0)

    return oracle


def own(dim: int, sample: Sizes) -> int:
    """A sample's dimension as a batch has it."""
    return range(1, len(sample) + 1)[dim]


def stochastic_depth(_: Sizes, /, p: float) -> nn.Module:
    from torchvision.ops import StochasticDepth  # here, because it takes seconds to import

    return StochasticDepth(p, "row")


def resized(
    sample: Sizes, /, like: Sizes | None = None, mode: str = "nearest", align_corners: Any = None, **arguments: Any
) -> nn.Module:
    """To the size of another output, which is a `size` to torch."""
    if like is None:
        return nn.Upsample(mode=mode, align_corners=align_corners, **arguments)
    if len(like) != len(sample) or any(one is not None and one is not False for one in arguments.values()):
        raise ValueError("another rank, or another size beside it")
    return Beside(nn.Upsample(size=like[1:], mode=mode, align_corners=align_corners))


def padded(
    sample: Sizes,
    /,
    padding: int | Sizes | None = None,
    mode: str = "constant",
    value: float = 0.0,
    like: Sizes | None = None,
) -> nn.Module:
    if like is not None:
        if padding is not None or len(like) != len(sample) or mode in ("reflect", "circular"):
            raise ValueError("not what is padded like another output")
        missing = [wanted - size for size, wanted in zip(sample[1:], like[1:], strict=True)]
        if min(missing, default=0) < 0:
            raise ValueError("it is smaller")
        padding = tuple(end for one in reversed(missing) for end in (one // 2, one - one // 2))
    if padding is None:
        raise ValueError("how much?")
    stem = {"constant": "Constant", "reflect": "Reflection", "replicate": "Replication", "circular": "Circular"}[mode]
    if value and mode != "constant":
        raise ValueError("a value that is not used")
    if isinstance(padding, tuple) and len(padding) != 2 * len(sample) - 2:
        raise ValueError("not two for each axis, as the classes are documented")
    arguments = {"value": value} if mode == "constant" else {}
    if mode == "circular":
        ends = (padding,) * (2 * len(sample) - 2) if isinstance(padding, int) else padding
        for size, before, after in zip(sample[:0:-1], ends[::2], ends[1::2], strict=True):
            check_wrapping(size, before, after)
    module = getattr(nn, f"{stem}Pad{len(sample) - 1}d")(padding, **arguments)
    return module if like is None else Beside(module)


def check_wrapping(size: int, before: int, after: int) -> None:
    """Refuses what torch refuses along one axis, or leaves unwritten there: with several it cannot always tell.

    It fills memory that nothing was written to with NaN in its deterministic mode.
    """
    torch.use_deterministic_algorithms(True)
    try:
        if nn.CircularPad1d((before, after))(torch.ones(1, 1, size)).isnan().any():
            raise ValueError("an output that is written in part only")
    finally:
        torch.use_deterministic_algorithms(False)


def cropped(
    sample: Sizes, /, size: int | Sizes | None = None, offset: int | Sizes | None = None, like: Sizes | None = None
) -> nn.Module:
    axes = len(sample) - 1
    if like is not None and (size is not None or offset is not None or len(like) != len(sample)):
        raise ValueError("another size beside it, or another rank")
    size = size if like is None else like[1:]
    if size is None:
        raise ValueError("how large?")
    if not axes:
        raise ValueError("nothing but channels")
    window = size if isinstance(size, tuple) else (size,) * axes
    spare = tuple((whole - part) // 2 for whole, part in zip(sample[1:], window, strict=True))
    start = spare if offset is None else offset if isinstance(offset, tuple) else (offset,) * axes

    def cut(x: Tensor) -> Tensor:
        for axis, (first, length) in enumerate(zip(start, window, strict=True), 2):
            if first < 0:
                raise IndexError("before the beginning")
            x = x.narrow(axis, first, length)
        return x

    return Apply(cut) if like is None else Beside(Apply(cut))


def last_steps(sample: Sizes, /, bidirectional: bool = False) -> nn.Module:
    """The last step; of a sequence that was read both ways, where each reading ends."""

    def pick(x: Tensor) -> Tensor:
        if not bidirectional:
            return x.flip(1)[:, 0]
        forwards, backwards = x.unflatten(2, (2, -1)).unbind(2)
        return torch.cat([forwards.flip(1)[:, 0], backwards[:, 0]], dim=1)

    return sequential(sample, Apply(pick))


def recurrent(name: str) -> Oracle:
    def oracle(sample: Sizes, /, **arguments: Any) -> nn.Module:
        module = sequential(sample, getattr(nn, name)(batch_first=True, **arguments))
        module.register_forward_hook(lambda module, inputs, output: output[0])
        return module

    return oracle


class CrossAttended(nn.MultiheadAttention):
    """Queries from one sequence, keys and values from a labelled one."""

    def forward(self, x: Tensor, skips: Mapping[str, Tensor]) -> Tensor:
        return super().forward(x, skips["memory"], skips["memory"], need_weights=False)[0]


def decoder_layer(sample: Sizes, /, *, memory: Sizes, causal: bool = True, **arguments: Any) -> nn.Module:
    """torch's decoder layer, with the mask that `causal` stands for."""
    _sequences(sample, memory)

    class Decoded(nn.TransformerDecoderLayer):
        def forward(self, x: Tensor, skips: Mapping[str, Tensor]) -> Tensor:
            mask = nn.Transformer.generate_square_subsequent_mask(x.shape[1]) if causal else None
            return super().forward(x, skips["memory"], tgt_mask=mask)

    return Decoded(**arguments, batch_first=True)


def _sequences(*samples: Sizes) -> None:
    if any(len(one) != 2 for one in samples):
        raise TypeError("attention is for batches of sequences")


def self_attention(sample: Sizes, /, causal: bool = False, memory: Sizes | None = None, **arguments: Any) -> nn.Module:
    if memory is not None:
        _sequences(sample, memory)
        if causal:
            raise TypeError("a causal mask is square")
        other = {} if memory[1] == sample[1] else {"kdim": memory[1], "vdim": memory[1]}
        return CrossAttended(batch_first=True, **other, **arguments)
    module = sequential(sample, nn.MultiheadAttention(batch_first=True, **arguments))
    hinted = causal and not (arguments.get("add_bias_kv") or arguments.get("add_zero_attn"))
    mask = nn.Transformer.generate_square_subsequent_mask(sample[0]) if causal else None
    settings = {"need_weights": False, "attn_mask": mask, "is_causal": hinted}
    module.register_forward_pre_hook(lambda module, args, kwargs: (args * 3, settings), with_kwargs=True)
    module.register_forward_hook(lambda module, inputs, output: output[0])
    return module


def encoder_layer(sample: Sizes, /, causal: bool = False, **arguments: Any) -> nn.Module:
    module = sequential(sample, nn.TransformerEncoderLayer(batch_first=True, **arguments))
    if causal:
        settings = {"src_mask": nn.Transformer.generate_square_subsequent_mask(sample[0]), "is_causal": True}
        module.register_forward_pre_hook(lambda module, args, kwargs: (args, settings), with_kwargs=True)
    return module


def reducing(method: str) -> Oracle:
    """A method of a tensor that takes dimensions away."""

    def oracle(sample: Sizes, /, dim: int | Sizes = 0, keepdim: bool = False) -> nn.Module:
        dims = [own(one, sample) for one in listed(dim)] or [99]
        return Apply(lambda x: getattr(x, method)(dim=dims, keepdim=keepdim))

    return oracle


def squeezed(sample: Sizes, /, dim: int | Sizes) -> nn.Module:
    """Each dimension that is named has size 1, where torch would leave any other as it is."""
    axes = sorted(own(one, sample) for one in listed(dim))
    if not axes or any(sample[at - 1] != 1 for at in axes) or len(set(axes)) < len(axes):
        raise ValueError("a dimension that cannot be dropped")

    def drop(x: Tensor) -> Tensor:
        for at in reversed(axes):
            x = x.select(at, 0)
        return x

    return Apply(drop)


def sliced(sample: Sizes, /, start: int, end: int | None = None, dim: int = 0, step: int = 1) -> nn.Module:
    """The places by their numbers, all of which must exist, where Python would leave out those that do not."""
    at = own(dim, sample)
    size = sample[at - 1]
    if any(abs(place) > size for place in (start, end or 0)) or step < 1:
        raise IndexError("outside")
    places = [place % size for place in range(start if start >= 0 else size + start, size)]
    stop = size if end is None else end if end >= 0 else size + end
    return Apply(lambda x: x.index_select(at, torch.tensor([place for place in places if place < stop][::step])))


def pair(value: int | Sizes, least: int = 1) -> Sizes:
    """Two numbers from `least` on, or one that stands for both."""
    both = (value, value) if isinstance(value, int) else tuple(value)
    if len(both) != 2 or min(both) < least:
        raise ValueError("not two such numbers")
    return both


def corners(size: Sizes, window: Sizes) -> list[tuple[slice, slice]]:
    """Where each window of an image lies, row by row."""
    if any(whole % part for whole, part in zip(size, window, strict=True)):
        raise ValueError("no whole number of windows")
    rows, columns = (range(0, whole, part) for whole, part in zip(size, window, strict=True))
    return [(slice(at, at + window[0]), slice(to, to + window[1])) for at in rows for to in columns]


def windows(sample: Sizes, /, window: int | Sizes) -> nn.Module:
    places = corners(sample[:-1], pair(window))
    return Apply(lambda x: torch.stack([x[:, rows, columns].flatten(1, 2) for rows, columns in places], 1))


def unwindows(
    sample: Sizes, /, size: Any = None, window: int | Sizes | None = None, like: Sizes | None = None
) -> nn.Module:
    side = round(sample[1] ** 0.5)
    shape = (side, side) if window is None else pair(window)
    if (size is None) == (like is None) or shape[0] * shape[1] != sample[1] or len(sample) != len(like or sample):
        raise ValueError("which size?")
    whole = pair(size) if like is None else like[:2]
    places = corners(whole, shape)
    if len(places) != sample[0]:
        raise ValueError("another number of windows")

    def join(x: Tensor) -> Tensor:
        image = x.new_empty(len(x), *whole, x.shape[-1])
        for number, (rows, columns) in enumerate(places):
            image[:, rows, columns] = x[:, number].unflatten(1, shape)
        return image

    return Apply(join) if like is None else Beside(Apply(join))


def window_attention(
    sample: Sizes,
    /,
    *,
    embed_dim: int,
    num_heads: int,
    window: Any = 7,
    shift: Any = 0,
    bias: bool = True,
    dropout: Any = 0.0,
) -> nn.Module:
    """torchvision's, whose index of distances is no weight."""
    from torchvision.models.swin_transformer import ShiftedWindowAttention  # here, because it takes seconds to import

    sizes, shifts = list(pair(window)), list(pair(shift, 0))
    if any(one >= size for one, size in zip(shifts, sizes, strict=True)) or num_heads < 1 or not 0 <= dropout <= 1:
        raise ValueError("a shift by whole windows")
    module = ShiftedWindowAttention(embed_dim, sizes, shifts, num_heads, bias, bias, float(dropout))
    index = module.relative_position_index
    del module.relative_position_index
    module.register_buffer("relative_position_index", index, persistent=False)
    return module


def sequential(sample: Sizes, module: nn.Module) -> nn.Module:
    """Torch takes T×F without a batch to be one; a sample of another rank is none."""
    if len(sample) != 2:
        raise ValueError("no sequence")
    return module


def pixels(name: str) -> Oracle:
    """Torch takes further dimensions before C×H×W, and C×H×W without a batch."""

    def oracle(sample: Sizes, /, **arguments: Any) -> nn.Module:
        if len(sample) != 3:
            raise ValueError("no image")
        return getattr(nn, name)(**arguments)

    return oracle


ORACLES: Mapping[str, Oracle] = {
    "glu": along("GLU"),
    "softmax": classes("Softmax"),
    "softmin": classes("Softmin"),
    "logsoftmax": classes("LogSoftmax"),
    "droppath": stochastic_depth,
    "flatten": sampled("flatten"),
    "unflatten": lambda _, /, dim, unflattened_size: sampled("unflatten")(_, dim=dim, sizes=listed(unflattened_size)),
    "reshape": lambda _, /, sizes: sampled("reshape")(_, shape=listed(sizes)),
    "permute": lambda _, /, dims: sampled("permute")(_, dims=listed(dims)),
    "transpose": lambda _, /, dim0=-2, dim1=-1: sampled("transpose")(_, dim0=dim0, dim1=dim1),
    "select": lambda _, /, index, dim=0: sampled("select")(_, dim=dim, index=index),
    "pixelshuffle": pixels("PixelShuffle"),
    "pixelunshuffle": pixels("PixelUnshuffle"),
    "upsample": resized,
    "pad": padded,
    "crop": cropped,
    "lstm": recurrent("LSTM"),
    "gru": recurrent("GRU"),
    "rnn": recurrent("RNN"),
    "attention": self_attention,
    "transformer": encoder_layer,
    "decoder": decoder_layer,
    "posembed": lambda sample, /, **arguments: sequential(sample, Positions(**arguments)),
    "classtoken": lambda sample, /, **arguments: sequential(sample, Token(**arguments)),
    "last": last_steps,
    "mean": reducing("mean"),
    "max": reducing("amax"),
    "squeeze": squeezed,
    "slice": sliced,
    "windows": windows,
    "unwindows": unwindows,
    "windowattention": window_attention,
    "roll": lambda sample, /, shifts, dims=0: sampled("roll")(sample, shifts=listed(shifts), dims=listed(dims)),
}


def listed(value: int | Sequence[int]) -> tuple[int, ...]:
    return (value,) if isinstance(value, int) else tuple(value)


def _inexact_factor(sample: Sizes, /, scale_factor: Any = None, **_: Any) -> Iterable[int]:
    factors = (scale_factor or 1,) if not isinstance(scale_factor, tuple) else scale_factor
    exact = all(factor * 2**10 == int(factor * 2**10) for factor in factors)
    return () if exact else range(1, len(sample))


SIZES_NEEDED: Mapping[str, Callable[..., Iterable[int]]] = {
    "upsample": _inexact_factor,
    "unwindows": lambda shape, window=None, **_: () if window else (1,),
}
"""A factor such as 0.7 is rounded, and how is known of integers only; so is which window is a square."""
