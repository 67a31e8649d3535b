"""What every room stands on: errors, files, keys, signals, progress."""
