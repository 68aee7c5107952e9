"""What a run shows: lines, a line that moves, tables and pictures."""
