"""`python -m tests.benchmarks.static_page`: what `netdsl play --static` writes, in Chromium: bytes, start, key presses.

The folder is made, served on this machine, and visited: first, again, and with the network cut, each in the best of
some rounds, since whatever else the machine does only adds to a time. A key press lasts from the event to the new
picture.
"""

from __future__ import annotations

import argparse
import gzip
import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from time import perf_counter, sleep
from typing import Any

from playwright.sync_api import sync_playwright

from netdsl.play.static.folder import write_static_page
from tests.play.browsing import until

EXAMPLES = Path(__file__).parents[2] / "examples"
TYPED = "\nconv 16 k3 p1; batchnorm; relu; dropout 0.25 # typed"
LIMIT = 50
"""Milliseconds that 95 of 100 key presses may take."""

PAUSE = 0.01
"""Seconds between two looks at the page: they are part of what is measured."""

PICTURE = "document.querySelector('#drawing svg') !== null"

WATCH = """() => {
  times = [];
  pressed = 0;
  document.addEventListener("input", () => { pressed = performance.now(); }, true);
  new MutationObserver(() => { if (pressed) times.push(performance.now() - pressed); pressed = 0; })
    .observe(document.body, { attributeFilter: ["data-milliseconds"] });
}"""
"""Notes for each key press when its answer is shown; a picture that has not changed is not made again."""


class Served(SimpleHTTPRequestHandler):
    """Serves a folder without a word."""

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def serve(folder: Path) -> Iterator[str]:
    """The address at which a folder is served."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Served, directory=folder)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


def visit(browser: Any, link: str) -> dict[str, float]:
    """Seconds until the picture: first, from the browser's store, and without a network."""
    context = browser.new_context()
    page = context.new_page()
    found = {}
    for name in ("first visit", "second visit", "offline"):
        context.set_offline(name == "offline")
        start = perf_counter()
        page.goto(link)
        until(page, PICTURE, pause=PAUSE)
        found[name] = perf_counter() - start
        until(page, "navigator.serviceWorker.ready.then(ready => ready.active.state === 'activated')", pause=PAUSE)
    context.close()
    return found


def type_keys(browser: Any, link: str, path: Path) -> list[float]:
    """Milliseconds of key presses in the middle of an example."""
    page = browser.new_page()
    page.goto(link)
    until(page, PICTURE, pause=PAUSE)
    written = path.read_text("utf-8")
    page.fill("#source", written)
    sleep(1)
    middle = written.index("\n", len(written) // 2)
    page.evaluate(f"() => document.getElementById('source').setSelectionRange({middle}, {middle})")
    page.evaluate(WATCH)
    for number, character in enumerate(TYPED, 1):
        page.locator("#source").press_sequentially(character)
        until(page, f"times.length >= {number}", pause=PAUSE)
    times: list[float] = page.evaluate("times")
    page.close()
    return times


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--site", type=Path, help="a folder that was written before")
    options = parser.parse_args(arguments)
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        site = options.site or write_static_page(Path(folder) / "site").folder
        contents = {path.name: path.read_bytes() for path in site.iterdir()}
        sizes = {name: (len(content), len(gzip.compress(content, 9))) for name, content in contents.items()}
        large = {name: size for name, size in sizes.items() if size[1] > 100_000}
        large["all others"] = tuple(sum(size[n] for name, size in sizes.items() if name not in large) for n in (0, 1))
        large["together"] = tuple(sum(size[n] for size in sizes.values()) for n in (0, 1))
        for name, (raw, packed) in large.items():
            print(f"{name:<22}{raw / 1e6:7.2f} MB {packed / 1e6:7.2f} MB gzip")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        with serve(site) as link:
            visits = [visit(browser, link) for _ in range(options.rounds)]
            for name in visits[0]:
                seconds = sorted(one[name] for one in visits)
                print(f"{name:<22}{seconds[0]:7.2f} s best {median(seconds):7.2f} s median")
            for path in sorted(EXAMPLES.glob("*.net")):
                times = type_keys(browser, link, path)
                most = quantiles(times, n=20)[-1]
                verdict = "" if most <= LIMIT else f"  over {LIMIT}"
                print(f"a key in {path.stem:<21}{median(times):7.1f} ms median {most:7.1f} ms p95{verdict}", flush=True)
        browser.close()


if __name__ == "__main__":
    main()
