"""Where images come from: one source a file, all giving the same `Dataset`."""
