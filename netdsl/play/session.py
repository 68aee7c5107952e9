"""The run that the page shows: started, paused, resumed, and told to everybody who listens."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from netdsl.core.text import text
from netdsl.play.worker import Message, Worker

PATIENCE = 20.0
"""Seconds in which a run that is asked to stop has to save itself."""

WAITING = 4
"""So many messages may wait for a page before pictures are left out for it."""

MOST_WAITING = 10_000
"""A page for which so many wait does not read: it is hung up on, and is told all when it comes back."""


@dataclass
class RunSession:
    """One run at a time.

    Args:
        folder: where runs are made, in `runs/`.
        worker: the process that trains.
    """

    folder: Path
    worker: Worker
    status: str = "idle"
    run: Message = field(default_factory=dict)
    epochs: list[Message] = field(default_factory=list)
    _listeners: set[asyncio.Queue[Message | None]] = field(default_factory=set)
    _looks: dict[int, asyncio.Future[Message]] = field(default_factory=dict)
    _latest: dict[str, Message] = field(default_factory=dict)
    _reader: asyncio.Task[None] | None = None
    _settled: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def state(self) -> Message:
        """Where the run stands."""
        return {"event": "state", "status": self.status, "run": self.run, "epochs": self.epochs}

    @property
    def is_busy(self) -> bool:
        """Whether a run is being trained."""
        return self.status in ("starting", "running")

    async def train(self, program: Message, *, one_epoch: bool = False, keeps: bool = False) -> None:
        """Goes on with the run if it is of this text; otherwise begins a new one.

        Args:
            program: `text` and `file`, its name.
            one_epoch: pause after an epoch.
            keeps: begin with the weights of the run before, as `--init-from` does.
        """
        if self.is_busy:
            await self.pause()
        job: Message = {"do": "train", "one_epoch": one_epoch, **program}
        same = self.run and (self.run["text"], self.run["file"]) == (program["text"], program["file"])
        if same and self.status == "paused":
            job["resume"] = self.run["folder"]
        else:
            if keeps and self.run and (weights := find_latest_weights(self.folder / self.run["folder"])):
                job["init"] = str(weights)
            else:
                self._forget()
        self.run = {**program, "folder": self.run.get("folder") if "resume" in job else None}
        self._change("starting")
        await self._send(job)

    async def pause(self) -> None:
        """Saves the run; returns once that is done."""
        if self.is_busy:
            self._settled.clear()
            # A run that is only starting has nothing to save yet, and stops after its first step.
            while self.status == "starting" and self.worker.is_alive:
                await asyncio.sleep(0.02)
            self.worker.send({"do": "pause"})
            await asyncio.wait_for(self._settled.wait(), PATIENCE)

    async def reset(self) -> None:
        """Stops the run and forgets it; its folder stays."""
        await self.pause()
        self._forget()
        self._change("idle")

    async def open(self, program: Message, folder: str) -> None:
        """Takes up a run that an earlier server left, as if it had just been paused."""
        weights = find_latest_weights(self.folder / folder)
        if self.is_busy or weights is None:
            return
        self._forget()
        self.run = {**program, "folder": folder}
        self.epochs = [{**epoch, "folder": folder} for epoch in read_epochs(self.folder / folder)]
        self._change("paused")
        await self._send({"do": "open", "weights": str(weights), **program})

    async def preview(self, program: Message) -> None:
        """Shows the net of a text before its first step, where no run is shown."""
        if self.status == "idle":
            await self._send({"do": "preview", **program})

    async def look(self, question: Message) -> Message:
        """What the net makes of an image."""
        if self.status == "idle" or not self.worker.is_alive:
            return {"problem": text("train the net first: without a run there is nothing to see")}
        number = max(self._looks, default=0) + 1
        self._looks[number] = asyncio.get_running_loop().create_future()
        self.worker.send({"do": "look", "id": number, **question})
        try:
            return await asyncio.wait_for(self._looks[number], PATIENCE)
        except TimeoutError:
            return {"problem": text("the net does not answer: it is busy with a long step")}
        finally:
            del self._looks[number]

    async def listen(self) -> AsyncIterator[Message]:
        """Everything that happens from now on, after how it stands now."""
        queue: asyncio.Queue[Message | None] = asyncio.Queue()
        self._listeners.add(queue)
        try:
            yield self.state
            for latest in self._latest.values():
                yield latest
            while (message := await queue.get()) is not None:
                yield message
        finally:
            self._listeners.discard(queue)

    def hang_up(self) -> None:
        """Ends what everybody listens to."""
        for queue in self._listeners:
            queue.put_nowait(None)

    async def warm(self) -> None:
        """Starts the process, which imports torch while the reader still reads."""
        if not self.worker.is_alive:
            await self.worker.start()
            self._reader = asyncio.create_task(self._read())

    async def close(self) -> None:
        """Ends the process; a run is saved first."""
        await self.worker.stop(PATIENCE if self.is_busy else 1.0)
        if self._reader is not None:
            self._reader.cancel()
            with suppress(asyncio.CancelledError):
                await self._reader

    async def _send(self, job: Message) -> None:
        await self.warm()
        self.worker.send(job)

    async def _read(self) -> None:
        """Takes what the process sends."""
        while (message := await self.worker.receive()) is not None:
            self._take(message)
        if self.is_busy:
            self._take(
                {
                    "event": "failed",
                    "message": text("the process that trains has ended: it ran out of memory, or was killed"),
                }
            )
        await self.worker.stop()

    def _take(self, message: Message) -> None:
        match message["event"]:
            case "look":
                waiting = self._looks.get(message["id"])
                if waiting is not None and not waiting.done():
                    waiting.set_result(message)
                return
            case "started":
                folder = self._name(message["folder"])
                self.run |= {"folder": folder, **{name: message[name] for name in ("steps", "step", "criterion")}}
                # Those of the runs whose weights this one began with stay in view.
                earlier = [epoch for epoch in self.epochs if epoch.get("folder") != folder]
                self.epochs = earlier + [{**epoch, "folder": folder} for epoch in message["epochs"]]
                self._latest["points"] = {"event": "points", "points": message["points"]}
                self._tell(self._latest["points"])
                self._change("running")
                return
            case "opened":
                self._latest["points"] = {"event": "points", "points": message["points"]}
                self._tell(self._latest["points"])
                return
            case "epoch":
                message["folder"] = self.run.get("folder")
                self.epochs.append(message)
            case "step":
                self.run["step"] = message["step"]
            case "picture":
                self._latest["picture"] = message
            case "failed":
                self.run["problem"] = {"message": message["message"], "help": message.get("help")}
                self._change("failed")
                return
            case "paused" | "finished" as status:
                # One that was stopped before it had a folder leaves nothing to go on with.
                self._change(status if self.run.get("folder") else "idle")
                return
        self._tell(message)

    def _forget(self) -> None:
        self.run, self.epochs, self._latest = {}, [], {}

    def _change(self, status: str) -> None:
        self.status = status
        if not self.is_busy:
            self._settled.set()
        self._tell(self.state)

    def _tell(self, message: Message) -> None:
        for queue in self._listeners:
            # A page that is slow, or hidden, is spared pictures which the next one replaces.
            if message["event"] != "picture" or queue.qsize() < WAITING:
                queue.put_nowait(message)
            if queue.qsize() > MOST_WAITING:
                while not queue.empty():
                    queue.get_nowait()
                queue.put_nowait(None)

    def _name(self, folder: str) -> str:
        path = Path(folder)
        return path.as_posix() if not path.is_absolute() else path.relative_to(self.folder).as_posix()


def find_latest_weights(run: Path) -> Path | None:
    """The last checkpoint of a run."""
    return max((run / "checkpoints").glob("step-*.safetensors"), default=None)


def find_run_of(folder: Path, written: str, file: str) -> str | None:
    """The newest run of exactly this text that can go on: its folder, as seen from the folder of the page."""
    home = folder / "runs" / (Path(file).stem or "net")
    for run in sorted(home.glob("*"), reverse=True):
        with suppress(OSError, ValueError):
            status = json.loads((run / "run.json").read_text("utf-8")).get("status")
            if status == "stopped" and (run / "run.net").read_text("utf-8") == written and find_latest_weights(run):
                return run.relative_to(folder).as_posix()
    return None


def read_epochs(run: Path) -> list[Message]:
    """The epochs in the log of a run."""
    found: list[Message] = []
    with suppress(OSError, ValueError):
        for line in (run / "metrics.jsonl").read_text("utf-8").splitlines():
            record: dict[str, Any] = json.loads(line)
            if "epoch" in record:
                found.append({"event": "epoch", **record})
    return found
