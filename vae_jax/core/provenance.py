"""The code, the machine and the libraries that numbers were made with."""

import os
import platform
import re
import subprocess
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import jax

LIBRARIES = (
    *("vae_jax", "jax", "jaxlib", "flax", "optax", "orbax-checkpoint", "numpy"),
    *("scipy", "scikit-learn", "scikit-image", "pillow", "opencv-python-headless"),  # these make the images
)
ENVIRONMENT = ("device", "processor", "cores", "commit", "versions")


def environment() -> dict[str, Any]:
    """Return all that numbers depend on but the settings.

    Returns:
        `device`, `processor`, its `cores`; the `commit` that the package's checkout is at now, with `-dirty` where
        its code is another, or None where it lies in none; and the `versions` of what is installed.
    """
    found = (f"{jax.devices()[0].device_kind} ({jax.default_backend()})", _processor(), os.cpu_count(), commit())
    return dict(zip(ENVIRONMENT, (*found, {"python": platform.python_version(), **_versions()}), strict=True))


def commit(package: Path = Path(__file__).parents[1]) -> str | None:
    """Return the commit that a package's own repository is at, with `-dirty` where code in it is another.

    Args:
        package: a folder of code; None comes back where git is not there, or does not know of that code.
    """
    env = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}  # a hook's repository

    def said(*command: str) -> str:
        git = ("git", "--no-optional-locks", "-C", str(package), *command)  # only looked at
        return subprocess.run(git, env=env, capture_output=True, text=True, check=True).stdout.strip()

    try:
        if not said("ls-files", "--", "*.py"):
            return None
        dirty = "-dirty" if said("status", "--porcelain", "--", ":/*.py") else ""
        return said("rev-parse", "HEAD") + dirty
    except (OSError, subprocess.CalledProcessError):
        return None


def _processor() -> str:
    told = Path("/proc/cpuinfo")  # of Linux alone; elsewhere the kind of machine must do
    names = re.findall(r"model name\s*: (.*)", told.read_text(encoding="utf-8")) if told.is_file() else []
    return names[0] if names else platform.machine()


def _versions() -> dict[str, str]:
    found = {}
    for name in LIBRARIES:
        with suppress(PackageNotFoundError):  # the extra `faces` may not be there
            found[name] = version(name)
    return found
