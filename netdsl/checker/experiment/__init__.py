"""The directives around the net, and what they ask of it."""
