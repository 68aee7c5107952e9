"""The report of one run, part by part."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from html import escape

from netdsl.core.text import ntext, text
from netdsl.render.palette import class_color
from netdsl.reports.chart import BestMark, ChartLine, CurvePoint, draw_lines, draw_scatter
from netdsl.reports.findings import Findings, LayerState, Numbers, ShownSample
from netdsl.reports.matrix import describe_confusion, draw_matrix, find_confused
from netdsl.reports.page import chart, facts, fold, footer, legend, paragraph, section, table, write_page
from netdsl.reports.record import RunRecord
from netdsl.runs.about import device_in_words
from netdsl.training.reporting.numbers import amount, axis_of, duration, number, percent

PICTURE = re.compile(r"data:image/(png|jpeg);base64,[A-Za-z0-9+/=]+")
"""The only addresses that a page may have."""

PAIRS = 8
"""So many pairs of classes that are confused are listed."""

MOST_ROWS = 12
"""So many epochs are listed before the list is folded."""

DRAWN_CLASSES = 80
"""Up to so many classes have a matrix."""


def write_report(run: RunRecord) -> str:
    """The text of `report.html`."""
    return write_page(
        text("{name}: report", name=_name(run)),
        [
            *_head(run),
            _curves(run),
            _confusion(run),
            _samples(run),
            _net(run),
            _layers(run),
            _speed(run),
            _settings(run),
            footer(),
        ],
    )


def label_metric(name: str) -> str:
    """A metric's name as people read it: `binary_accuracy` is `binary accuracy`."""
    return name.replace("_", " ")


def _name(run: RunRecord) -> str:
    return run.about.get("name", "").replace("\\", "/").rpartition("/")[2] or run.listed.path.name


def _head(run: RunRecord) -> Iterator[str]:
    about = run.about
    yield f"<header><h1>{escape(_name(run))}</h1>"
    parts = [
        str(run.listed.path),
        about.get("started", "").replace("T", " ")[:16],
        device_in_words(about),
        _status(run),
    ]
    yield f'<p class="sub">{escape(" · ".join(part for part in parts if part))}</p></header>'
    for note in run.notes:
        yield paragraph(note, "wrong-text")
    yield facts(_first_numbers(run))


def _status(run: RunRecord) -> str:
    status = run.about.get("status", "")
    words = {
        "running": text("running"),
        "finished": text("finished"),
        "stopped": text("stopped"),
        "failed": text("failed"),
    }
    return words.get(status, status)


def _first_numbers(run: RunRecord) -> Iterator[tuple[str, str, str]]:
    best, last = run.best, run.epochs[-1] if run.epochs else None
    if best is not None:
        criterion = run.criterion
        remark = text("in epoch {epoch:.0f} of {epochs:.0f}", epoch=best["epoch"], epochs=run.epochs[-1]["epoch"])
        yield (
            text("best {metric}", metric=label_metric(criterion)),
            number(criterion, best[f"test/{criterion}"]),
            remark,
        )
    if last is not None:
        for name in [one for one in run.measured if one == "loss" or one == run.criterion][:2]:
            value, train = last.get(f"test/{name}"), run.train_curve(name)
            if value is not None:
                beside = text("training {value}", value=number(name, train[-1].y)) if train else ""
                yield text("last test {metric}", metric=label_metric(name)), number(name, value), beside
    if run.sheet:
        macs = text("{macs} multiply-adds", macs=amount(run.sheet.macs)) if run.sheet.macs is not None else ""
        yield text("parameters"), f"{run.sheet.params:,}", macs
    paces = run.findings.get("paces", []) if run.findings else []
    if paces:
        remark = text("training, epoch {epoch}", epoch=paces[-1]["epoch"])
        yield text("samples a second"), f"{paces[-1]['rate']:,.0f}", remark
    if seconds := run.about.get("seconds"):
        yield text("time"), duration(seconds), ""


