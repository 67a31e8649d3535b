"""Variational autoencoders in JAX: train them, sweep them, evaluate them, look at them.

For notebooks: `get_config`, `train`, `sweep`, `load_run`, `load_sweep`, `load_data`, `evaluate`. `train` and
`load_run` return a `Trained`, which can `encode`, `decode`, `sample` and `morph`, and has `metrics` and `figures`;
`sweep` returns a `Sweep`. `encode(model, images)`, `decode(model, z)` and `sample(model, n)` do the same as functions;
`morph` and `figures` are modules: `morph.main` is the command, `figures` has a file for each kind of figure. `sheet`
and `strip` arrange many images in one. `register(kind, name)` adds a part of your own.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vae_jax import figures, morph
    from vae_jax.api import Sweep, evaluate, get_config, load_data, load_sweep, sweep, train
    from vae_jax.config.registration import register
    from vae_jax.core.errors import NoResultError, UserError
    from vae_jax.core.signals import StoppedError
    from vae_jax.figures.sheets import sheet, strip
    from vae_jax.runs.load import load_run
    from vae_jax.runs.trained import Trained, decode, encode, sample

__version__ = "0.1.0"
__all__ = [
    "NoResultError",
    "StoppedError",
    "Sweep",
    "Trained",
    "UserError",
    "decode",
    "encode",
    "evaluate",
    "figures",
    "get_config",
    "load_data",
    "load_run",
    "load_sweep",
    "morph",
    "register",
    "sample",
    "sheet",
    "strip",
    "sweep",
    "train",
]

_MODULES = ("figures", "morph")
_ELSEWHERE = {
    "NoResultError": "vae_jax.core.errors",
    "StoppedError": "vae_jax.core.signals",
    "Trained": "vae_jax.runs.trained",
    "UserError": "vae_jax.core.errors",
    "decode": "vae_jax.runs.trained",
    "encode": "vae_jax.runs.trained",
    "load_run": "vae_jax.runs.load",
    "register": "vae_jax.config.registration",
    "sample": "vae_jax.runs.trained",
    "sheet": "vae_jax.figures.sheets",
    "strip": "vae_jax.figures.sheets",
}


def __getattr__(name: str) -> Any:
    """Import a module only when one of its names is used."""
    if name not in __all__:
        raise AttributeError(f"module 'vae_jax' has no attribute {name!r}")
    if name in _MODULES:
        return import_module(f"vae_jax.{name}")
    return getattr(import_module(_ELSEWHERE.get(name, "vae_jax.api")), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
