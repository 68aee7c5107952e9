"""The run of the page is the run of `netdsl run`: paused and resumed, to the same bits."""

import asyncio
import json

import pytest
from safetensors.torch import load_file

from netdsl.play.session import MOST_WAITING, RunSession, find_run_of
from netdsl.play.worker import Worker

NET = """linear 2->8; tanh
linear 8->2
data moons size=200 batch=20
optimizer adam lr=0.02
logger jsonl
train epochs=6
"""
PROGRAM = {"text": NET, "file": "moons.net"}


class Studio:
    """A folder with a session whose process trains for one test after the other: torch is imported once."""

    def __init__(self, folder):
        self.folder = folder
        self.runner = asyncio.Runner()
        self.session = RunSession(folder, Worker("netdsl.play.learning", folder, "--no-plugins", "--device=cpu"))

    def run(self, act):
        """Hands the session to `act`, and all that it tells meanwhile."""

        async def go():
            told = []

            async def listen():
                async for message in self.session.listen():
                    told.append(message)  # noqa: PERF401  # others read the list meanwhile

            listener = asyncio.create_task(listen())
            try:
                await asyncio.wait_for(act(self.session, told), 300)
            finally:
                listener.cancel()
                await self.session.reset()

        self.runner.run(go())

    def close(self):
        with self.runner:
            self.runner.run(self.session.close())


async def until(session, *statuses):
    while session.status not in statuses:
        await asyncio.sleep(0.01)


async def until_told(told, event):
    while not any(message["event"] == event for message in told):
        await asyncio.sleep(0.01)


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    studio = Studio(tmp_path_factory.mktemp("play").resolve())
    yield studio
    studio.close()


def test_stepping_pausing_and_going_on_end_in_the_weights_of_a_run_that_goes_through(studio):
    import netdsl

    async def act(session, told):
        await session.train(PROGRAM, one_epoch=True)
        await until(session, "paused", "failed")
        assert [epoch["epoch"] for epoch in session.epochs] == [1]
        run = session.run["folder"]
        assert find_run_of(studio.folder, NET, "moons.net") == run
        await session.train(PROGRAM, one_epoch=True)
        await until(session, "paused", "failed")
        assert [epoch["epoch"] for epoch in session.epochs] == [1, 2]
        await session.train(PROGRAM)
        await until(session, "finished", "failed")
        assert session.run["folder"] == run
        assert [epoch["epoch"] for epoch in session.epochs] == [1, 2, 3, 4, 5, 6]
        pictures = [message for message in told if message["event"] == "picture"]
        assert [column["units"] for column in pictures[-1]["columns"]] == [8, 2]
        assert [(link["in"], link["out"]) for link in pictures[-1]["links"]] == [(2, 8), (8, 2)]
        points = next(message["points"] for message in told if message["event"] == "points")
        assert (len(points["train"]["points"]), len(points["test"]["points"])) == (200, 100)
        about = json.loads((studio.folder / run / "run.json").read_text("utf-8"))
        assert about["status"] == "finished"

    studio.run(act)
    (made,) = (studio.folder / "runs" / "moons").iterdir()
    netdsl.train(NET, out=studio.folder / "whole", quiet=True, device="cpu")
    one, other = load_file(made / "model.safetensors"), load_file(studio.folder / "whole" / "model.safetensors")
    assert all((one[name] == other[name]).all() for name in other)


def test_a_run_that_an_earlier_server_left_is_taken_up(studio):
    left = {**PROGRAM, "file": "left.net"}

    async def leave(session, told):
        await session.train(left, one_epoch=True)
        await until(session, "paused", "failed")

    async def take_up(session, told):
        assert session.status == "idle"
        await session.open(left, find_run_of(studio.folder, NET, "left.net"))
        assert [epoch["epoch"] for epoch in session.epochs] == [1]
        await until_told(told, "picture")
        await session.train(left, one_epoch=True)
        await until(session, "paused", "failed")
        assert [epoch["epoch"] for epoch in session.epochs] == [1, 2]

    studio.run(leave)
    studio.run(take_up)
    assert len(list((studio.folder / "runs" / "left").iterdir())) == 1


