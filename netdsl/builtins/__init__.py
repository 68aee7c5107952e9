"""The components that come with netdsl.

Those of a kind lie in the module, or in the modules of the folder, that is named after it.
"""
