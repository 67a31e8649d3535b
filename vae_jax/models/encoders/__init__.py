"""Encoders by name: from images to features."""

from collections.abc import Callable

from vae_jax.core.registry import Registry
from vae_jax.models.contracts import Encoder
from vae_jax.models.encoders.conv import ConvEncoder
from vae_jax.models.encoders.mlp import MLPEncoder

ENCODERS: Registry[Callable[..., Encoder]] = Registry(
    "config.model.encoder",
    {
        "conv": ConvEncoder,
        "mlp": MLPEncoder,
    },
)