def _curves(run: RunRecord) -> str:
    if not run.metrics:
        if run.listed.has_lost_metrics:
            return ""  # a note above says why
        return section(text("Curves"), [paragraph(text("no value has been logged yet"))])
    across = text("epoch") if run.counts_epochs else text("step")
    found = [_metric_chart(run, name, across) for name in run.measured if name != "confusion"]
    if not run.epochs and (steps := run.step_curve("train/loss")):
        series = [ChartLine(text("loss of the steps"), steps, "train")]
        found.append(chart(text("training loss"), "", draw_lines(series, text("training loss over the steps"), across)))
    if rates := run.step_curve("train/lr"):
        label = text("learning rate, from {first:.3g} to {last:.3g}", first=rates[0].y, last=rates[-1].y)
        drawn = draw_lines([ChartLine(text("learning rate"), rates, "lr")], label, across)
        found.append(chart(text("learning rate"), "", drawn))
    entries = [("test", "", text("test set")), ("train", "", text("training samples, measured as the test set is"))]
    if not any("train/eval_loss" in line for line in run.epochs):
        entries[1] = ("train", "", text("training, mean over the steps of an epoch"))
    if run.epochs and run.step_curve("train/loss"):
        entries.append(("train", "thin", text("training, mean over the last steps")))
    if run.best is not None:
        entries.append(("sub", "dashed", text("best epoch")))
    return section(
        text("Curves"),
        [legend(entries), f'<div class="charts">{"".join(found)}</div>', fold(text("all numbers"), _epoch_table(run))],
    )


def _metric_chart(run: RunRecord, name: str, across: str) -> str:
    test, train = run.test_curve(name), run.train_curve(name)
    series = [ChartLine(text("training"), train, "train"), ChartLine(text("test"), test, "test")]
    if name == "loss":
        series.insert(0, ChartLine(text("loss of the steps"), run.step_curve("train/loss"), "train", pale=True))
    shown = label_metric(name)
    label = text(
        "{metric} of the test over {epochs} epochs, from {first} to {last}",
        metric=shown,
        epochs=len(test),
        first=number(name, test[0].y),
        last=number(name, test[-1].y),
    )
    marks: list[BestMark] = []
    remark = ""
    if run.best is not None and f"test/{name}" in run.best:
        best = CurvePoint(run.best["epoch"], run.best[f"test/{name}"])
        remark = text("{value} in the best epoch, {epoch:.0f}", value=number(name, best.y), epoch=best.x)
        marks = [BestMark(best, "test", remark)]
    return chart(shown, remark, draw_lines(series, label, across, write=axis_of(name), marks=marks))


def _epoch_table(run: RunRecord) -> str:
    names = list(dict.fromkeys(name for line in run.epochs for name in line))
    columns = [name for name in names if name not in ("step", "epoch")]
    best = run.best["epoch"] if run.best is not None else None
    rows = []
    for line in run.epochs:
        values = [f"{line[name]:.6g}" if name in line else "–" for name in columns]
        epoch = f"{line['epoch']:.0f}"
        rows.append([f"<b>{epoch}</b>" if line["epoch"] == best else epoch, f"{line['step']:.0f}", *values])
    head = [text("epoch"), text("steps"), *columns]
    return table(head, rows, numbers=range(len(head))) if rows else ""


def _confusion(run: RunRecord) -> str:
    found = run.findings or {}
    if found.get("kind") == "numbers":
        return _scatter(found)
    matrix = found.get("confusion", [])
    names = _names(found, len(matrix))
    if not matrix or any(len(row) != len(matrix) for row in matrix):
        return ""
    pairs = find_confused(matrix, PAIRS)
    said = [f"<li>{escape(describe_confusion(count, names[row], names[column]))}</li>" for count, row, column in pairs]
    beside = (
        f"<h3>{escape(text('confused most'))}</h3><ul>{''.join(said)}</ul>" if said else paragraph(text("no mistake"))
    )
    counted = paragraph(_counted(found))
    drawn = f'<div class="scroll">{draw_matrix(matrix, names)}</div>' if len(matrix) <= DRAWN_CLASSES else ""
    return section(
        text("Confusion matrix of epoch {epoch}", epoch=found.get("epoch", 0)),
        [f'<div class="two"><div>{drawn}</div><div>{counted}{beside}</div></div>' if drawn else counted + beside],
    )


