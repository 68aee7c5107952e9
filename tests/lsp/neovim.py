"""Neovim without a screen, driven by its own RPC: an editor as its users have it, with its own language client."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]

SETUP = ROOT / "docs" / "editors.md"


def read_setup() -> str:
    """What docs/editors.md says a user writes into `init.lua`."""
    return SETUP.read_text(encoding="utf-8").partition("```lua\n")[2].partition("```")[0]


PATIENCE = 120.0


class Neovim:
    """A running Neovim. `lua` runs there, and its value comes back."""

    def __init__(self, program: str, socket: Path) -> None:
        self.program, self.socket = program, socket

    def lua(self, code: str) -> Any:
        """The value that Lua code returns."""
        inside = " ".join(code.split("\n")).replace("'", "''")
        wrapped = f"luaeval('vim.json.encode((function() {inside} end)())')"
        asked = [self.program, "--server", str(self.socket), "--remote-expr", wrapped]
        answer = subprocess.run(asked, capture_output=True, text=True, check=True, timeout=PATIENCE, encoding="utf-8")
        return json.loads(answer.stdout.strip() or answer.stderr.strip())

    def wait(self, code: str, wanted: Any = None) -> Any:
        """The value of Lua code, once it is true, or what is wanted."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            value = self.lua(code)
            if value == wanted if wanted is not None else value:
                return value
            time.sleep(0.1)
        raise AssertionError(f"{code!r} stays {value!r}")

    def open(self, path: Path) -> None:
        """Opens a file."""
        self.lua(f'vim.cmd("edit! {path.as_posix()}") return 1')

    @property
    def lines(self) -> list[str]:
        """The text as it stands."""
        found: list[str] = self.lua("return vim.api.nvim_buf_get_lines(0, 0, -1, false)")
        return found


@contextmanager
def neovim(program: str, folder: Path, environment: dict[str, str]) -> Iterator[Neovim]:
    """Starts Neovim with netdsl's server for `.net` files, and ends it."""
    start, socket = folder / "init.lua", folder / "nvim.sock"
    # The server is this tree's, under the name that a user's setup calls.
    run = folder / "netdsl"
    run.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m netdsl "$@" --no-plugins\n', encoding="utf-8")
    run.chmod(0o755)
    start.write_text("vim.opt.swapfile = false\n" + read_setup(), encoding="utf-8")
    homes = {
        name: str(folder / name) for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")
    }
    process = subprocess.Popen(
        [program, "--headless", "--clean", "-u", str(start), "--listen", str(socket)],
        env={**environment, **homes, "PATH": f"{folder}{os.pathsep}{environment['PATH']}"},
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        end = time.monotonic() + PATIENCE
        while not socket.exists():
            assert time.monotonic() < end, "Neovim does not start"
            time.sleep(0.05)
        yield Neovim(program, socket)
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE)
