"""JAX's cache of compiled programs."""

import os
from pathlib import Path

import jax


def keep_compiled_programs() -> None:
    """Cache compiled programs on disk, so that a second start compiles nothing.

    The folder is `JAX_COMPILATION_CACHE_DIR`, or `vae_jax/compiled` in `XDG_CACHE_HOME` or `~/.cache`.
    """
    if not os.environ.get("JAX_COMPILATION_CACHE_DIR"):
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "vae_jax" / "compiled"
        jax.config.update("jax_compilation_cache_dir", str(cache))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
