"""Samples that a user gives to a trained net, read as the data set would store them. Each kind of data has a module.

A data set names the function that reads its samples: `reader="module:function"`. It is called with what the user
gave and a `Stored`, and returns a `Given`. Without a reader, samples are images or arrays, as their shapes tell.
"""

from netdsl.data.given.sample import Given, Stored, read_given

__all__ = ["Given", "Stored", "read_given"]
