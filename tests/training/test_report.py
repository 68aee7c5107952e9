from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from netdsl.runs.history import Epoch, History
from netdsl.training.reporting.console import Console, PlainConsole, TerminalConsole, open_console
from netdsl.training.reporting.epoch_table import (
    EpochTable,
    Progress,
    choose_every,
    decoding_line,
    outcome,
    progress_line,
    skipped_lines,
)
from netdsl.training.reporting.numbers import amount, clock, duration, number

PROGRESS = Progress(
    epoch=3, epochs=10, batch=312, batches=782, loss=1.23456, accuracy=0.5617, rate=5123.4, remaining=42.2
)


def epoch(number: int, loss: float = 1.0, accuracy: float = 0.5) -> Epoch:
    return Epoch(number, 100 * number, loss, {"loss": loss, "accuracy": accuracy}, rate=5123.4, seconds=9.84)


def test_the_moving_line_says_all_and_fits() -> None:
    assert progress_line(PROGRESS, "images", columns=100) == (
        "epoch 3/10 ━━━━━━━╌╌╌╌╌╌╌╌╌╌╌╌╌ 312/782  loss 1.2346  accuracy 56.2 %  5,123 images/s  0:42 left"
    )


@pytest.mark.parametrize("columns", range(60, 121, 7))
def test_the_bar_gives_way(columns: int) -> None:
    line = progress_line(PROGRESS, "images", columns)
    assert len(line) <= max(columns, len(progress_line(PROGRESS, "images", 0)))
    assert "312/782  loss 1.2346" in line


def test_rows_stand_below_their_heading() -> None:
    table = EpochTable(["accuracy"], "images")
    assert [table.heading, table.row(epoch(1))] == [
        "epoch  train loss  test loss   accuracy   images/s       time",
        "    1      1.0000     1.0000    50.00 %      5,123      9.8 s",
    ]


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (amount(145_578), "145.6 k"),
        (amount(12_400_000), "12.4 M"),
        (amount(4_100_000_000), "4.1 G"),
        (amount(7), "7"),
        (clock(42.4), "0:42"),
        (clock(3723), "1:02:03"),
        (duration(0.0512), "0.051 s"),
        (duration(9.84), "9.8 s"),
        (duration(99), "1:39"),
        (number("accuracy", 0.97222), "97.22 %"),
        (number("mae", 1.23456), "1.2346"),
        (number("mse", 123456.0), "1.235e+05"),
        (number("confusion", [[1, 0], [0, 1]]), "-"),
    ],
)
def test_numbers_are_written_for_people(found: str, expected: str) -> None:
    assert found == expected


def test_the_outcome_names_the_best_epoch_and_what_to_type_next() -> None:
    history = History(["accuracy"], "accuracy", highest=True)
    for number_, accuracy in enumerate([0.4, 0.6, 0.6, 0.5], 1):
        history.add(epoch(number_, accuracy=accuracy))
    assert outcome(history, Path("runs/x")) == (
        "best accuracy 60.00 % in epoch 2; see the curves: tensorboard --logdir runs/x"
    )
    assert outcome(history, Path("runs/x"), curves=False).endswith("in epoch 2; the run is in runs/x")


@pytest.mark.parametrize(
    ("highest", "values", "best", "stalled"),
    [
        (False, [3.0, 1.0, 2.0], 2, False),
        (False, [3.0, 1.0, 2.0, 1.0], 2, True),
        (True, [3.0, 1.0, 4.0], 3, False),
        (False, [float("nan"), 2.0], 2, False),
        (False, [float("nan"), float("nan")], None, False),
    ],
)
def test_the_best_is_the_first_of_several_equals(
    highest: bool, values: list[float], best: int | None, stalled: bool
) -> None:
    history = History([], "loss", highest)
    for index, value in enumerate(values, 1):
        history.add(epoch(index, loss=value))
    assert (history.best.number if history.best else None) == best
    assert history.is_stalled(patience=2) is stalled
    assert not history.is_stalled(patience=None)


def test_a_pipe_gets_plain_lines(capsys: pytest.CaptureFixture[str]) -> None:
    display = open_console(quiet=False, unit="images")
    assert isinstance(display, PlainConsole)
    assert not display.is_due
    display.line("a [b] c")
    display.close()
    assert capsys.readouterr().out == "a [b] c\n"


