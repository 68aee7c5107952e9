"""The data sets, as far as the check needs them. Standard library only: every command pays for these modules."""

__all__ = ["local", "torchvision_small", "torchvision_large"]  # noqa: RUF022  # the order in which lists show them
