"""Uses of the layers that no window slides over which make sense, for random arguments seldom do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from tests.soundness.windowless import Arguments, Sizes


def _padding(random: Random, shape: Sizes) -> Any:
    ends = tuple(random.choice((0, 0, 1, 2, 3, 5, -1, -2, -6)) for _ in range(2 * (len(shape) - 1)))
    return random.choice((1, 2, 3, -1, ends, ends))


def _divisor(size: int, random: Random) -> int:
    return random.choice([number for number in range(1, size + 1) if size % number == 0])


def _some(places: list[int], random: Random) -> Any:
    """One of several dimensions, or all of them."""
    return random.choice((random.choice(places), tuple(places), tuple(places))) if places else 0


def _to_squeeze(random: Random, shape: Sizes, arguments: Arguments) -> tuple[Sizes, Arguments]:
    ones = [at for at in range(len(shape)) if random.random() < 0.5] or [random.randrange(len(shape))]
    flat = tuple(1 if at in ones else size for at, size in enumerate(shape))
    signed = [at - len(shape) if random.random() < 0.2 else at for at in ones]
    return flat, {"dim": _some(signed, random)}


def _to_roll(random: Random, shape: Sizes, arguments: Arguments) -> tuple[Sizes, Arguments]:
    count = random.choice((1, 2, 2))
    dims = tuple(random.randrange(-len(shape), len(shape)) for _ in range(count))
    shifts = tuple(random.randint(-5, 5) for _ in range(count))
    return shape, {"shifts": shifts, "dims": dims} if count > 1 else {"shifts": shifts[0], "dims": dims[0]}


def _to_windows(random: Random, shape: Sizes, arguments: Arguments) -> tuple[Sizes, Arguments]:
    window = random.choice(((1, 2), (2, 2), (2, 3), (3, 3)))
    rows, columns = (part * random.randint(1, 4) for part in window)
    return (rows, columns, shape[-1]), {"window": window[0] if window[0] == window[1] else window}


def _to_unwindows(random: Random, shape: Sizes, arguments: Arguments) -> tuple[Sizes, Arguments]:
    (rows, columns, features), written = _to_windows(random, shape, arguments)
    high, wide = (written["window"],) * 2 if isinstance(written["window"], int) else written["window"]
    given: Arguments = random.choice(({"size": (rows, columns)}, {"like": (rows, columns, random.randint(1, 4))}))
    if high != wide or random.random() < 0.3:
        given |= written
    return (rows // high * (columns // wide), high * wide, features), given


def _to_window_attention(random: Random, shape: Sizes, arguments: Arguments) -> tuple[Sizes, Arguments]:
    window = tuple(random.randint(1, 4) for _ in range(2))
    shift = tuple(random.choice((0, random.randrange(size))) for size in window)
    return shape, arguments | {"window": window, "shift": shift}


def _factored(size: int, random: Random) -> list[int]:
    """Numbers whose product is the size, one of them perhaps -1."""
    sizes = [_divisor(size, random)]
    sizes.append(size // sizes[0])
    if random.random() < 0.3:
        sizes.append(1)
    random.shuffle(sizes)
    if random.random() < 0.4:
        sizes[random.randrange(len(sizes))] = -1
    return sizes


def _to_unflatten(random: Random, shape: Sizes, arguments: Arguments) -> tuple[Sizes, Arguments]:
    dim = random.randrange(-len(shape), len(shape))
    return shape, arguments | {"dim": dim, "unflattened_size": tuple(_factored(shape[dim], random))}


def _to_reshape(random: Random, shape: Sizes, arguments: Arguments) -> tuple[Sizes, Arguments]:
    total = 1
    for size in shape:
        total *= size
    return shape, arguments | {"sizes": tuple(_factored(total, random))}


def _to_upsample(random: Random, shape: Sizes, arguments: Arguments) -> tuple[Sizes, Arguments]:
    arguments = dict(arguments)
    fitting = {2: ["linear"], 3: ["bilinear", "bicubic"], 4: ["trilinear"]}.get(len(shape), [])
    arguments["mode"] = random.choice(["nearest", "nearest-exact", "area", *fitting])
    if arguments["mode"] not in fitting:
        arguments.pop("align_corners", None)
    if arguments.get("like") is not None and random.random() < 0.8:
        return shape, {name: value for name, value in arguments.items() if name in ("like", "mode", "align_corners")}
    if random.random() < 0.3:
        arguments.pop("scale_factor", None)
        arguments.setdefault("size", random.choice((1, 2, 5, 9)))
        arguments.pop("recompute_scale_factor", None)
    else:
        arguments.pop("size", None)
        if arguments.get("scale_factor") is None:
            arguments["scale_factor"] = random.choice((2, 1.5, 0.7))
    return shape, arguments


def _to_crop(random: Random, shape: Sizes, arguments: Arguments) -> tuple[Sizes, Arguments]:
    like = arguments.get("like")
    if like is None:
        return shape, {"size": arguments.get("size") or 1, **arguments}
    larger = (shape[0], *(size + random.choice((-1, 0, 0, 1, 4)) for size in like[1:]))
    return tuple(max(1, size) for size in larger), {"like": like}


def _to_pad(random: Random, shape: Sizes, arguments: Arguments) -> tuple[Sizes, Arguments]:
    if arguments.get("like") is None:
        return shape, {"padding": _padding(random, shape), **arguments}
    return shape, {name: value for name, value in arguments.items() if name != "padding"}


def _to_shuffle(random: Random, shape: Sizes, arguments: Arguments) -> tuple[Sizes, Arguments]:
    factor = random.choice((1, 2, 3))
    return (random.choice((1, 2, 3)) * factor**2, *shape[1:]), {"upscale_factor": factor}


def _to_unshuffle(random: Random, shape: Sizes, arguments: Arguments) -> tuple[Sizes, Arguments]:
    factor = random.choice((1, 2, 3))
    return (shape[0], *(factor * random.randint(1, 4) for _ in shape[1:])), {"downscale_factor": factor}


def _permutation(random: Random, shape: Sizes) -> Any:
    dims = random.sample(range(len(shape)), len(shape))
    return tuple(dim - len(shape) if random.random() < 0.2 else dim for dim in dims)


DRAWS: Mapping[tuple[str, str], Callable[[Random, Sizes], Any]] = {
    ("prelu", "num_parameters"): lambda random, shape: random.choice((1, shape[0], shape[0], 2)),
    ("hardtanh", "min_val"): lambda random, _: random.choice((-2.0, -1.0, 0.0, 0.5)),
    ("permute", "dims"): _permutation,
    ("pad", "padding"): _padding,
    ("pad", "value"): lambda random, _: random.choice((0.0, 0.0, 0.5, -1.0)),
    ("crop", "size"): lambda random, shape: random.choice((1, 2, 3, tuple(random.randint(1, n) for n in shape[1:]))),
    ("crop", "offset"): lambda random, shape: random.choice(
        (None, 0, 1, tuple(random.randint(0, 2) for _ in shape[1:]))
    ),
    ("squeeze", "dim"): lambda random, shape: _some([at for at, size in enumerate(shape) if size == 1], random),
    ("slice", "start"): lambda random, shape: random.choice((0, 0, 1, 2, -1, -2, -4)),
    ("slice", "end"): lambda random, shape: random.choice((None, 1, 2, 3, 4, 8, -1, -2)),
    ("roll", "shifts"): lambda random, shape: random.choice((1, -1, 3, -9, 0)),
    ("select", "index"): lambda random, _: random.choice((-2, -1, 0, 0, 1, 3)),
    ("upsample", "scale_factor"): lambda random, shape: random.choice(
        (
            2,
            3,
            1,
            2.0,
            0.5,
            1.5,
            0.25,
            0.7,
            0.3,
            1 / 3,
            1.1,
            2.9,
            tuple(random.choice((2, 0.5, 0.6)) for _ in shape[1:]),
        )
    ),
    ("channelshuffle", "groups"): lambda random, shape: random.choice((1, 2, 3, _divisor(shape[0], random))),
    ("attention", "num_heads"): lambda random, shape: random.choice((1, 2, 3, _divisor(shape[-1], random))),
    ("windowattention", "num_heads"): lambda random, shape: random.choice((1, 2, 3, _divisor(shape[-1], random))),
    ("windowattention", "window"): lambda random, _: random.choice((1, 2, 3, 7, (2, 3))),
    ("windowattention", "shift"): lambda random, _: random.choice((0, 0, 1, 3, (0, 1))),
    ("transformer", "nhead"): lambda random, shape: random.choice((1, 2, 3, _divisor(shape[-1], random))),
    ("decoder", "nhead"): lambda random, shape: random.choice((1, 2, 3, _divisor(shape[-1], random))),
    ("attention", "memory"): lambda random, shape: random.choice(
        (None, None, (random.randint(1, 9), shape[-1]), (random.randint(1, 9), random.randint(1, 12)))
    ),
    ("decoder", "memory"): lambda random, shape: (random.randint(1, 9), random.choice((*[shape[-1]] * 4, 3))),
    **{(name, "num_layers"): lambda random, _: random.choice((1, 1, 2, 3)) for name in ("lstm", "gru", "rnn")},
    ("lstm", "proj_size"): lambda random, _: random.choice((0, 0, 1, 2, 3)),
    **{
        (name, "dropout"): lambda random, _: random.choice((0, 0.0, 0.1, 0.5, 1.0))
        for name in ("lstm", "gru", "rnn", "attention", "transformer", "decoder", "windowattention")
    },
    **{
        (name, "p"): lambda random, _: random.choice((0, 0.0, 0.1, 0.5, 0.9, 1.0, 1))
        for name in (
            "dropout",
            "dropout1d",
            "dropout2d",
            "dropout3d",
            "alphadropout",
            "featurealphadropout",
            "droppath",
        )
    },
    **{
        (name, at): lambda random, shape: random.randrange(-len(shape), len(shape))
        for name, at in (("flatten", "start_dim"), ("flatten", "end_dim"), ("transpose", "dim0"), ("transpose", "dim1"))
    },
}

ADJUSTMENTS: Mapping[str, Callable[[Random, Sizes, Arguments], tuple[Sizes, Arguments]]] = {
    "unflatten": _to_unflatten,
    "reshape": _to_reshape,
    "squeeze": _to_squeeze,
    "roll": _to_roll,
    "windows": _to_windows,
    "unwindows": _to_unwindows,
    "windowattention": _to_window_attention,
    "upsample": _to_upsample,
    "crop": _to_crop,
    "pad": _to_pad,
    "pixelshuffle": _to_shuffle,
    "pixelunshuffle": _to_unshuffle,
}
