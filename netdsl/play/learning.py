"""Training in a process of its own: `netdsl run`, with somebody who looks on.

The main thread trains; another one reads what the server sends. Pausing is what Ctrl-C does to `netdsl run`: the step
is finished and the run saved. Going on resumes it from there, to the same bits.
"""

from __future__ import annotations

import os
import queue
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from netdsl.core.errors import Interrupted, NetdslError
from netdsl.core.text import text
from netdsl.core.translation import known_language, speak
from netdsl.play.worker import Message, read_messages, take_output, write_message

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from netdsl.cli.shared.inputs import ProgramText
    from netdsl.data import Data
    from netdsl.program import DataUse, Experiment
    from netdsl.runs.folder import RunFolder
    from netdsl.runs.history import Epoch, History
    from netdsl.training.learner import Learner

PERIOD = 0.12
"""Seconds between two pictures, at least."""

SHARE = 5
"""A picture that takes a second is followed by so many seconds without one, so that training goes on."""

STEPS_SHOWN = 0.25
"""Seconds between two reports of the step."""


class Onlooker:
    """Follows a run: sends its numbers and pictures, and answers what is asked about the net.

    Args:
        program: the text that is trained.
        desk: where messages come from and go to.
        one_epoch: whether the run pauses after an epoch.
    """

    def __init__(self, program: ProgramText, desk: Desk, *, one_epoch: bool = False) -> None:
        self.experiment = program.experiment
        self.desk, self.one_epoch = desk, one_epoch
        self.viewer: Viewer | None = None
        self._next_picture = self._next_step = 0.0

    def run_started(self, folder: RunFolder, learner: Learner, data: Data, history: History) -> None:
        """Tells where the run stands."""
        self.learner = learner
        self.viewer = Viewer(self.experiment, learner.weights, data)
        self.desk.send(
            {
                "event": "started",
                "folder": str(folder.path),
                "step": learner.step,
                "steps": int(learner.steps),
                "epochs": [describe_epoch(epoch) for epoch in history.epochs],
                "criterion": history.criterion,
                "points": self.viewer.describe_points(),
            }
        )
        self._show()

    def step_ended(self) -> None:
        """Sends a picture from time to time."""
        now = monotonic()
        if now >= self._next_picture:
            self._show()
            self._next_picture = (end := monotonic()) + max(PERIOD, SHARE * (end - now))
        if now >= self._next_step:
            self.desk.send({"event": "step", "step": self.learner.step})
            self._next_step = now + STEPS_SHOWN
        self._answer()

    def epoch_ended(self, epoch: Epoch) -> None:
        """Sends what the epoch came to."""
        self.desk.send({"event": "epoch", **describe_epoch(epoch)})
        self._answer()
        if self.one_epoch:
            signal.raise_signal(signal.SIGINT)

    def show_last(self) -> None:
        """Sends the picture of the net as the run left it."""
        self._show()

    def _show(self) -> None:
        if self.viewer is not None and (picture := self.viewer.draw()) is not None:
            self.desk.send({"event": "picture", **picture})

    def _answer(self) -> None:
        with suppress(queue.Empty):
            while True:
                self.desk.send(self.desk.look(self.viewer, self.desk.looks.get_nowait()))


