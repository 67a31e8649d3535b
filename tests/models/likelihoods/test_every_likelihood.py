"""What every registered likelihood promises: its numbers are of a distribution, with this mean and these draws."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from made_models import build
from slow_cases import slow_after

from vae_jax.config.parts import settings_of
from vae_jax.core.noise import Noise
from vae_jax.models.likelihoods import LIKELIHOODS

KEY = jax.random.key(0)
# Points that fill the reals evenly in probability, but for tails: x = centre + tan(angle) / 4.
ANGLES = np.linspace(-np.pi / 2, np.pi / 2, 20_001)[1:-1]
UNIT = ("continuous_bernoulli",)  # densities over [0, 1]
WITHOUT_MEAN_BY_LEVELS = ("discretised_logistic", "discretised_logistic_mixture")  # theirs is that before rounding
DRAWS = 20_000
each = pytest.mark.parametrize("name", LIKELIHOODS)


def likelihood(name, image_shape=(1, 1, 1)):
    of = build(image_shape, likelihood=name, likelihood_sigma=0.3)
    return LIKELIHOODS[name](settings_of(of.config, "likelihood"), of, KEY)


def points(name):
    """Values of a pixel, and the weights of a sum over them that is an integral, or the sum over all values."""
    support = LIKELIHOODS[name].support
    if support == "{0, 1}":
        return np.array([0.0, 1.0]), np.ones(2)
    if support == "256 grey levels":
        return np.arange(256) / 255, np.ones(256)
    if name in UNIT:
        x = np.linspace(0, 1, 4001)
        return x, np.full(len(x), 1 / 4000) * np.where((x == 0) | (x == 1), 0.5, 1)
    return 0.5 + np.tan(ANGLES) / 4, (ANGLES[1] - ANGLES[0]) / np.cos(ANGLES) ** 2 / 4


# The outputs are about 1; and, in slow tests, about 0 and 3.
CASES = [(name, scale) for scale in (1.0, 0.01, 3.0) for name in LIKELIHOODS]


@pytest.fixture(scope="module", params=slow_after(len(LIKELIHOODS), CASES), ids=lambda of: f"{of[0]}-{of[1]}")
def case(request):
    """Of one pixel with some outputs of the decoder: its probabilities at all points, its mean and draws."""
    name, scale = request.param
    x, weights = points(name)

    @jax.jit
    def of_all(x):
        made = likelihood(name)
        outputs = scale * jax.random.normal(KEY, (1, 1, 1, made.outputs))
        many = made(jnp.broadcast_to(outputs, (DRAWS, 1, 1, made.outputs)))
        one = made(outputs)
        log_p = jax.vmap(lambda x: one.log_prob(x.reshape(1, 1, 1, 1))[0])(x)
        return log_p, one.mean()[0, 0, 0, 0], many.sample(Noise(KEY, DRAWS))[:, 0, 0, 0]

    log_p, mean, drawn = of_all(jnp.asarray(x, jnp.float32))
    return name, x, weights * np.exp(np.asarray(log_p, np.float64)), float(mean), np.asarray(drawn)


def test_the_probabilities_add_up_to_one(case):
    assert case[2].sum() == pytest.approx(1, abs=2e-3)


def test_the_mean_is_that_of_the_distribution(case):
    name, x, masses, mean, _ = case
    within = 0.5 / 255 if name in WITHOUT_MEAN_BY_LEVELS else 2e-3
    inner = np.abs(x - 0.5) < 3000  # of heavy tails, both cut off alike
    assert (masses * x)[inner].sum() == pytest.approx(mean, abs=within)


def test_draws_have_the_distribution(case):
    _, x, masses, _, drawn = case
    below = np.searchsorted(np.sort(drawn), x + 1e-5, side="right") / DRAWS
    # Over a continuous range, the mass of a point is half below it.
    expected = np.cumsum(masses) - (masses / 2 if len(x) > 256 else 0)
    assert np.abs(below - expected).max() < 1.95 / DRAWS**0.5 + 1e-3, "the test of Kolmogorov and Smirnov, at 0.1 %"


@each
def test_the_log_probability_of_an_image_is_the_sum_over_its_pixels_or_their_joint_one(name):
    made = likelihood(name, (3, 2, 2))
    outputs = jax.random.normal(KEY, (5, 4, 3, 2, 2 * made.outputs))
    x = jnp.round(jax.random.uniform(KEY, (4, 3, 2, 2)))
    log_p = made(outputs).log_prob(x)
    assert log_p.shape == (5, 4)
    assert made(outputs).mean().shape == (5, 4, 3, 2, 2)
    assert made(outputs).sample(Noise(KEY, 4)).shape == (5, 4, 3, 2, 2)
    np.testing.assert_allclose(made(outputs[:, 1:2]).log_prob(x[1:2]), log_p[:, 1:2], rtol=1e-5)


@each
def test_extreme_outputs_have_finite_numbers_and_slopes(name):
    made = likelihood(name, (3, 2, 1))
    x = jnp.linspace(0, 1, 6).reshape(1, 3, 2, 1)
    for size in (0.0, 50.0, -50.0):
        outputs = jnp.full((1, 3, 2, made.outputs), size)
        value, slope = jax.value_and_grad(lambda outputs: made(outputs).log_prob(x).sum())(outputs)
        assert np.isfinite(value)
        assert np.isfinite(slope).all()


@each
def test_the_slope_reaches_every_parameter_and_the_outputs(name):
    made = likelihood(name, (3, 2, 1))
    graph, params, others = nnx.split(made, nnx.Param, ...)
    outputs = jax.random.normal(KEY, (4, 3, 2, made.outputs))
    x = jnp.round(jax.random.uniform(KEY, (4, 3, 2, 1)))
    slopes = jax.grad(lambda params, y: nnx.merge(graph, params, others)(y).log_prob(x).sum(), argnums=(0, 1))
    for leaf in jax.tree.leaves(slopes(params, outputs)):
        assert np.any(leaf != 0)
