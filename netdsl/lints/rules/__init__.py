"""The lints, a file for each: its page (a `Code`), its rule and its fix. A file that lies here is found."""
