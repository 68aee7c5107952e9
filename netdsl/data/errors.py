"""What goes wrong with data, said once and in words."""

from __future__ import annotations


class DataError(Exception):
    """The data cannot be had: `message` says what was found, `help` what to do about it."""

    def __init__(self, message: str, help: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.help = help

    def __reduce__(self) -> tuple[type[DataError], tuple[str, str | None]]:
        return type(self), (self.message, self.help)  # so that the help survives the way out of a worker process
