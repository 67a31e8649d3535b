"""Command lines, their flags and their one-line errors."""
