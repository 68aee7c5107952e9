"""Where `netdsl` and `python -m netdsl` begin."""

import gc
import os
import sys

INTERRUPTED = 130
FEW_COLLECTIONS = 100_000
"""New objects between two searches for garbage. Neither the modules that are imported hold any, nor a tree of 10,000
layers: the searches take 3 % of the time of `netdsl shapes`, and a tenth of that of a long check."""


def main() -> None:
    """Imports the command line, and runs it."""
    # Python puts the current folder before everything else for `-m`, unless it was started with `-P`. A `torch.py` or a
    # plugin that lies beside somebody's `.net` file must not run because the file is checked.
    if not sys.flags.safe_path and sys.path[:1] == [os.getcwd()]:
        del sys.path[0]
    gc.set_threshold(FEW_COLLECTIONS)  # before the imports, which make most of the objects of a short command
    try:
        from netdsl.cli import main as run  # inside, so that Ctrl-C while it is imported is no traceback
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    run()


if __name__ == "__main__":
    main()
