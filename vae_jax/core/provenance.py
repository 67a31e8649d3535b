"""Provenance of results: the commit, the machine and the versions of libraries."""

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
    *("scipy", "scikit-learn", "scikit-image", "pillow", "opencv-python-headless"),  # these prepare the images
)
ENVIRONMENT = ("device", "processor", "cores", "commit", "versions")


def environment() -> dict[str, Any]:
    """Return what results depend on besides the settings.

    Returns:
        `device`, `processor`, its number of `cores`, the `commit` and the `versions` of Python and libraries.
    """
    found = (f"{jax.devices()[0].device_kind} ({jax.default_backend()})", _processor(), os.cpu_count(), commit())
    return dict(zip(ENVIRONMENT, (*found, {"python": platform.python_version(), **_versions()}), strict=True))


def commit(package: Path = Path(__file__).parents[1]) -> str | None:
    """Return the commit that is checked out, with `-dirty` where a Python file was changed.

    Args:
        package: a folder of code.

    Returns:
        the hash; None without git, or where the code is in no repository.
    """
    env = {
        name: value for name, value in os.environ.items() if not name.startswith("GIT_")
    }  # a git hook sets them for its own repository

    def output(*command: str) -> str:
        git = ("git", "--no-optional-locks", "-C", str(package), *command)  # nothing is written
        return subprocess.run(git, env=env, capture_output=True, text=True, check=True).stdout.strip()

    try:
        if not output("ls-files", "--", "*.py"):
            return None
        dirty = "-dirty" if output("status", "--porcelain", "--", ":/*.py") else ""
        return output("rev-parse", "HEAD") + dirty
    except (OSError, subprocess.CalledProcessError):
        return None


def _processor() -> str:
    info = Path("/proc/cpuinfo")  # Linux only
    names = re.findall(r"model name\s*: (.*)", info.read_text(encoding="utf-8")) if info.is_file() else []
    return names[0] if names else platform.machine()


def _versions() -> dict[str, str]:
    found = {}
    for name in LIBRARIES:
        with suppress(PackageNotFoundError):  # the extra `faces` may not be installed
            found[name] = version(name)
    return found