def _counted(found: Findings) -> str:
    tested, wrong = found.get("tested", 0), found.get("wrong", 0)
    if found.get("kind") == "places":
        return ntext(
            "{count:,} of {tested:,} test samples has a mistake somewhere",
            "{count:,} of {tested:,} test samples have a mistake somewhere",
            count=wrong,
            tested=tested,
        )
    return ntext(
        "{count:,} mistake among {tested:,} test samples",
        "{count:,} mistakes among {tested:,} test samples",
        count=wrong,
        tested=tested,
    )


def _scatter(found: Findings) -> str:
    points = [CurvePoint(pair[0], pair[1]) for pair in found.get("scatter", []) if len(pair) == 2]
    if not points:
        return ""
    label = text("predictions beside their targets, for {count} test samples", count=len(points))
    drawn = draw_scatter(points, label, text("true value"), text("predicted value"))
    return section(
        text("Predictions of epoch {epoch}", epoch=found.get("epoch", 0)),
        [
            paragraph(text("A point is a test sample; on the dashed line the prediction is right.")),
            f'<figure class="chart square">{drawn}</figure>',
        ],
    )


def _samples(run: RunRecord) -> str:
    found = run.findings or {}
    worst, some = found.get("worst", []), found.get("random", [])
    if not worst and not some:
        return ""
    numbers = found.get("kind") == "numbers"
    heading = text("largest errors") if numbers else text("worst mistakes")
    lead = (
        text("Those with the largest difference between prediction and target.")
        if numbers
        else text("Those whose true class the net thought the least likely.")
    )
    parts = []
    if worst:
        parts += [f'<h3 class="group">{escape(heading)}</h3>', paragraph(lead), _sample_group(worst, found)]
    elif found.get("tested"):
        parts.append(paragraph(text("no mistake")))
    if some:
        chance = text("The same ones after each epoch.")
        title = text("samples chosen by chance")
        parts += [f'<h3 class="group">{escape(title)}</h3>', paragraph(chance), _sample_group(some, found)]
    if any("true_mask" in one for one in (*worst, *some)):
        parts.insert(0, _class_legend(_names(found, len(found.get("confusion", [])))))
    return section(text("Test samples of epoch {epoch}", epoch=found.get("epoch", 0)), parts)


def _class_legend(names: Sequence[str]) -> str:
    """The colours that masks have."""
    entries = "".join(
        f'<li><i class="square" style="background:{class_color(number, names).hex}"></i>{escape(name)}</li>'
        for number, name in enumerate(names)
    )
    about = text("From left to right: the image, its classes, and what the net says.")
    return f'<ul class="legend">{entries}</ul>{paragraph(about)}'


def _sample_group(samples: Sequence[ShownSample], found: Findings) -> str:
    if all(PICTURE.fullmatch(one.get("picture", "")) for one in samples):
        kind = "samples wide" if any("true_mask" in one for one in samples) else "samples"
        return f'<ul class="{kind}">{"".join(_picture(one, found) for one in samples)}</ul>'
    return _sample_table(samples, found)


def _picture(sample: ShownSample, found: Findings) -> str:
    words = _answer(sample, found)
    place = sample.get("number")
    title = text("test sample {number}", number=place) if place is not None else text("test sample")
    alt = escape(f"{title}: {', '.join(said for said, _ in words)}")
    lines = "<br>".join(f'<span class="{kind}">{escape(said)}</span>' for said, kind in words)
    shown = [sample.get("picture", ""), sample.get("true_mask", ""), sample.get("predicted_mask", "")]
    image = "".join(_image(address, alt, title) for address in shown if PICTURE.fullmatch(address))
    image = f"<div>{image}</div>"
    return f"<li><figure>{image}<figcaption>{lines}</figcaption></figure></li>"


def _image(address: str, alt: str, title: str) -> str:
    smooth = "" if address.startswith("data:image/png") else ' class="smooth"'
    return f'<img src="{address}" alt="{alt}" title="{escape(title)}"{smooth}>'


