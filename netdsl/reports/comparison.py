"""Several runs on one page: their curves in one frame, their best values, and the settings in which they differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import unified_diff
from html import escape

from netdsl.core.text import ntext, text
from netdsl.reports.chart import BestMark, ChartLine, CurvePoint, draw_lines
from netdsl.reports.page import RUN_COLORS, chart, footer, legend, paragraph, section, table, write_page
from netdsl.reports.record import RunRecord
from netdsl.reports.sections import label_metric
from netdsl.runs.about import device_in_words
from netdsl.training.reporting.numbers import axis_of, duration, number


def write_comparison(runs: Sequence[RunRecord]) -> str:
    """The text of a page about several runs, in their order."""
    names = ", ".join(dict.fromkeys(str(run.listed.path) for run in runs))
    title = ntext("{count} run compared", "{count} runs compared", count=len(runs))
    body = [
        f'<header><h1>{escape(title)}</h1><p class="sub">{escape(names)}</p></header>',
        *(paragraph(note, "wrong-text") for run in runs for note in run.notes),
        section(text("Best values"), [_best(runs)]),
        _curves(runs),
        section(text("Settings that differ"), [_settings(runs)]),
        section(text("Texts that differ"), _texts(runs)),
        footer(),
    ]
    return write_page(title, body)


def _look(place: int) -> str:
    return f"run-{place % len(RUN_COLORS)}"


def _is_dashed(place: int) -> bool:
    """Whether a run's lines are dashed: those of a second round through the colours."""
    return place // len(RUN_COLORS) % 2 == 1


def _curves(runs: Sequence[RunRecord]) -> str:
    names = dict.fromkeys(name for run in runs for name in run.measured if name != "confusion")
    charts = [_overlaid(runs, name) for name in names]
    entries = [
        (_look(place), "dashed" if _is_dashed(place) else "", str(run.listed.path)) for place, run in enumerate(runs)
    ]
    entries.append(("sub", "thin", text("pale: the same over training samples")))
    return section(text("Curves"), [legend(entries), f'<div class="charts">{"".join(charts)}</div>'] if charts else [])


def _overlaid(runs: Sequence[RunRecord], name: str) -> str:
    behind, before, marks = [], [], []
    for place, run in enumerate(runs):
        look, path = _look(place), str(run.listed.path)
        behind.append(ChartLine(text("{run}, training", run=path), run.train_curve(name), look, pale=True))
        before.append(ChartLine(path, run.test_curve(name), look, dashed=_is_dashed(place)))
        if run.best is not None and f"test/{name}" in run.best:
            value = run.best[f"test/{name}"]
            said = text("{run}: {value} in the best epoch", run=path, value=number(name, value))
            marks.append(BestMark(CurvePoint(run.best["epoch"], value), look, said))
    shown = label_metric(name)
    label = text("{metric} of the test over the epochs, of {count} runs", metric=shown, count=len(runs))
    return chart(shown, "", draw_lines([*behind, *before], label, text("epoch"), write=axis_of(name), marks=marks))


def _best(runs: Sequence[RunRecord]) -> str:
    """A row a run, the best value of each column in bold."""
    names = list(dict.fromkeys(name for run in runs for name in run.measured if name != "confusion"))
    head = [text("run"), text("epochs"), text("best epoch"), *map(label_metric, names)]
    head += [text("parameters"), text("time"), text("status")]
    tops = {name: _top(runs, name) for name in names}
    rows = []
    for place, run in enumerate(runs):
        best: Mapping[str, float] = run.best or {}
        values = []
        for name in names:
            value = best.get(f"test/{name}")
            written = escape(number(name, value))
            values.append(f"<b>{written}</b>" if value is not None and value == tops[name] else written)
        rows.append(
            [
                f'<span class="{_look(place)}">●</span> {escape(str(run.listed.path))}',
                f"{run.epochs[-1]['epoch']:.0f}" if run.epochs else "0",
                f"{best['epoch']:.0f}" if best else "–",
                *values,
                f"{run.sheet.params:,}" if run.sheet else "–",
                duration(run.about.get("seconds", 0.0)),
                escape(run.about.get("status", "–")),
            ]
        )
    remark = text("The values of each run's best epoch; bold is the best of a column.")
    return paragraph(remark) + table(head, rows, numbers=range(1, len(head) - 1), kind="wide")


def _top(runs: Sequence[RunRecord], name: str) -> float | None:
    """The best of the runs' values, where it is known whether more or less is better."""
    found = [run.best[f"test/{name}"] for run in runs if run.best is not None and f"test/{name}" in run.best]
    if name == "loss":
        return min(found, default=None)
    judges = [run for run in runs if run.criterion == name]
    if not judges:
        return None
    return max(found, default=None) if judges[0].about.get("highest") else min(found, default=None)


def _settings(runs: Sequence[RunRecord]) -> str:
    known = [_all_settings(run) for run in runs]
    names = dict.fromkeys(name for settings in known for name in settings)
    rows = [
        [escape(name), *(f"<code>{escape(value)}</code>" for value in values)]
        for name in names
        if len(set(values := [settings.get(name, "–") for settings in known])) > 1
    ]
    if not rows:
        return paragraph(text("the runs have the same settings"))
    return table([text("setting"), *(str(run.listed.path) for run in runs)], rows)


def _all_settings(run: RunRecord) -> dict[str, str]:
    about = run.about
    settings = dict(run.sheet.settings) if run.sheet else {}
    versions = {name: str(version) for name, version in about.get("versions", {}).items()}
    speed = {name: str(value) for name, value in about.get("speed", {}).items()}
    return settings | versions | speed | {text("device"): device_in_words(about) or "–"}


def _texts(runs: Sequence[RunRecord]) -> Iterator[str]:
    """What each text has otherwise than the first one."""
    first = runs[0]
    for run in runs[1:]:
        lines = unified_diff(first.net.splitlines(), run.net.splitlines(), lineterm="", n=0)
        changed = [line for line in lines if not line.startswith(("@@", "---", "+++"))]
        if changed:
            heading = text("{run}, beside {first}", run=run.listed.path, first=first.listed.path)
            yield f"<h3>{escape(heading)}</h3><pre>{escape(chr(10).join(changed))}</pre>"
