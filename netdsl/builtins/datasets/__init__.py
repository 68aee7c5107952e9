"""The data sets, as far as the check needs them. Standard library only: every command pays for these modules."""
