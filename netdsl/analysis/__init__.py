"""What is read off a checked net: its memory, its receptive field, its depth."""
