"""Arrays in, pictures out; nothing here trains, loads data or knows of JAX."""