def test_quiet_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    display = open_console(quiet=True, unit="images")
    display.line("text")
    display.show(PROGRESS)
    assert (type(display), capsys.readouterr().out) == (Console, "")


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_has_a_line_that_moves_below_those_that_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    screen = Screen()
    display = TerminalConsole("images", stream=screen)
    display.line("heading [1]")
    assert display.is_due
    display.show(PROGRESS)
    assert not display.is_due
    display.line("row")
    assert "row" not in screen.getvalue()
    display.close()
    shown = screen.getvalue()
    assert shown.index("heading [1]") < shown.index("312/782") < shown.index("row")


def test_a_run_goes_on_when_nobody_listens_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stdout", Gone())
    display = PlainConsole("images")
    display.line("first")
    display.line("second")
    sys.stdout.close()


def test_decoding_has_a_line_of_its_own() -> None:
    assert decoding_line(1280, 2560) == f"decoding {'━' * 10}{'╌' * 10} 1,280/2,560 images"


def test_a_terminal_shows_decoding_and_takes_it_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    screen = Screen()
    display = TerminalConsole("images", stream=screen)
    display.show_decoding(64, 128)
    assert "64/128 images" in screen.getvalue()
    display.show_decoding(65, 128)
    display.show_decoding(128, 128)
    display.close()
    assert "65/128" not in screen.getvalue()
    assert "128/128" not in screen.getvalue()


@pytest.mark.parametrize(
    ("count", "first", "lines"), [(1, "1 image that", 2), (10, "10 images that", 11), (12, "12 images that", 12)]
)
def test_what_was_left_out_is_counted_and_listed(count: int, first: str, lines: int) -> None:
    said = skipped_lines([f"{number}.png: truncated" for number in range(count)]).splitlines()
    assert said[0] == f"left out {first} cannot be read:"
    assert len(said) == lines
    assert said[1] == "  0.png: truncated"
    assert (count > 10) == ("and 2 more" in said[-1])


@pytest.mark.parametrize(
    ("epochs", "every"), [(1, 1), (25, 1), (26, 2), (50, 2), (51, 5), (125, 5), (1000, 50), (1_000_000, 50_000)]
)
def test_a_run_of_many_epochs_fills_a_screen(epochs: int, every: int) -> None:
    assert choose_every(epochs) == every
    assert epochs / every <= 25


def test_rows_thin_out_and_the_best_and_the_last_stay(capsys: pytest.CaptureFixture[str]) -> None:
    console, table = PlainConsole(), EpochTable(["accuracy"], "images", every=10)
    history = History(["accuracy"], "accuracy", highest=True)
    for number_ in range(1, 36):
        history.add(epoch(number_, accuracy=0.9 if number_ == 17 else 0.5))
        console.epoch_ended(table, history.epochs[-1])
    console.end_table(table, history)
    *in_order, name, best = capsys.readouterr().out.splitlines()
    assert [int(line.split()[0]) for line in in_order] == [1, 10, 20, 30, 35]
    assert (name, int(best.split()[0])) == ("the best epoch:", 17)
    console.end_table(EpochTable(["accuracy"], "images"), history)
    assert capsys.readouterr().out == ""


def test_a_heading_that_is_too_wide_is_broken_between_words() -> None:
    table = EpochTable(["binary_accuracy"], "images")
    wide = table.heading
    assert table.fold_heading(len(wide)) == wide
    above, below = table.fold_heading(60).splitlines()
    assert above.split() == ["train", "test", "binary"]
    assert below.split() == ["epoch", "loss", "loss", "accuracy", "images/s", "time"]
    row = table.row(Epoch(1, 100, 1.0, {"loss": 1.0, "binary_accuracy": 0.5}, rate=5123.4, seconds=9.84))
    assert len(row) == len(above) == len(below) < len(wide)


def test_a_terminal_breaks_prose_between_words_and_commands_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "40")
    screen = Screen()
    display = TerminalConsole("images", stream=screen)
    display.prose("digits.net: 1,490 parameters, 2.7 k multiply-adds; cpu")
    display.line("see the curves: tensorboard --logdir runs/first/of/all")
    display.close()
    assert "2.7 k\n  multiply-adds; cpu" in screen.getvalue()
    assert "tensorboard --logdir runs/first/of/all" in screen.getvalue()
