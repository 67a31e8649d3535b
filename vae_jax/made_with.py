"""The machine and the libraries that numbers were made with."""

import os
import platform
import re
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import jax

LIBRARIES = (
    *("vae_jax", "jax", "jaxlib", "flax", "optax", "orbax-checkpoint", "numpy"),
    *("scipy", "pillow", "scikit-image"),  # these make the images
)


def made_with() -> dict[str, Any]:
    """Return the `device`, the `processor` and its `cores`, and the `versions` of all that numbers depend on."""
    return {
        "device": f"{jax.devices()[0].device_kind} ({jax.default_backend()})",
        "processor": _processor(),
        "cores": os.cpu_count(),
        "versions": {"python": platform.python_version(), **_versions()},
    }


def _processor() -> str:
    told = Path("/proc/cpuinfo")  # of Linux alone; elsewhere the kind of machine must do
    names = re.findall(r"model name\s*: (.*)", told.read_text(encoding="utf-8")) if told.is_file() else []
    return names[0] if names else platform.machine()


def _versions() -> dict[str, str]:
    found = {}
    for name in LIBRARIES:
        with suppress(PackageNotFoundError):  # some come with extras
            found[name] = version(name)
    return found
