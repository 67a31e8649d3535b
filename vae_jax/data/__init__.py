"""Data sources, one a file; all return a `Dataset`."""
