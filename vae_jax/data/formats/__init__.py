"""Files that data sets come in."""
