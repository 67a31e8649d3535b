"""A third-party warm-up of beta_KL, and fall of the learning rate."""

import vae_jax


@vae_jax.register("schedule", "square")
def square(t, cycles):
    """Slow at first."""
    return t**2


@vae_jax.register("rate", "square")
def square_fall(t, end):
    """Slow at last."""
    return end + (1 - end) * (1 - t) ** 2
