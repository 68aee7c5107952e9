"""A picture as SVG: text stays text, and title and description are there for those who do not see it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, groupby
from math import hypot
from xml.sax.saxutils import escape

from netdsl.drawing.picture import Area, Circle, Face, Line, Picture, PlacedBox, PlacedFrame, Point, Words
from netdsl.drawing.themes import Theme

FONTS = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"
CORNER = 7.0
CLASSES = {"strong": "s", "plain": "p", "muted": "m", "soft": "q", "label": "l", "wrong": "w"}
ANCHORS = {"start": "", "middle": ' text-anchor="middle"', "end": ' text-anchor="end"'}


def write_svg(
    picture: Picture,
    theme: Theme,
    *,
    prefix: str = "",
    scope: str = "",
    keyed: bool = False,
    opens: bool = False,
    folds: bool = False,
) -> str:
    """The text of an SVG file.

    Args:
        picture: what is written.
        theme: its colours.
        prefix: of its ids, where several stand on one page.
        scope: the class to which its style is limited, where it stands on a page of others.
        keyed: whether boxes and frames carry the paths of their modules, for a script.
        opens: whether a closed block can be opened.
        folds: whether the closed box of each frame is there too, for a script that shows one of the two.
    """
    size = f'width="{_n(picture.width)}" height="{_n(picture.height)}"'
    limited = f'class="{scope}" ' if scope else ""
    # What is an image for a screen reader has nothing inside that one could go to.
    role = "group" if keyed else "img"
    net = f' data-net="{_n(picture.net.y)} {_n(picture.net.bottom)}"' if folds else ""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_n(picture.width)} {_n(picture.height)}" {size} '
        f'{limited}role="{role}" aria-labelledby="{prefix}title {prefix}desc"{net}>',
        f'<title id="{prefix}title">{_clean(picture.title)}</title>',
        f'<desc id="{prefix}desc">{_clean(picture.description)}</desc>',
        f"<style>{_style(theme, _families(picture, folds=folds), scope)}</style>",
        _arrow("a", theme.line),
        _arrow("d", theme.label),
    ]
    parts.append(f'<rect width="100%" height="100%" fill="{theme.page}"/>')
    for frame in picture.frames:
        can_close = not folds or frame.closed
        key = f' data-frame="{_attribute(frame.path)}"' if keyed and frame.path and can_close else ""
        if key and folds:
            key += f' tabindex="0" role="button" aria-label="{_attribute(frame.title)}"'
        parts.append(f'<rect class="g"{key} {_rectangle(frame.area)} rx="9"/>')
    parts += _volumes(picture, keyed=keyed, folds=folds)
    parts += [_line(line, folds=folds) for line in picture.lines]
    for one in _reading_order(picture, folds=folds):
        match one:
            case PlacedBox(box=box):
                more = " data-opens" if opens and box.closed else ""
                parts += _keyed(box.path, _box(one), more) if keyed else _box(one)
            case PlacedFrame():
                parts += _closed(one)
            case Circle():
                parts += _keyed(one.box.path, _circle(one)) if keyed else _circle(one)
    parts += map(_words, picture.words)
    parts += [f'<rect class="{_class(one.family)}" {_rectangle(one.area)} rx="3"/>' for one in picture.swatches]
    return "\n".join([*parts, "</svg>", ""])


def _families(picture: Picture, *, folds: bool) -> list[str]:
    drawn = [box.box.family for box in picture.boxes] + [face.family for face in picture.faces]
    drawn += [frame.closed.box.family for frame in picture.frames if folds and frame.closed]
    return sorted({*drawn, *(swatch.family for swatch in picture.swatches)})


def _reading_order(picture: Picture, *, folds: bool) -> list[PlacedBox | PlacedFrame | Circle]:
    """What a keyboard goes to: a frame comes before what is in it, a circle after what it joins."""
    if not folds:
        return [*picture.boxes, *picture.circles]
    found: list[PlacedBox | PlacedFrame | Circle] = list(picture.boxes)
    for circle in picture.circles:
        inside = [place for place, one in enumerate(found) if _path(one).startswith(f"{circle.box.path}.")]
        found.insert(max(inside, default=len(found) - 1) + 1, circle)
    for frame in reversed(picture.frames):  # the inner ones first
        if frame.closed and not frame.faces:
            inside = [place for place, one in enumerate(found) if _path(one).startswith(f"{frame.path}.")]
            found.insert(min(inside, default=len(found)), frame)
    return found


def _path(one: PlacedBox | PlacedFrame | Circle) -> str:
    return one.path if isinstance(one, PlacedFrame) else one.box.path


def _keyed(path: str, lines: Iterator[str], more: str = "") -> Iterator[str]:
    """What a script finds and a keyboard reaches."""
    yield f'<g data-box="{_attribute(path)}"{more} tabindex="0">'
    yield from lines
    yield "</g>"


def _volumes(picture: Picture, *, keyed: bool, folds: bool) -> Iterator[str]:
    """All faces, those of a volume together, and the closed blocks."""
    frames = [frame for frame in picture.frames if folds and frame.faces]  # the outer ones first
    for path, found in groupby(picture.faces, key=lambda face: face.path):
        # A keyboard comes to a closed block before what is in it.
        for frame in [frame for frame in frames if path.startswith(f"{frame.path}.")]:
            frames.remove(frame)
            yield from _closed(frame)
        if keyed and path:
            yield from _keyed(path, map(_face, found))
        else:
            yield from (_face(face, _into(face.into, folds=folds)) for face in found)


def _into(path: str, *, folds: bool) -> str:
    return f' data-into="{_attribute(path)}"' if folds and path else ""


def _closed(frame: PlacedFrame) -> Iterator[str]:
    """What stands in the place of a closed block: a box, or a volume with its words."""
    if box := frame.closed:
        drawn = chain(map(_face, frame.faces), map(_words, box.lines)) if frame.faces else _box(box)
        yield from _keyed(frame.path, drawn, f' data-fold role="button" aria-label="{_attribute(frame.title)}"')


def _class(family: str) -> str:
    """The class of a family: `f-convolution`."""
    return "f-" + "".join(character if character.isalnum() else "-" for character in family)


def _rectangle(area: Area) -> str:
    return f'x="{_n(area.x)}" y="{_n(area.y)}" width="{_n(area.width)}" height="{_n(area.height)}"'


def _style(theme: Theme, families: Sequence[str], scope: str) -> str:
    """The rules of all classes: one a family and one a tone."""
    rules = [
        f"text{{font-family:{FONTS};fill:{theme.ink}}}",
        ".s{font-weight:bold}",
        f".m{{fill:{theme.muted}}}",
        f".q{{fill:{theme.soft}}}",
        f".l{{fill:{theme.label};font-style:italic}}",
        f".w{{fill:{theme.wrong}}}",
        f".g{{fill:{theme.frame};stroke:{theme.border}}}",
        f".c{{fill:{theme.ground};stroke:{theme.line};stroke-width:1.4}}",
        f".k{{stroke:{theme.ink};stroke-width:1.4;fill:none;stroke-linecap:round}}",
        f".n{{stroke:{theme.line};stroke-width:1.4;fill:none}}",
        f".d{{stroke:{theme.label};stroke-width:1.4;fill:none;stroke-dasharray:5 3.5}}",
        *(f".{_class(one)}{{fill:{theme.fill(one)};stroke:{theme.stroke(one)}}}" for one in families),
        f".t{{stroke:{theme.muted};stroke-width:.7;fill:none}}",
        "polygon{stroke-linejoin:round}",
        ".top{fill-opacity:.6}",
        f".window{{fill:{theme.ground};fill-opacity:.7;stroke:{theme.ink};stroke-width:.9}}",
        f".e{{fill:{theme.alarm};stroke:{theme.wrong};stroke-width:2.4}}",
    ]
    return "".join(f".{scope} {rule}" if scope else rule for rule in rules)


def _arrow(name: str, color: str) -> str:
    return (
        f'<marker id="{name}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto" '
        f'markerUnits="userSpaceOnUse"><path d="M0 .6 8 4 0 7.4 1.6 4Z" fill="{color}"/></marker>'
    )


def _box(placed: PlacedBox) -> Iterator[str]:
    area, box = placed.area, placed.box
    family, wrong = _class(box.family), " e" if box.messages else ""
    if box.times > 1:  # what stands several times looks like a pile
        yield f'<rect class="{family}" {_rectangle(area._replace(x=area.x + 3, y=area.y + 3))} rx="5"/>'
    yield f'<rect class="{family}{wrong}" {_rectangle(area)} rx="5"/>'
    yield from map(_words, placed.lines)


def _circle(circle: Circle) -> Iterator[str]:
    wrong = " e" if circle.box.messages else ""
    x, y = circle.center
    yield f'<circle class="c{wrong}" cx="{_n(x)}" cy="{_n(y)}" r="{_n(circle.radius)}"/>'
    yield f'<path class="k" d="{_sign(circle.center, circle.sign)}"/>'


def _face(face: Face, more: str = "") -> str:
    corners = " ".join(f"{_n(x)},{_n(y)}" for x, y in face.corners)
    wrong = " e" if face.wrong else ""
    return f'<polygon class="{_class(face.family)}{wrong} {face.kind}"{more} points="{corners}"/>'


def _line(line: Line, *, folds: bool = False) -> str:
    name, end = ("d", "d") if line.dashed else ("t" if line.thin else "n", "a")
    arrow = f' marker-end="url(#{end})"' if line.arrow else ""
    seen = f' data-without="{_attribute(line.without)}"' if line.without else _into(line.into, folds=folds)
    return f'<path class="{name}"{seen} d="{round_path(line.points)}"{arrow}/>'


def round_path(points: Sequence[Point]) -> str:
    """The line through points, its corners round."""
    first, *rest = points
    written = f"M{_n(first.x)} {_n(first.y)}"
    for before, corner, after in zip(points, rest, rest[1:], strict=False):
        radius = min(
            CORNER,
            hypot(corner.x - before.x, corner.y - before.y) / 2,
            hypot(after.x - corner.x, after.y - corner.y) / 2,
        )
        start, end = _toward(corner, before, radius), _toward(corner, after, radius)
        written += f"L{_n(start.x)} {_n(start.y)}Q{_n(corner.x)} {_n(corner.y)} {_n(end.x)} {_n(end.y)}"
    return f"{written}L{_n(points[-1].x)} {_n(points[-1].y)}"


def _toward(start: Point, end: Point, distance: float) -> Point:
    length = hypot(end.x - start.x, end.y - start.y) or 1.0
    return Point(start.x + (end.x - start.x) * distance / length, start.y + (end.y - start.y) * distance / length)


def _sign(center: Point, sign: str) -> str:
    """A plus, a cross, or for a concatenation two bars beside each other."""
    x, y = center
    if sign == "+":
        return f"M{_n(x - 4)} {_n(y)}h8M{_n(x)} {_n(y - 4)}v8"
    if sign == "×":
        return f"M{_n(x - 3)} {_n(y - 3)}l6 6M{_n(x + 3)} {_n(y - 3)}l-6 6"
    return f"M{_n(x - 2)} {_n(y - 3.5)}v7M{_n(x + 2)} {_n(y - 3.5)}v7"


def _words(words: Words) -> str:
    anchor = ANCHORS[words.anchor]
    return (
        f'<text class="{CLASSES[words.tone]}" x="{_n(words.x)}" y="{_n(words.y)}" font-size="{_n(words.size)}"{anchor}>'
        f"{_clean(words.text)}</text>"
    )


def _clean(words: str) -> str:
    """A text that XML may hold: no control characters."""
    return escape("".join(character if character.isprintable() else " " for character in words))


def _attribute(words: str) -> str:
    return _clean(words).replace('"', "&quot;")


def _n(number: float) -> str:
    """A number in as few characters as a tenth of a point needs."""
    return f"{number:.1f}".removesuffix(".0")