def _answer(sample: ShownSample, found: Findings) -> list[tuple[str, str]]:
    """What is said below a sample, with the class of each line."""
    true, predicted, sure = sample.get("true", []), sample.get("predicted", []), sample.get("sure", 0.0)
    if found.get("kind") == "places":
        return [(text("{share} right", share=percent(sure, 1)), "")]
    if found.get("kind") == "numbers":
        return [
            (text("true {value}", value=_listed(true)), ""),
            (text("predicted {value}", value=_listed(predicted)), ""),
        ]
    names = _names(found, 1 + int(max([*true, *predicted, 0])))
    is_right = true == predicted
    said = text(
        "{mark} {name}, {share}", mark="✓" if is_right else "✗", name=_class(predicted, names), share=percent(sure, 0)
    )
    return [(text("true: {name}", name=_class(true, names)), ""), (said, "ok" if is_right else "bad")]


def _sample_table(samples: Sequence[ShownSample], found: Findings) -> str:
    """A row a sample: what was predicted, and what the net was given."""
    width = max((len(one.get("values", [])) for one in samples), default=0)
    columns = found.get("columns", [])
    heads = list(columns)[:width] if len(columns) >= width else [str(place) for place in range(width)]
    kind = found.get("kind")
    last = text("difference") if kind == "numbers" else text("right") if kind == "places" else text("sure")
    head = [text("sample"), text("true"), text("predicted"), last, *heads]
    rows = []
    for one in samples:
        place, values = one.get("number"), [f"{value:.4g}" for value in one.get("values", [])]
        answer = _answer_cells(one, found)
        rows.append(["–" if place is None else str(place), *answer, *values, *[""] * (width - len(values))])
    numbers = [0, *(range(1, 4) if kind == "numbers" else [3]), *range(4, len(head))]
    return table(head, rows, numbers=numbers, kind="numbers")


def _answer_cells(sample: ShownSample, found: Findings) -> list[str]:
    """The true answer, the net's, and how far or how sure it is."""
    true, predicted = sample.get("true", []), sample.get("predicted", [])
    if found.get("kind") == "numbers":
        off = [given - wanted for given, wanted in zip(predicted, true, strict=False)]
        return [_listed(true), _listed(predicted), f"<b>{_listed(off, sign=True)}</b>"]
    if found.get("kind") == "places" or not (true and predicted):
        return ["", "", percent(sample.get("sure", 0.0), 1)]
    names = _names(found, 1 + int(max(*true, *predicted)))
    kind, mark = ("ok", "✓") if true == predicted else ("bad", "✗")
    answer = f'<span class="{kind}">{mark} {escape(_class(predicted, names))}</span>'
    return [escape(_class(true, names)), answer, percent(sample.get("sure", 0.0), 0)]


def _net(run: RunRecord) -> str:
    picture = learned = ""
    if run.sheet:
        # As pictures and not as SVG in the page, where the styles of one would colour the other.
        dark, light = (base64.b64encode(one.encode()).decode() for one in (run.sheet.dark, run.sheet.light))
        kind = "data:image/svg+xml;base64,"
        picture = (
            f'<picture class="net"><source media="(prefers-color-scheme:dark)" srcset="{kind}{dark}">'
            f'<img src="{kind}{light}" alt="{escape(run.sheet.description)}"></picture>'
        )
    if values := (run.findings or {}).get("learned"):
        learned = f"<p>{escape(text('learned:'))} <code>{escape(values)}</code></p>"
    lines = run.net.splitlines()
    room = len(str(len(lines)))
    written = "\n".join(f"<i>{place:>{room}}  </i>{escape(line)}" for place, line in enumerate(lines, 1))
    beside = f"{learned}<pre>{written}</pre>"
    return section(text("Net"), [f'<div class="two"><div>{picture}</div><div>{beside}</div></div>'])


