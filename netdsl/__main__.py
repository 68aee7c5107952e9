"""`python -m netdsl`."""

import os
import sys

# Python puts the current folder before everything else for `-m`, unless it was started with `-P`. A `torch.py` or a
# plugin that lies beside somebody's `.net` file must not run because the file is checked.
if not sys.flags.safe_path and sys.path[:1] == [os.getcwd()]:
    del sys.path[0]

from netdsl.cli import main

main()
