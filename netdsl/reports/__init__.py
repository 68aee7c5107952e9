"""The report of a run: one page that is made of the files in its folder."""
