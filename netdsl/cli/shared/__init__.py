"""What several commands share; every other module of `netdsl.cli` is a command."""
