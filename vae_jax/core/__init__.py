"""What all other rooms use: errors, files, random keys, signals, progress."""
