"""Decoders by name: from latents to the parameters of the likelihood."""

from collections.abc import Callable

from vae_jax.core.registry import Registry
from vae_jax.models.contracts import Decoder
from vae_jax.models.decoders.conv import ConvDecoder
from vae_jax.models.decoders.mlp import MLPDecoder

DECODERS: Registry[Callable[..., Decoder]] = Registry(
    "config.model.decoder",
    {
        "conv": ConvDecoder,
        "mlp": MLPDecoder,
    },
)
