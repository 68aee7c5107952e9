"""Ctrl-C while the command line is still being imported."""

import subprocess
import sys

SCRIPT = """
import builtins, sys
import netdsl.__main__ as begin

found = builtins.__import__

def interrupted(name, *rest):
    if name == "netdsl.cli":
        raise KeyboardInterrupt
    return found(name, *rest)

builtins.__import__ = interrupted
begin.main()
"""


def test_ctrl_c_during_the_first_imports_is_no_traceback() -> None:
    ran = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True)
    assert (ran.returncode, ran.stdout, ran.stderr) == (130, "", "")
