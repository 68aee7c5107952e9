"""A checked net in the languages of other tools."""
