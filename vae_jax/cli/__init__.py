"""Command lines, their flags, and faults in one line."""