class Viewer:
    """A net and its data, drawn.

    Args:
        experiment: the checked text.
        module: the net with the weights that it has at the moment.
        data: its data.
    """

    def __init__(self, experiment: Experiment, module: nn.Module, data: Data) -> None:
        from netdsl.training.portraits import square

        self._experiment, self._module, self._data = experiment, module, data
        self._is_plane = data.shape == (2,) and data.facts.classes is not None
        if self._is_plane:
            self._train, self._test = (_gather(part) for part in (data.train, data.test))
            self._area = square(self._train[0])

    def describe_points(self) -> Message | None:
        """The points of the plane; None for other data."""
        from netdsl.training.portraits import describe_points

        if not self._is_plane:
            return None
        return {"area": self._area, "train": describe_points(*self._train), "test": describe_points(*self._test)}

    def draw(self) -> Message | None:
        """The picture of the net on the plane; None for other data."""
        from netdsl.training.portraits import draw_plane

        return draw_plane(self._module, self._experiment, self._area) if self._is_plane else None

    def look(self, pixels: list[float] | None, number: int) -> Message:
        """What the net makes of an image: of one drawn by hand, or of a sample of the test set.

        Raises:
            NetdslError: there is nothing to draw on.
        """
        from netdsl.training.portraits import draw_image

        x, target = self._prepare(pixels) if pixels is not None else self._sample(number)
        return draw_image(self._module, self._experiment, x) | {"target": target}

    def _prepare(self, pixels: list[float]) -> tuple[Tensor, None]:
        """A drawing as a sample of the test set would be: its pixels are between 0 and 1, a row after the other."""
        import torch

        from netdsl.data.random_stream import Moment
        from netdsl.data.transform_chain import make_chain

        use, facts = self._experiment.data, self._data.facts
        shape = facts.input or ()
        if use is None or len(shape) != 3 or not all(isinstance(size, int) for size in shape):
            raise NetdslError(text("this net takes no images that one could draw"))
        channels, height, width = (int(str(size)) for size in shape)
        if len(pixels) != height * width:
            raise NetdslError(
                text("an image has {expected} pixels, not {found}", expected=height * width, found=len(pixels))
            )
        x: Any = torch.tensor(pixels, dtype=torch.float32).nan_to_num().clamp(0, 1).reshape(1, 1, height, width)
        chain = make_chain(use.transforms, facts, training=False, unit=1.0, bytes_=False)
        moment = Moment(torch.zeros(1, dtype=torch.int64))
        x, _ = chain(chain.prepare(x.repeat(1, channels, 1, 1)), torch.zeros(1), moment, slice(0, 1))
        return x.to(self._device), None

    def _sample(self, number: int) -> tuple[Tensor, int | None]:
        """A sample of the test set, and its class."""
        if len(self._data.shapes) > 1:
            raise NetdslError(text("a net of several inputs has no picture"))
        single = self._data.test.batched(1)
        batch = next(iter(single.epoch(0, number % max(single.batches, 1))))
        target = int(batch.y[0]) if batch.y.dim() == 1 and not batch.y.is_floating_point() else None
        x: Any = batch.x.to(self._device)
        return x, target

    @property
    def _device(self) -> Any:
        return next(self._module.parameters()).device


class Desk:
    """What comes from the server and goes to it."""

    def __init__(self) -> None:
        self._output = take_output()
        self._sending = threading.Lock()
        self.jobs: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self.looks: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self.is_training = False

    def send(self, message: Message) -> None:
        """Sends a message; once nobody listens, the run is saved all the same."""
        with self._sending, suppress(BrokenPipeError, ValueError):
            write_message(self._output, message)

    def read(self) -> None:
        """Sorts what comes in, in a thread of its own: questions about the net, what stops it, and jobs."""
        with suppress(ValueError):
            for message in read_messages(sys.stdin.buffer):
                if message["do"] == "pause":
                    self.pause()
                elif message["do"] == "look" and self.is_training:
                    self.looks.put(message)
                else:
                    self.jobs.put(message)
        self.jobs.put(None)
        self.pause()

    def pause(self) -> None:
        """Has the main thread save the run and end it."""
        if self.is_training:
            os.kill(os.getpid(), signal.SIGINT)

    def look(self, viewer: Viewer | None, message: Message) -> Message:
        """The answer to a look at the net."""
        answer: Message = {"event": "look", "id": message.get("id")}
        if viewer is None:
            return answer | {"problem": text("train the net first: without a run there is nothing to see")}
        try:
            return answer | viewer.look(message.get("pixels"), int(message.get("number", 0)))
        except NetdslError as error:
            return answer | {"problem": error.message}
        except Exception as error:  # a layer of a plugin may refuse a batch of one; the run goes on
            return answer | {"problem": text("{kind}: {error}", kind=type(error).__name__, error=str(error))}


def describe_epoch(epoch: Epoch) -> Message:
    """The numbers of an epoch."""
    return {"epoch": epoch.number, "step": epoch.step, "rate": epoch.rate, "seconds": epoch.seconds, **epoch.scalars}


