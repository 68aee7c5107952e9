"""What a run leaves in its folder, and what reads it again: checkpoints, history, weights."""
