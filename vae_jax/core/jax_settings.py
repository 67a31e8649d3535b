"""Checks of JAX's own settings (`JAX_*`, `jax.config`): those under which no run works are refused."""

import importlib
import os

from vae_jax.core.errors import UserError
from vae_jax.core.plain_text import reason

NOT_FINITE = "a run finds numbers that are not finite itself, see config.train.on_nan"
STRICT = "the program's own arithmetic needs the standard"
# The allowed values of each setting, and why.
NEEDED = {
    "jax_disable_jit": ((False,), "a run is one compiled program"),
    "jax_debug_nans": ((False,), NOT_FINITE),
    "jax_debug_infs": ((False,), NOT_FINITE),
    "jax_numpy_dtype_promotion": (("standard",), STRICT),
    "jax_numpy_rank_promotion": (("allow", "warn"), STRICT),
    "jax_threefry_partitionable": ((True,), "the same seed draws the same random numbers everywhere"),
    "jax_default_prng_impl": (("threefry2x32",), "the same seed draws the same random numbers everywhere"),
    "jax_no_tracing": ((False,), "a run is one compiled program"),
    "jax_transfer_guard": (("allow", "log", None), "images and results are moved between host and device"),
}


def load_jax() -> None:
    """Import JAX, which reads its settings while it is imported.

    Raises:
        UserError: a setting can't be read.
    """
    try:
        importlib.import_module("jax")
    except (ValueError, RuntimeError) as error:
        raise UserError(f"JAX can't be loaded ({reason(error)}); unset that JAX_ variable") from None


def offer_cores(most: int) -> None:
    """Let JAX use a CPU's cores as devices of their own, `most` of them; members may then be spread over them.

    Without effect once JAX has been used, or where the user chose the number of devices.
    """
    import jax

    if getattr(jax.config, "jax_num_cpu_devices", 0) > 0 or "device_count" in os.environ.get("XLA_FLAGS", ""):
        return
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        jax.config.update("jax_num_cpu_devices", max(1, min(cores, most)))
    except RuntimeError:  # JAX is in use: its devices can't change any more
        return


def check_jax() -> None:
    """Check JAX's settings and devices.

    Raises:
        UserError: the requested devices don't exist, or no run works under one of the settings.
    """
    load_jax()
    import jax

    for name, (allowed, why) in NEEDED.items():
        found = getattr(jax.config, name, allowed[0])
        found = getattr(found, "value", found)  # of an enumeration
        if found not in allowed:
            raise UserError(f"{name.upper()}: found {found!r}; needs {allowed[0]!r}: {why}; unset it")
    try:
        jax.devices()
    except Exception as error:  # of many kinds, an AssertionError among them
        asked = getattr(jax.config, "jax_platforms", None)
        found = f"JAX_PLATFORMS: found {asked!r}" if asked and asked != "cpu" else "JAX"
        raise UserError(
            f"{found}; no such device can be used ({reason(error, 120)}); unset it, take JAX_PLATFORMS=cpu, or "
            "install the extra for the device (vae_jax[cuda], vae_jax[tpu])"
        ) from None
