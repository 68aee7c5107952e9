"""Tensors as pictures: feature maps, kernels, attention, and the sample itself.

Blue is below 0, white is 0, orange is above: the colours of Okabe and Ito, which the colour-blind tell apart.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from PIL import Image, ImageDraw
from torch import Tensor
from torch.nn import functional

from netdsl.components.traits import Trait
from netdsl.core.text import ntext, text
from netdsl.data.lettering import find_font
from netdsl.inside.flow import SampleFlow, Stage

MOST_MAPS = 64
MOST_LAYERS = 40
COLUMNS = 8
TILE, WIDE = 96, 720
"""Pixels: the side of a tile, and the side of a picture that stands alone."""

GAP = 8
SMALLEST_RATIO = 0.1
"""Equal shares stay white: smaller differences, as powers of 2 (7 %), never have the full colour."""

POSITIVE, NEGATIVE = (213, 94, 0), (0, 114, 178)
PAPER, INK, MUTED = (255, 255, 255), (31, 38, 46), (92, 102, 112)
FRAME = 225


class Panel(NamedTuple):
    """A picture with its heading, and what it shows."""

    title: str
    note: str
    image: Image.Image


def draw_panels(flow: SampleFlow, stages: Sequence[Stage], *, chosen: bool) -> Iterator[Panel]:
    """The sample, its saliency, the first kernels, and the maps of each convolution and of each attention.

    Of layers that were chosen, every output is drawn.
    """
    for fed in flow.inputs:
        if fed.x.dim() == 3:
            yield Panel(fed.name, text("the sample as it reaches the net"), _picture(fed.x))
        if fed.saliency is not None and fed.saliency.dim() == 2:
            note = text("how much the largest number of the output changes with each pixel: the size of the gradient")
            yield Panel(text("saliency"), note, _grid(fed.saliency[None], WIDE // 4))
    convolutions = [one for one in stages if Trait.CONVOLUTION in one.node.traits]
    for stage in convolutions[: 1 if not chosen else None]:
        weight = stage.weights.get("weight")
        if weight is not None and weight.dim() == 4:
            yield _kernels(stage, weight)
    maps = [one for one in stages if _is_drawn(one, chosen)]
    for stage in maps[:MOST_LAYERS]:
        yield _maps(stage)
    attention = {path: (stage, weights) for stage in stages for path, weights in stage.attention.items()}
    for path, (stage, weights) in list(attention.items())[:MOST_LAYERS]:
        yield _attention(stage, path, weights)


def _is_drawn(stage: Stage, chosen: bool) -> bool:
    return stage.output.dim() in (2, 3) and (chosen or Trait.CONVOLUTION in stage.node.traits)


def _kernels(stage: Stage, weight: Tensor) -> Panel:
    count, channels = weight.shape[:2]
    if channels == 3:
        note = text("{count} kernels over the three colours; grey is 0", count=count)
        largest = weight.abs().max().clamp_min(1e-12)
        return Panel(
            stage.title, note, _color_grid([_bytes(0.5 + one / largest / 2) for one in weight[:MOST_MAPS]], TILE)
        )
    note = text("{count} kernels over {channels} channels: a row a kernel", count=count, channels=channels)
    if channels == 1:
        return Panel(
            stage.title, ntext("{count} kernel", "{count} kernels", count=count), _grid(weight[:MOST_MAPS, 0], TILE)
        )
    shown = weight[:COLUMNS, :COLUMNS]
    return Panel(stage.title, note, _grid(shown.flatten(0, 1), TILE, columns=shown.shape[1]))


def _maps(stage: Stage) -> Panel:
    output = stage.output.float()
    if output.dim() == 2:
        note = text("{rows} rows of {columns} numbers", rows=output.shape[0], columns=output.shape[1])
        return Panel(stage.title, note, _grid(output[None], WIDE))
    note = ntext("{count} feature map", "{count} feature maps", count=len(output))
    if len(output) > MOST_MAPS:
        note = text("the first {shown} of {count} feature maps", shown=MOST_MAPS, count=len(output))
    return Panel(stage.title, note, _grid(output[:MOST_MAPS], TILE))


def _attention(stage: Stage, path: str, weights: Tensor) -> Panel:
    """Shares, heads × places × places seen, compared with equal ones: trained or not, heads differ little at first."""
    seen = (weights > 0).sum(-1, keepdim=True).clamp_min(1)
    ratios = (weights * seen).clamp_min(1e-12).log2()
    # Shares of 0 are those of a mask, or would hide all other differences.
    top = max(_largest(ratios[weights > 0]), SMALLEST_RATIO)
    note = ntext(
        "attention of {path}, {count} head: a row looks at the columns. White is an equal share; orange is up to "
        "{times:.3g} times that, blue down to 1/{times:.3g} of it",
        "attention of {path}, {count} heads: a row looks at the columns. White is an equal share; orange is up to "
        "{times:.3g} times that, blue down to 1/{times:.3g} of it",
        count=len(weights),
        path=path,
        times=2**top,
    )
    tiles = [_diverging(one / top) for one in ratios[:MOST_MAPS]]
    return Panel(stage.title, note, _color_grid(tiles, TILE * 2))


def _grid(maps: Tensor, side: int, columns: int = COLUMNS) -> Image.Image:
    """Maps side by side, in one scale; the few largest numbers do not make the others pale."""
    top = _largest(maps)
    return _color_grid([_diverging(one.float() / top if top else one.float()) for one in maps], side, columns)


def _largest(values: Tensor) -> float:
    """The largest size of a number, without the few largest ones."""
    sizes = values.abs().flatten().float()
    if not sizes.numel():
        return 0.0
    return sizes.kthvalue(max(1, round(0.995 * sizes.numel()))).values.item() or sizes.max().item()


def _diverging(values: Tensor) -> Tensor:
    shares = values.nan_to_num().clamp(-1, 1)[None]
    ends = torch.where(shares < 0, _color(NEGATIVE), _color(POSITIVE))
    return (255 + (ends - 255) * shares.abs()).round().to(torch.uint8)


def _color(color: tuple[int, int, int]) -> Tensor:
    return torch.tensor(color, dtype=torch.float32)[:, None, None]


def _color_grid(tiles: Sequence[Tensor], side: int, columns: int = COLUMNS) -> Image.Image:
    sized = [enlarge(one, side) for one in tiles]
    height, width = sized[0].shape[1:]
    across = min(columns, len(sized))
    down = -(-len(sized) // across)
    canvas = Image.new("RGB", (across * (width + GAP) + GAP, down * (height + GAP) + GAP), (FRAME,) * 3)
    for place, tile in enumerate(sized):
        where = (GAP + place % across * (width + GAP), GAP + place // across * (height + GAP))
        canvas.paste(Image.fromarray(tile.permute(1, 2, 0).contiguous().numpy()), where)
    return canvas


def enlarge(image: Tensor, side: int) -> Tensor:
    """Bytes C×H×W about `side` large: small ones by whole factors, so that their pixels stay square."""
    largest = max(image.shape[1:])
    if largest <= side:
        factor = side // largest
        return image.repeat_interleave(factor, 1).repeat_interleave(factor, 2)
    height, width = (max(1, length * side // largest) for length in image.shape[1:])
    real = functional.interpolate(image[None].float(), (height, width), mode="bilinear", antialias=True)
    return real[0].round().to(torch.uint8)


def _picture(x: Tensor) -> Image.Image:
    """The sample itself, from its smallest number in black to its largest in white."""
    image = (x[:3] if len(x) >= 3 else x[:1].expand(3, -1, -1)).float()
    low, high = image.min(), image.max()
    return _color_grid([_bytes((image - low) / (high - low).clamp_min(1e-12))], WIDE // 4)


def _bytes(image: Tensor) -> Tensor:
    return (image * 255).round().clamp(0, 255).to(torch.uint8)


def png(image: Image.Image) -> bytes:
    """A picture as a PNG file."""
    stream = io.BytesIO()
    image.save(stream, format="PNG")
    return stream.getvalue()


def stack_panels(panels: Sequence[Panel]) -> bytes:
    """All pictures below each other, with their headings, as one PNG file."""
    margin, heading, small = 20, 16, 13
    width = max(640, *(panel.image.width for panel in panels)) + 2 * margin
    head = heading + small + 18
    height = sum(panel.image.height + head + margin for panel in panels) + margin
    canvas = Image.new("RGB", (width, height), PAPER)
    pen = ImageDraw.Draw(canvas)
    y = margin
    for panel in panels:
        pen.text((margin, y), panel.title, INK, find_font(heading, panel.title))
        pen.text((margin, y + heading + 6), panel.note, MUTED, find_font(small, panel.note))
        canvas.paste(panel.image, (margin, y + head))
        y += panel.image.height + head + margin
    return png(canvas)
