"""What `%load_ext netdsl` adds to IPython: the magic `%%net`, which checks a cell."""

from netdsl.notebook.magic import add_magics

__all__ = ["add_magics"]
