"""A third-party sampler: a training code and a little noise, which no second stage should do worse than."""

from dataclasses import dataclass

import numpy as np

import vae_jax
from vae_jax.config.checks import limited


@vae_jax.register("sampler", "jittered")
@dataclass(frozen=True)
class Jittered:
    """Draws one of the codes that it was fitted to.

    Attributes:
        noise: its standard deviation, as a share of that of the codes.
    """

    noise: float = limited(0.1, low=0)

    def fit(self, codes, labels, classes, seed):
        """Keep the codes."""
        return {"codes": codes, "labels": labels}

    def sample(self, fitted, count, labels, seed):
        """Of each asked class, where there is one."""
        draw, codes = np.random.default_rng(seed), fitted["codes"]
        of_each = [None] * count if labels is None else labels
        known = [np.flatnonzero((fitted["labels"] == label) | (label is None)) for label in of_each]
        chosen = np.array([draw.choice(places) for places in known])
        eps = draw.standard_normal((count, codes.shape[1]))
        return (codes[chosen] + self.noise * codes.std(axis=0) * eps).astype(np.float32)
