"""Decoders by name: from latents to what a likelihood is made of."""

from collections.abc import Callable

from vae_jax.models.contracts import Decoder
from vae_jax.models.decoders.conv import ConvDecoder
from vae_jax.models.decoders.mlp import MLPDecoder
from vae_jax.registry import Registry

DECODERS: Registry[Callable[..., Decoder]] = Registry(
    "config.model.decoder",
    {
        "conv": ConvDecoder,
        "mlp": MLPDecoder,
    },
)
