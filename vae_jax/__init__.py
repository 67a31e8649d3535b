"""Variational autoencoders in JAX: train them, sweep them, judge them, look at them.

What a notebook needs: `get_config`, `train`, `sweep`, `load_run`, `load_sweep`, `load_data`. The first two lead to a
`Trained`, which can `encode`, `decode`, `sample` and `morph`, and has `metrics` and `figures`; `sweep` to a `Sweep`.
`sheet` and `strip` make one picture of many images.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vae_jax.api import Sweep, get_config, load_data, load_sweep, sweep, train
    from vae_jax.errors import UserError
    from vae_jax.show import sheet, strip
    from vae_jax.trained import Trained, load_run

__version__ = "0.1.0"
__all__ = [
    "Sweep",
    "Trained",
    "UserError",
    "get_config",
    "load_data",
    "load_run",
    "load_sweep",
    "sheet",
    "strip",
    "sweep",
    "train",
]

_ELSEWHERE = {
    "Trained": "vae_jax.trained",
    "UserError": "vae_jax.errors",
    "load_run": "vae_jax.trained",
    "sheet": "vae_jax.show",
    "strip": "vae_jax.show",
}


def __getattr__(name: str) -> Any:
    """Enter a room only when something of it is asked for."""
    if name not in __all__:
        raise AttributeError(f"module 'vae_jax' has no attribute {name!r}")
    return getattr(import_module(_ELSEWHERE.get(name, "vae_jax.api")), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