def test_a_net_is_shown_before_its_first_step_as_a_run_begins_with_it(studio):
    shown = {**PROGRAM, "file": "shown.net"}

    async def preview(session, told):
        await session.preview({"text": "linear (", "file": "shown.net"})  # it says nothing, and the process lives
        await session.preview(shown)
        await until_told(told, "picture")
        assert (session.status, session.epochs) == ("idle", [])
        first = next(message for message in told if message["event"] == "picture")
        await session.train(shown, one_epoch=True)
        told.clear()
        await until_told(told, "picture")
        assert next(message for message in told if message["event"] == "picture")["links"] == first["links"]
        await until(session, "paused", "failed")
        told.clear()
        await session.preview(shown)
        assert told == []  # a run is shown

    studio.run(preview)


def test_another_rate_goes_on_with_the_weights_in_a_run_of_its_own(studio):
    async def act(session, told):
        await session.train(PROGRAM, one_epoch=True)
        await until(session, "paused", "failed")
        first = session.run["folder"]
        await session.train({**PROGRAM, "text": NET.replace("0.02", "0.001")}, one_epoch=True, keeps=True)
        await until(session, "paused", "failed")
        assert session.run["folder"] != first
        assert [epoch["folder"] for epoch in session.epochs] == [first, session.run["folder"]]
        about = json.loads((studio.folder / session.run["folder"] / "run.json").read_text("utf-8"))
        assert first in about["init"]
        await session.reset()
        assert (session.status, session.run, session.epochs) == ("idle", {}, [])

    studio.run(act)


def test_an_image_that_is_drawn_is_looked_at_and_a_wrong_one_refused(studio):
    text = "conv 1->4 k3; relu\nflatten\nlinear 10\ndata digits limit=200\nlogger jsonl\ntrain epochs=1\n"

    async def act(session, told):
        assert "train the net first" in (await session.look({"pixels": [0.0] * 64}))["problem"]
        await session.train({"text": text, "file": "d.net"})
        await until(session, "finished", "failed")
        found = await session.look({"pixels": [0.5] * 64})
        statements = [layer["statement"] for layer in found["layers"]]
        assert statements == ["input", "conv 1->4 k3", "relu", "flatten", "linear 10"]
        assert (found["layers"][1]["maps"], found["layers"][1]["height"]) == (4, 6)
        assert abs(sum(found["chances"]) - 1) < 0.01
        assert "64 pixels" in (await session.look({"pixels": [0.5] * 63}))["problem"]
        assert (await session.look({"pixels": None, "number": 10**9}))["target"] in range(10)

    studio.run(act)


def test_what_fails_is_told_and_the_next_run_begins(studio):
    unfit = NET.replace("epochs=6", "epochs=6 freeze=linear")

    async def act(session, told):
        await session.train({"text": unfit, "file": "moons.net"})
        await until(session, "failed", "finished")
        assert "no weights that are not frozen" in session.run["problem"]["message"]
        await session.train(PROGRAM)
        await until(session, "finished", "failed")
        assert session.status == "finished"

    studio.run(act)


def test_a_page_that_does_not_read_is_hung_up_on(tmp_path):
    session = RunSession(tmp_path, Worker("netdsl.play.learning", tmp_path))

    async def act():
        reading, sleeping = session.listen(), session.listen()
        assert (await anext(reading))["status"] == (await anext(sleeping))["status"] == "idle"
        waiting = asyncio.ensure_future(anext(reading)), asyncio.ensure_future(anext(sleeping))
        await asyncio.sleep(0)
        for number in range(MOST_WAITING + 2):
            session._tell({"event": "step", "step": number})
            if number == 0:
                assert [one["step"] for one in await asyncio.gather(*waiting)] == [0, 0]
            else:
                assert (await anext(reading))["step"] == number
        with pytest.raises(StopAsyncIteration):
            await anext(sleeping)

    asyncio.run(act())
