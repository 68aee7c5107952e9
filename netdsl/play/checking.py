"""The front end in a process of its own: it answers the page, reads one folder, and is stopped where it takes long."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from netdsl.core.text import text
from netdsl.play.worker import Message, Worker, serve, take_output, write_message

PATIENCE = 10.0
"""Seconds that an answer may take."""


class Checker:
    """The front end, asked one question after the other.

    Args:
        folder: what it may read.
        plugins: whether installed plugins count.
        plugin_files: further ones.
        patience: seconds that an answer may take.
    """

    def __init__(
        self, folder: Path, *, plugins: bool = True, plugin_files: tuple[Path, ...] = (), patience: float = PATIENCE
    ) -> None:
        options = [] if plugins else ["--no-plugins"]
        self._worker = Worker("netdsl.play.checking", folder, *options, *map(str, plugin_files))
        self._turn = asyncio.Lock()
        self._patience = patience

    async def ask(self, question: Message) -> Message:
        """The answer to a question."""
        found: Message = json.loads(await self.ask_for_json(question))
        return found

    async def ask_for_json(self, question: Message) -> bytes:
        """The answer as JSON: that of a long text is not read and written once more on its way to the page.

        One that takes too long is given up, and the next question finds a new process.
        """
        async with self._turn:
            starts = not self._worker.is_alive
            await self._worker.start()
            self._worker.send(question)
            try:
                # A new process has to import the front end first.
                answer = await asyncio.wait_for(self._worker.receive_line(), self._patience + 20 * starts)
            except TimeoutError:
                limit = self._patience
                answer, problem = None, text("this text takes longer than {limit:g} seconds to look at", limit=limit)
            except BaseException:  # the question is taken back: its answer must not be taken for that of the next
                await self._worker.stop()
                raise
            else:
                problem = text("the process that looks at texts has ended; the next key press starts another")
            if answer is None:
                await self._worker.stop()
                return json.dumps({"problem": problem}).encode()
            return answer

    async def stop(self) -> None:
        """Ends the process."""
        await self._worker.stop()


def main(arguments: list[str]) -> None:
    """Answers questions until there are none: `[--no-plugins] [PLUGIN.py …]`."""
    from netdsl.core.garbage import spare_searches
    from netdsl.play.answers import Answers
    from netdsl.play.confinement import confine
    from netdsl.plugins.registry import load_registry

    output = take_output()
    files = [Path(one) for one in arguments if not one.startswith("--")]
    answers = Answers(load_registry(installed="--no-plugins" not in arguments, files=files))
    answers.answer({"ask": "check", "text": "linear 2->2"})  # so that the first key press need not import anything
    spare_searches()
    confine(Path.cwd())

    def answer(question: Message) -> None:
        try:
            found = answers.answer(question)
        except Exception as error:  # a fault of netdsl or of a plugin must not end the editing
            found = {"problem": text("{kind}: {error}", kind=type(error).__name__, error=str(error))}
        write_message(output, found)

    serve(answer)


if __name__ == "__main__":
    main(sys.argv[1:])
