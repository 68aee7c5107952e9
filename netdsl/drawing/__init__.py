"""Pictures of a checked net: a diagram is made of the program, laid out, and written for one format."""
