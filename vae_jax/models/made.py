"""Masked autoregressive networks (Germain et al. 2015, arXiv:1502.03509) that do not depend on later, masked units."""

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float, Key

from vae_jax.core.random_keys import named, unit_keys
from vae_jax.models.contracts import Build, Condition
from vae_jax.models.dense import ACTIVATIONS


class MADE(nnx.Module):
    """Two numbers for each latent unit, from the latent units before it and a context.

    Each latent unit has its own hidden units, connected only to the latent units before it. So its outputs do not
    depend on how many latent units follow.
    """

    def __init__(self, width: int, context: int, build: Build, key: Key[Array, ""]) -> None:
        """Draw the starting weights, one key for each latent unit, scaled by its own fan-in.

        Args:
            width: hidden units of each latent unit.
            context: length of the context vector; 0 for none.
            build: gives the number of latent units, including masked ones.
            key: the randomness of all weights.
        """
        size, self.activation = build.units.size, ACTIVATIONS[build.config.model.activation]

        def drawn(use: str, shape: tuple[int, ...], inputs: Float[Array, " units"]) -> Float[Array, "units ..."]:
            keys = unit_keys(named(key, use), size)
            draws = jax.vmap(lambda k: jax.random.normal(k, shape))(keys)
            return draws * inputs.reshape(-1, *(1 for _ in shape)) ** -0.5

        before = jnp.arange(size, dtype=jnp.float32)
        # [in, out, width]: the key of each pair of units is folded from both.
        pairs = jax.vmap(
            lambda k: jax.vmap(lambda own: jax.random.normal(own, (width,)))(unit_keys(k, size)), out_axes=1
        )(unit_keys(named(key, "units"), size))
        self.units = nnx.Param(pairs * jnp.maximum(before, 1.0)[None, :, None] ** -0.5)
        from_context = drawn("context", (context, width), jnp.full(size, float(context))) if context else None
        self.context = None if from_context is None else nnx.Param(from_context)
        self.hidden = nnx.Param(jnp.zeros((size, width)))
        self.kernel = nnx.Param(0.1 * drawn("outputs", (width, 2), jnp.full(size, float(width))))
        # Not named `bias`: the check for finite gradients looks at the bias alone in modules that have one.
        self.shift = nnx.Param(jnp.zeros((size, 2)))

    def __call__(
        self, z: Float[Array, "*lead units"], context: Condition
    ) -> tuple[Float[Array, "*lead units"], Float[Array, "*lead units"]]:
        """Return two numbers for each unit; `lead` ends with the batch."""
        size = z.shape[-1]
        earlier = jnp.arange(size)[:, None] < jnp.arange(size)
        from_earlier = jnp.einsum("...i,iow->...ow", z, jnp.where(earlier[..., None], self.units[...], 0.0))
        inputs = from_earlier + self.hidden[...]
        if self.context is not None and context is not None:
            inputs += jnp.einsum("bc,ocw->bow", context, self.context[...])
        hidden = self.activation(inputs)
        outputs = jnp.einsum("...ow,owp->...op", hidden, self.kernel[...]) + self.shift[...]
        return outputs[..., 0], outputs[..., 1]
