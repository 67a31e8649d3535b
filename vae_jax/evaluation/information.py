"""What latents know of images: the mutual information, and the KL of the aggregate posterior to the prior.

The mean KL is their sum (Hoffman and Johnson 2016, ELBO surgery): mean KL(q(z|x) || p(z)) = I(x; z) + KL(q(z) || p(z)),
with the aggregate posterior q(z), the mean of q(z|x) over images.
"""

import math
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, UInt32

from vae_jax.core.noise import Noise
from vae_jax.core.random_keys import named
from vae_jax.core.signals import interruptible
from vae_jax.models.contracts import HasLogProb, TakesPasses
from vae_jax.training.examples import SplitArrays, make_batch
from vae_jax.training.member import Weights, member_key, model_of
from vae_jax.training.sharding import Layout, for_members
from vae_jax.training.spec import Spec

# Every sample is compared with the posterior of every image: as many images as make this many pairs times units.
MOST_PAIRS = 400_000_000
MOST_IMAGES = 10_000
PAIRS_AT_ONCE = 4_000_000
LEAST_SAMPLES = 2_000  # of all images together


class Information(NamedTuple):
    """In nats, of each member `[members]`.

    Attributes:
        mutual: I(x; z) of these images; at most the log of their number.
        aggregate_kl: KL(q(z) || p(z)).
    """

    mutual: Float[Array, "*members"]
    aggregate_kl: Float[Array, "*members"]


def images_used(spec: Spec, n: int) -> int:
    """Return how many of `n` images are compared with each other."""
    return max(1, min(n, MOST_IMAGES, math.isqrt(MOST_PAIRS // spec.latent_dim)))


def _member_information(
    spec: Spec, n: int, rows: int, split: SplitArrays, seed: UInt32[Array, ""], weights: Weights
) -> Information | None:
    # Spread over the split, which may be sorted by class.
    key, index = named(member_key(seed), "information"), jnp.asarray(np.arange(n) * len(split.images) // n)
    examples = make_batch(spec, split, index, Noise(jax.random.key(0), n, index))
    samples = -(-LEAST_SAMPLES // n)
    inferred = model_of(spec, weights).infer(examples.x, examples.condition, Noise(key, n, index), samples)
    q, p = inferred.q, inferred.p
    if p is None or not isinstance(q, HasLogProb) or isinstance(q, TakesPasses):
        return None

    def log_aggregate(z: Float[Array, "rows units"]) -> Float[Array, " rows"]:
        return jax.nn.logsumexp(q.log_prob(z[:, None]), axis=1) - math.log(n)

    z = inferred.z.reshape(samples * n, -1)
    padded = jnp.concatenate([z, jnp.broadcast_to(z[:1], (-len(z) % rows, z.shape[1]))])
    log_q_z = jax.lax.map(log_aggregate, padded.reshape(-1, rows, z.shape[1])).reshape(-1)[: len(z)]
    log_q_z = log_q_z.reshape(samples, n)
    return Information(jnp.mean(inferred.log_q - log_q_z), jnp.mean(log_q_z - inferred.log_p))


@partial(jax.jit, static_argnums=(0, 1, 2, 3))
def _information(
    spec: Spec, layout: Layout, n: int, rows: int, split: SplitArrays, seeds: Array, weights: Weights
) -> Information | None:
    return for_members(layout, partial(_member_information, spec, n, rows), split, seeds, weights)


def information_of(
    spec: Spec, layout: Layout, split: SplitArrays, seeds: UInt32[Array, " members"], weights: Weights
) -> list[dict[str, float]]:
    """Estimate what latents know of a split's images, `images_used` of them, evenly spaced, from one sample of each.

    Of fewer than `LEAST_SAMPLES` images there are several samples of each. The two are estimated from the same samples,
    so that their sum is an estimate of the mean KL.

    Args:
        spec: the members'.
        layout: the devices of the members.
        split: the images.
        seeds, weights: of the members, with a leading members axis.

    Returns:
        for each member `mutual_information` (at most the log of the number of images), `aggregate_kl` and
        `information_images`, the number of images; nothing if the density of the posterior is not known at any point
        (a discrete posterior, several levels) or takes a pass for each unit (`iaf`).
    """
    n = images_used(spec, len(split.images))
    rows = max(1, min(n, PAIRS_AT_ONCE // (n * spec.latent_dim)))
    found = interruptible(lambda: jax.block_until_ready(_information(spec, layout, n, rows, split, seeds, weights)))
    if found is None:
        return [{} for _ in seeds]
    pairs = zip(np.asarray(found.mutual), np.asarray(found.aggregate_kl), strict=True)
    return [
        {"mutual_information": float(mutual), "aggregate_kl": float(kl), "information_images": n}
        for mutual, kl in pairs
    ]
