from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config


@pytest.fixture(scope="module")
def bare_shell() -> Iterator[InteractiveShell]:
    """IPython's shell without a terminal. What it changes in the process is as it was at the end."""
    config = Config()
    config.HistoryManager.enabled = False  # a test leaves nothing in the home folder
    # The shell takes the place of `__main__`, by whose attributes multiprocessing starts processes.
    main = sys.modules["__main__"]
    yield InteractiveShell.instance(config=config)
    InteractiveShell.clear_instance()
    sys.modules["__main__"] = main
