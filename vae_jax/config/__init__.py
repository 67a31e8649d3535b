"""The settings of a run: fields, checks, presets, and the language of sweeps."""

from vae_jax.config.checks import limited, number, one_of, size
from vae_jax.config.schema import default_config
from vae_jax.core.traced import Count, Number

__all__ = ["Count", "Number", "default_config", "limited", "number", "one_of", "size"]
