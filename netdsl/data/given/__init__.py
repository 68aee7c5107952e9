"""Samples that a user gives to a trained net: read as the data set would store them, a module a kind of data.

A data set names the function that reads its samples, `reader="module:function"`, which is called with what the user
gave and a `Stored`, and returns a `Given`. Without one, images and arrays are read by their shapes.
"""

from netdsl.data.given.sample import Given, Stored, read_given

__all__ = ["Given", "Stored", "read_given"]
