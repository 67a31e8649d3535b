"""The log-likelihood log p(x) of images, estimated by importance sampling in constant memory.

The estimate of k samples is the log of the mean of p(x|z) p(z) / q(z|x) over z ~ q(z|x) (Burda et al. 2016,
arXiv:1509.00519, eq. 8). It lies below log p(x) in expectation and rises to it with k. Of a discrete posterior, which
has all of its mass on one code z, it is log p(x, z): a lower bound that no k improves.
"""

import math
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, UInt32

from vae_jax.core.noise import Noise
from vae_jax.core.random_keys import named
from vae_jax.core.signals import interruptible
from vae_jax.models.contracts import Model
from vae_jax.models.likelihoods import LIKELIHOODS
from vae_jax.models.priors.uniform_codes import PointMass
from vae_jax.training.examples import SplitArrays, make_batch
from vae_jax.training.member import Weights, member_key, model_of, parameters_of
from vae_jax.training.sharding import Layout, for_members
from vae_jax.training.spec import Spec

# Samples of an image that are drawn from one key: the draws depend on nothing else of how the work is divided.
DRAWN_TOGETHER = 10
# Latents decoded at once are as many as have this many pixels, at most: 2,000 of MNIST fit into a CPU's caches.
PIXELS_AT_ONCE = {"cpu": 2000 * 784}
PIXELS_AT_ONCE_ACCELERATOR = 40_000 * 784
# Multiplications and additions of one call: about a second. Between calls, progress is shown.
WORK_OF_CALL = {"cpu": 5e10}
WORK_OF_CALL_ACCELERATOR = 1e13


class Running(NamedTuple):
    """The sum of the importance weights so far, of each image.

    Attributes:
        largest: the largest log weight.
        total: the sum of the weights, each divided by the largest.
    """

    largest: Float[Array, "*members batch"]
    total: Float[Array, "*members batch"]

    def add(self, log_w: Float[Array, "k batch"]) -> "Running":
        """Add the weights of more samples (a log-sum-exp with a running maximum)."""
        largest = jnp.maximum(self.largest, jnp.max(log_w, axis=0))
        shift = jnp.where(jnp.isfinite(largest), largest, 0.0)
        total = self.total * jnp.exp(self.largest - shift) + jnp.sum(jnp.exp(log_w - shift), axis=0)
        return Running(largest, total)

    def log_mean(self, k: int) -> Float[Array, "*members batch"]:
        """Return the log of the mean of `k` weights."""
        shift = jnp.where(jnp.isfinite(self.largest), self.largest, 0.0)
        return shift + jnp.log(self.total) - math.log(k)


def no_weights(members: int, batch: int) -> Running:
    """Return the sum of no weights."""
    return Running(jnp.full((members, batch), -jnp.inf), jnp.zeros((members, batch)))


class Shared(NamedTuple):
    """What all members use: the images, and which samples to add.

    Attributes:
        split: all images.
        chosen: those of this batch.
        first, last: chunks of samples to add, from the first to before the last.
        k: samples with this index or a higher one don't count.
    """

    split: SplitArrays
    chosen: Int[Array, " batch"]
    first: Int[Array, ""]
    last: Int[Array, ""]
    k: Int[Array, ""]


