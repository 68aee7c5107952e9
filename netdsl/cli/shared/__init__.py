"""Code for several commands. Every other module of `netdsl.cli` is a command."""
