"""The settings of a run: fields, checks, presets, and the language of sweeps."""

from vae_jax.config.schema import default_config

__all__ = ["default_config"]
