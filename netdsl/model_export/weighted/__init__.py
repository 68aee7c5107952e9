"""The formats of a built net, one module a target."""