def _member_chunks(
    spec: Spec, chunk: int, shared: Shared, seed: UInt32[Array, ""], weights: Weights, running: Running
) -> Running:
    key, index, batch = named(member_key(seed), "likelihood"), shared.chosen, len(shared.chosen)
    # As in all evaluation, a random transform such as binarisation draws the same for all members.
    examples = make_batch(spec, shared.split, index, Noise(jax.random.key(0), batch, index))
    x, condition = examples.x, examples.condition
    # The encoder runs once; a model of several levels, which has no q, infers every chunk anew.
    known = model_of(spec, weights).infer(x, condition, Noise(key, batch, index), 1)
    q, p = known.q, known.p

    def drawn(draw: Int[Array, ""]) -> tuple[Array, Array]:
        noise = Noise(jax.random.fold_in(key, draw), batch, index)
        if q is None or p is None:
            z, log_q, log_p, *_ = model_of(spec, weights).infer(x, condition, noise, DRAWN_TOGETHER)
            return z, log_p - log_q
        z, log_q = q.sample(noise, DRAWN_TOGETHER)
        return z, p.log_prob(z) - log_q

    def add_chunk(place: Int[Array, ""], running: Running) -> Running:
        draws = place * (chunk // DRAWN_TOGETHER) + jnp.arange(chunk // DRAWN_TOGETHER)
        z, log_ratio = jax.tree.map(lambda leaf: leaf.reshape(chunk, *leaf.shape[2:]), jax.vmap(drawn)(draws))
        log_w = model_of(spec, weights).decode(z, condition).log_prob(x) + log_ratio
        counts = place * chunk + jnp.arange(chunk) < shared.k
        return running.add(jnp.where(counts[:, None], log_w, -jnp.inf))

    summed: Running = jax.lax.fori_loop(shared.first, shared.last, add_chunk, running)
    return summed


@partial(jax.jit, static_argnums=(0, 1, 2))
def add_chunks(
    spec: Spec,
    layout: Layout,
    chunk: int,
    shared: Shared,
    seeds: UInt32[Array, " members"],
    weights: Weights,
    running: Running,
) -> Running:
    """Add the importance weights of some chunks of samples, for every member and image of a batch.

    Args:
        spec: the members'.
        layout: the devices of the members.
        chunk: samples of each image that are decoded at once, a multiple of `DRAWN_TOGETHER`.
        shared: the images and the chunks.
        seeds, weights: of the members, with a leading members axis.
        running: the sum so far, `[members, batch]`.
    """
    return for_members(layout, partial(_member_chunks, spec, chunk), shared, seeds, weights, running)


def log_likelihoods(
    spec: Spec,
    layout: Layout,
    split: SplitArrays,
    seeds: UInt32[Array, " members"],
    weights: Weights,
    k: int,
    *,
    batch: int | None = None,
    chunk: int | None = None,
    known: Float[np.ndarray, "members m"] | None = None,
    note: Callable[[float, Float[np.ndarray, "members m"]], object] = lambda share, found: None,
) -> Float[np.ndarray, "members n"]:
    """Estimate log p(x) in nats of every image with every member, from `k` samples each.

    The draws depend on the member's seed, the index of the image and that of the sample alone, so that neither `batch`
    nor `chunk` changes the estimate (beyond rounding), and k samples are the first of any larger number.

    Args:
        spec: the members'.
        layout: the devices of the members; their number is a multiple of the devices they are spread over.
        split: the images.
        seeds, weights: of the members, with a leading members axis.
        k: samples of each image; any number, as they are never in memory together.
        batch: images at a time; None chooses.
        chunk: samples of each image that are decoded at once; None chooses.
        known: what an earlier call, with all else the same, found of the first images.
        note: called often, with the share that is done and the estimates of the first images.
    """
    n, members = len(split.images), len(seeds)
    batch, chunk = division(spec, layout, n, k, batch, chunk)
    chunks = -(-k // chunk)
    of_chunk = 2.0 * parameters_of(spec) * batch * chunk * members / layout.member_devices
    together = max(1, int(WORK_OF_CALL.get(jax.default_backend(), WORK_OF_CALL_ACCELERATOR) / of_chunk))
    calls_each = -(-chunks // together)
    finished = known.shape[1] // batch if known is not None else 0  # batches, whole ones
    calls, done = -(-n // batch) * calls_each, finished * calls_each
    found = np.zeros((members, 0), np.float32) if known is None else known[:, : finished * batch]
    for start in range(finished * batch, n, batch):
        index = jnp.arange(start, start + batch) % n  # the last batch is padded with the first images
        running = no_weights(members, batch)
        for first in range(0, chunks, together):
            ends = jnp.int32(first), jnp.int32(min(first + together, chunks)), jnp.int32(k)
            call = partial(add_chunks, spec, layout, chunk, Shared(split, index, *ends), seeds, weights, running)
            # In another thread, so that a signal ends the work at once, also while it is compiled.
            running = interruptible(lambda call=call: jax.block_until_ready(call()))  # type: ignore[misc]
            done += 1
            note(done / calls, found)
        found = np.concatenate([found, np.asarray(running.log_mean(k))], axis=1)
    return found[:, :n]


def division(
    spec: Spec, layout: Layout, n: int, k: int, batch: int | None = None, chunk: int | None = None
) -> tuple[int, int]:
    """Choose the images at a time and the samples at once, such that the products are large and memory is small.

    Args:
        spec: the members'.
        layout: the devices of the members.
        n: images.
        k: samples of each image.
        batch, chunk: what is chosen already.
    """
    pixels = PIXELS_AT_ONCE.get(jax.default_backend(), PIXELS_AT_ONCE_ACCELERATOR)
    draws = max(1, pixels // (spec.pixels * DRAWN_TOGETHER * layout.at_once))
    batch = min(n, batch or draws)
    needed = -(-k // DRAWN_TOGETHER)
    wanted = -(-chunk // DRAWN_TOGETHER) if chunk else draws // batch
    return batch, DRAWN_TOGETHER * max(1, min(wanted, needed))


def samples_used(spec: Spec, split: SplitArrays, weights: Weights, k: int) -> int:
    """Return how many of `k` samples make a difference: one of a discrete posterior, whose samples are all equal.

    Args:
        spec: the members'.
        split: any images.
        weights: of the members, with a leading members axis.
        k: how many were asked for.
    """

    kinds = []

    def infer(split: SplitArrays, weights: Weights) -> None:
        index = jnp.zeros(1, jnp.int32)
        noise = Noise(jax.random.key(0), 1, index)
        batch = make_batch(spec, split, index, noise)
        model: Model = model_of(spec, jax.tree.map(lambda leaf: leaf[0], weights))
        kinds.append(type(model.infer(batch.x, batch.condition, noise, 1).q))

    jax.eval_shape(infer, split, weights)
    return 1 if issubclass(kinds[0], PointMass) else k


def likelihood_metrics(spec: Spec, log_p: Float[np.ndarray, " n"], k: int) -> dict[str, float]:
    """Summarise the log-likelihoods of a split.

    Args:
        spec: the member's.
        log_p: of each image, in nats.
        k: samples that they were estimated from.

    Returns:
        `nll`, the mean of -log p(x) over images; `nll_standard_error`, of this mean; `nll_samples`, which is `k`; and
        `bits_per_dimension`, the same in bits per pixel and channel, where the likelihood is over 256 grey levels.
    """
    nll = -float(np.mean(log_p, dtype=np.float64))
    error = float(np.std(log_p, dtype=np.float64, ddof=1)) / math.sqrt(len(log_p)) if len(log_p) > 1 else math.inf
    found = {"nll": nll, "nll_standard_error": error, "nll_samples": k}
    if LIKELIHOODS[spec.settings.model.likelihood].support == "256 grey levels":
        found["bits_per_dimension"] = nll / (spec.pixels * math.log(2))
    return found
