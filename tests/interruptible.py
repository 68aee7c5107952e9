"""netdsl as a terminal starts it: what a shell starts in the background, and the tests with it, is deaf to Ctrl-C."""

INTERRUPTIBLE = """
import signal
from netdsl.__main__ import main

signal.signal(signal.SIGINT, signal.default_int_handler)
main()
"""
"""A script for `python -c`; the arguments of netdsl follow it."""
