"""What `%load_ext netdsl` adds to IPython: the magic `%%net`, which checks a cell, and the completion of its words."""

from netdsl.notebook.completion import add_completion
from netdsl.notebook.magic import add_magics

__all__ = ["add_completion", "add_magics"]
