"""Steps of k samples and log-likelihoods of Burda's model (784-200-200-50), against their matrix products alone."""

import statistics
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import jax
import numpy as np
from jaxtyping import Array

from experiments.speed.table import Row, text
from vae_jax.config.schema import default_config, validate
from vae_jax.data.dataset import Dataset, Split
from vae_jax.evaluation.likelihood import log_likelihoods
from vae_jax.training.examples import split_arrays, train_data
from vae_jax.training.hyperparameters import hyperparameters_of
from vae_jax.training.sharding import Layout
from vae_jax.training.spec import spec_of
from vae_jax.training.steps import init_state, train_block

BATCH, HIDDEN, LATENT = 20, 200, 50
ENCODER = ((784, HIDDEN), (HIDDEN, HIDDEN), (HIDDEN, 2 * LATENT))
DECODER = ((LATENT, HIDDEN), (HIDDEN, HIDDEN), (HIDDEN, 784))
WANTED_STEP, WANTED_LIKELIHOOD = 1.3, 1.5
ROWS = 2000  # latents decoded at once


def burda(k: int) -> Any:
    """Return the settings of a step of k samples."""
    config = default_config()
    config.data.name, config.data.binarise = "mnist", "drawn"
    config.model.hidden, config.model.latent_dim, config.model.activation = (HIDDEN, HIDDEN), LATENT, "tanh"
    config.objective.name, config.objective.samples = "elbo" if k == 1 else "iwae", k
    config.train.batch_size = BATCH
    return validate(config)


def noise_dataset() -> Dataset:
    """Return noise of MNIST's size: what is drawn costs the same."""
    images = np.random.default_rng(0).integers(0, 256, (60_000, 28, 28, 1)).astype(np.uint8)
    zeros = np.zeros(len(images), np.int32)
    return Dataset("noise", "noise", Split(images, zeros), Split(images[:10_000], zeros[:10_000]), ("noise",))


def training_products(k: int, steps: int) -> Callable[[], Any]:
    """Return a loop of the matrix products of some steps, forward and backward, and nothing else."""
    layers = [(BATCH, size) for size in ENCODER] + [(BATCH * k, size) for size in DECODER]
    key = jax.random.key(0)
    weights = [0.01 * jax.random.normal(key, size) for _, size in layers]
    inputs = [jax.random.normal(key, (rows, size[0])) for rows, size in layers]
    outputs = [jax.random.normal(key, (rows, size[1])) for rows, size in layers]

    @jax.jit
    def loop(weights: Sequence[Array], inputs: Sequence[Array], outputs: Sequence[Array]) -> Any:
        def step(carry: Any, _: None) -> tuple[Any, None]:
            weights, inputs, outputs = carry
            forward = [x @ w for x, w in zip(inputs, weights, strict=True)]
            # The images need no gradient.
            backward = [inputs[0], *(g @ w.T for g, w in zip(outputs[1:], weights[1:], strict=True))]
            gradients = [x.T @ g for x, g in zip(inputs, outputs, strict=True)]
            # Each product is the next step's factor, so that none is left out.
            return (gradients, backward, forward), None

        return jax.lax.scan(step, (weights, inputs, outputs), None, length=steps)[0]

    return partial(loop, weights, inputs, outputs)


def decoder_products(latents: int) -> Callable[[], Any]:
    """Return a loop of the decoder's matrix products for some latents."""
    key = jax.random.key(0)
    weights = [jax.random.normal(key, size) / size[0] for size in DECODER]
    z = jax.random.normal(key, (ROWS, LATENT))

    @jax.jit
    def loop(weights: Sequence[Array], z: Array) -> Array:
        def once(_: Any, z: Array) -> Array:
            y = z
            for w in weights:
                y = y @ w
            return z + 1e-6 * y[:, :LATENT]

        return jax.lax.fori_loop(0, latents // ROWS, once, z)

    return partial(loop, weights, z)


def timed(work: Callable[[], Any]) -> float:
    """Seconds of one call."""
    start = time.perf_counter()
    jax.block_until_ready(work())
    return time.perf_counter() - start


def against(ours: Callable[[], Any], bound: Callable[[], Any], rounds: int) -> tuple[float, float, float]:
    """Time both in turn; return the medians of both and of their ratio."""
    pairs = [(timed(ours), timed(bound)) for _ in range(rounds + 1)][1:]  # the first round compiles
    costs, bounds = zip(*pairs, strict=True)
    return statistics.median(costs), statistics.median(bounds), statistics.median([a / b for a, b in pairs])


def measure_step(k: int, rounds: int, steps: int) -> Row:
    """Compare steps of k samples with their products."""
    dataset, config = noise_dataset(), burda(k)
    spec, members, data = spec_of([config], dataset), hyperparameters_of([config], steps), train_data(dataset)
    state = [init_state(spec, Layout(), members)]

    def ours() -> Any:
        state[0], metrics = train_block(spec, Layout(), steps, data, members, state[0])
        return metrics

    cost, bound, ratio = against(ours, training_products(k, steps), rounds)
    return Row(
        f"a step of Burda's model, batch 20, k = {k}",
        f"{1e3 * cost / steps:.2f} ms",
        f"its products alone {1e3 * bound / steps:.2f} ms",
        ratio,
        WANTED_STEP,
    )


def measure_likelihood(rounds: int, images: int, k: int) -> Row:
    """Compare log-likelihoods with the decoder's products; of few images, and told for 10,000 of 5,000 samples."""
    dataset, config = noise_dataset(), burda(1)
    spec, members = spec_of([config], dataset), hyperparameters_of([config], 1)
    state, split = (
        init_state(spec, Layout(), members),
        split_arrays(Split(dataset.test.images[:images], dataset.test.labels[:images])),
    )
    ours = partial(log_likelihoods, spec, Layout(), split, members["seed"], state.weights, k)
    cost, bound, ratio = against(ours, decoder_products(images * k), rounds)
    whole = 10_000 * 5_000 / (images * k)
    return Row(
        "log-likelihoods of 10,000 images of 5,000 samples",
        f"{whole * cost:.0f} s",
        f"the decoder's products alone {whole * bound:.0f} s (both from {images} images of {k} samples)",
        ratio,
        WANTED_LIKELIHOOD,
    )


def measure(rounds: int) -> list[Row]:
    """Measure steps of 1, 5 and 50 samples, and log-likelihoods."""
    steps = [measure_step(k, rounds, 2000 // max(k, 4)) for k in (1, 5, 50)]
    return [*steps, measure_likelihood(max(1, rounds // 3), 200, 2000)]


if __name__ == "__main__":
    print(text(measure(5)))