def _layers(run: RunRecord) -> str:
    found = run.findings or {}
    layers = found.get("layers", [])
    if not layers:
        return ""
    head = [
        text("line"),
        text("statement"),
        text("parameters"),
        text("weights: deviation"),
        text("weights: largest"),
        text("gradients: deviation"),
        text("gradients: largest"),
        text("dead units"),
    ]
    rows = [
        [
            str(one.get("line", "")),
            f"<code>{escape(one.get('written', ''))}</code>",
            f"{one['params']:,}" if one.get("params") else "",
            *_spread(one.get("weights")),
            *_spread(one.get("gradients")),
            _dead(one),
        ]
        for one in layers
    ]
    about = text(
        "Weights and gradients after epoch {epoch}; the gradients are those of {looked:,} training samples. "
        "A unit is dead where its activation is 0 for all of them.",
        epoch=found.get("epoch", 0),
        looked=found.get("looked", 0),
    )
    return section(text("Layers"), [paragraph(about), table(head, rows, numbers=[0, 2, 3, 4, 5, 6], kind="wide")])


def _spread(numbers: Numbers | None) -> tuple[str, str]:
    return (f"{numbers['std']:.2g}", f"{numbers['largest']:.2g}") if numbers else ("", "")


def _dead(layer: LayerState) -> str:
    units = layer.get("units", 0)
    if not units:
        return ""
    dead = layer.get("dead", 0)
    said = escape(text("{dead} of {units}", dead=dead, units=units))
    meter = f'<span class="meter"><i style="width:{100 * min(dead / units, 1):.0f}%"></i></span>'
    return f'<span class="bad">{said}</span>{meter}' if dead else said


def _speed(run: RunRecord) -> str:
    paces = (run.findings or {}).get("paces", [])
    if not paces:
        return ""
    rates = [CurvePoint(one["epoch"], one["rate"]) for one in paces]
    seconds = [CurvePoint(one["epoch"], one["seconds"]) for one in paces]
    charts = [
        chart(
            title,
            "",
            draw_lines([ChartLine(title, points, "lr")], text("{what} over the epochs", what=title), text("epoch")),
        )
        for title, points in (
            (text("training samples a second"), rates),
            (text("seconds an epoch, the test included"), seconds),
        )
    ]
    return section(text("Speed"), [f'<div class="charts">{"".join(charts)}</div>'])


def _settings(run: RunRecord) -> str:
    about = run.about
    parts = []
    if run.sheet:
        settings = run.sheet.settings
        chosen = {name: value for name, value in settings.items() if name in run.sheet.chosen}
        others = {name: value for name, value in settings.items() if name not in run.sheet.chosen}
        parts += [pair_table(chosen), fold(text("settings that are as they are by default"), pair_table(others))]
    known = {
        **{name: str(version) for name, version in about.get("versions", {}).items()},
        text("platform"): about.get("platform", ""),
        text("device"): device_in_words(about),
        text("seed"): str(about.get("seed", "")),
        text("first weights"): about.get("first_weights", ""),
        **{name: str(value) for name, value in about.get("speed", {}).items()},
        text("command"): " ".join(about.get("command", [])),
    }
    machine = pair_table({name: value for name, value in known.items() if value})
    heading = escape(text("versions and machine"))
    parts.append(f'<h3 class="group">{heading}</h3>{machine}')
    return section(text("Settings"), parts)


def pair_table(pairs: Mapping[str, str]) -> str:
    """Names and values."""
    return (
        table([], [[escape(name), f"<code>{escape(value)}</code>"] for name, value in pairs.items()]) if pairs else ""
    )


def _names(found: Findings, count: int) -> Sequence[str]:
    """The names of the classes: their numbers where they have no names."""
    names = found.get("names", [])
    return [*names, *map(str, range(len(names), count))]


def _class(value: Sequence[float], names: Sequence[str]) -> str:
    place = int(value[0]) if value else -1
    return names[place] if 0 <= place < len(names) else "?"


def _listed(values: Sequence[float], *, sign: bool = False) -> str:
    shown = [f"{value:+.4g}" if sign else f"{value:.4g}" for value in values[:4]]
    return ", ".join([*shown, *(["…"] if len(values) > 4 else [])])
