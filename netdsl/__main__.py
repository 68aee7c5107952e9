"""Where `netdsl` and `python -m netdsl` begin."""

import os
import sys

INTERRUPTED = 130


def main() -> None:
    """Imports the command line, and runs it."""
    # Python puts the current folder before everything else for `-m`, unless it was started with `-P`. A `torch.py` or a
    # plugin that lies beside somebody's `.net` file must not run because the file is checked.
    if not sys.flags.safe_path and sys.path[:1] == [os.getcwd()]:
        del sys.path[0]
    try:
        from netdsl.cli import main as run  # inside, so that Ctrl-C while it is imported is no traceback
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    run()


if __name__ == "__main__":
    main()