class Studio:
    """Does what the server asks for, one job after the other.

    Args:
        plugins: whether installed plugins count.
        plugin_files: further ones.
        device: where it trains.
    """

    def __init__(self, desk: Desk, *, plugins: bool, plugin_files: tuple[Path, ...], device: str) -> None:
        self._desk, self._plugins, self._plugin_files, self._device = desk, plugins, plugin_files, device
        self._viewer: Viewer | None = None

    def work(self) -> None:
        """Does every job, until there are no more."""
        # Everything that a first job needs, while nobody waits for it.
        import netdsl.training.trainer  # noqa: F401

        self._desk.send({"event": "ready"})
        while (job := self._desk.jobs.get()) is not None:
            speak(known_language(job.get("language")))
            if job["do"] == "train":
                self._train(job)
            elif job["do"] == "open":
                self._open(job)
            elif job["do"] == "preview" and self._desk.jobs.empty():  # else a later key press has asked for another
                self._preview(job)
            elif job["do"] == "look":
                self._desk.send(self._desk.look(self._viewer, job))

    def _train(self, job: Message) -> None:
        """A run, new or resumed, until it is over or paused."""
        from netdsl.cli.shared.run_source import run_source
        from netdsl.training import train

        try:
            program = self._program(job)
            onlooker = Onlooker(program, self._desk, one_epoch=bool(job.get("one_epoch")))
            self._desk.is_training = True
            try:
                train(
                    program.experiment,
                    device=self._device,
                    resume=job.get("resume"),
                    init=job.get("init"),
                    quiet=True,
                    about={"source": run_source(program)},
                    callbacks=program.settings.registry.callbacks,
                    follower=onlooker,
                )
                onlooker.show_last()
                ended: Message = {"event": "finished"}
            except Interrupted:
                onlooker.show_last()
                ended = {"event": "paused"}
            finally:
                self._desk.is_training = False
                self._viewer = onlooker.viewer or self._viewer
        except KeyboardInterrupt:  # it came before the run began, or after its end
            ended = {"event": "paused"}
        except NetdslError as error:
            ended = {"event": "failed", "message": error.message, "help": error.help}
        except Exception as error:  # whatever goes wrong in a run must be told, and not end the page
            ended = {"event": "failed", "message": text("{kind}: {error}", kind=type(error).__name__, error=str(error))}
        self._desk.send(ended)

    def _open(self, job: Message) -> None:
        """The net of a run that an earlier process left, to look at."""
        from netdsl.training import open_run

        try:
            experiment = self._program(job).experiment
            saved = open_run(experiment, Path(job["weights"]), self._device)
            self._show(experiment, saved.data, saved.model, saved.device)
        except NetdslError as error:
            self._desk.send({"event": "failed", "message": error.message, "help": error.help})

    def _preview(self, job: Message) -> None:
        """The net as a run would begin with it, to look at."""
        import torch

        from netdsl.builder import build_network
        from netdsl.training.machine.device import choose_device

        # What is wrong is told when the net is trained: nobody has asked for anything yet.
        with suppress(Exception):
            experiment = self._program(job).experiment
            torch.manual_seed(experiment.train.seed)
            module = build_network(experiment.network)
            device = choose_device(self._device)
            if experiment.data is not None:
                self._show(experiment, experiment.data, module.to(device), device)

    def _show(self, experiment: Experiment, use: DataUse, module: nn.Module, device: torch.device) -> None:
        """Sends the points and the picture of a net that is not being trained."""
        from netdsl.data import open_data

        data = open_data(use, device, seed=experiment.train.seed)
        self._viewer = Viewer(experiment, module, data)
        self._desk.send({"event": "opened", "points": self._viewer.describe_points()})
        if picture := self._viewer.draw():
            self._desk.send({"event": "picture", **picture})

    def _program(self, job: Message) -> ProgramText:
        from netdsl.cli.shared.inputs import ProgramText, Settings
        from netdsl.core.source import Source

        settings = Settings(plugins=self._plugins, plugin_files=self._plugin_files)
        return ProgramText(Source(job["file"], job["text"]), settings)


def _gather(part: Any) -> tuple[Tensor, Tensor]:
    """The samples of a pipeline as they reach the net."""
    import torch

    batches = list(part.epoch(0))
    return torch.cat([batch.x for batch in batches]).cpu(), torch.cat([batch.y for batch in batches]).cpu()


def main(arguments: list[str]) -> None:
    """Does jobs until there are none: `[--no-plugins] [--device=NAME] [PLUGIN.py …]`."""
    desk = Desk()
    files = tuple(Path(one) for one in arguments if not one.startswith("--"))
    device = next((one.removeprefix("--device=") for one in arguments if one.startswith("--device=")), "auto")
    threading.Thread(target=desk.read, daemon=True).start()
    studio = Studio(desk, plugins="--no-plugins" not in arguments, plugin_files=files, device=device)
    while True:
        try:
            studio.work()
        except KeyboardInterrupt:  # a pause that came as a run ended
            continue
        return


if __name__ == "__main__":
    main(sys.argv[1:])
