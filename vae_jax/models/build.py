"""Builds the model that a config names."""

from collections.abc import Callable

import jax

from vae_jax.config.parts import settings_of
from vae_jax.core.registry import Registry
from vae_jax.models.contracts import Build, Model
from vae_jax.models.ladder import Ladder
from vae_jax.models.vae import VAE

MODELS: Registry[Callable[..., Model]] = Registry("config.model.name", {"ladder": Ladder, "vae": VAE})


def build_model(build: Build, key: jax.Array) -> Model:
    """Draw a model's starting weights.

    Args:
        build: what the parts are built with.
        key: the randomness of all starting weights.

    Raises:
        UserError: a part's name is not registered.
    """
    return MODELS[build.config.model.name](settings_of(build.config, "model"), build, key)
