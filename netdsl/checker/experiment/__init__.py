"""The check of the directives around the net."""
