"""The importance-sampled log-likelihood: on a model with a known one, x = w z + noise, with an inexact posterior."""

import math
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from made_models import numbers_of
from small_runs import small_dataset, small_spec

from vae_jax.core.units import Units
from vae_jax.evaluation import likelihood
from vae_jax.evaluation.likelihood import Running, likelihood_metrics, log_likelihoods, no_weights, samples_used
from vae_jax.models.contracts import Inference
from vae_jax.models.normals import DiagonalGaussian, StandardNormal
from vae_jax.training.examples import SplitArrays, split_arrays
from vae_jax.training.member import Weights, split, start
from vae_jax.training.sharding import Layout

UNITS = Units(2, 2)
SPEC = small_spec()
W = jnp.array([[1.0, 0.4], [-0.3, 0.8], [0.5, 0.5]])
SEEDS = jnp.array([0, 1], jnp.uint32)
# Two members, whose posteriors are N(mu, 0.9²) for any x.
MEMBERS = Weights({"w": jnp.stack([W, W])}, {"mu": jnp.array([[0.2, -0.4], [0.5, 0.1]])})
COPIES = 300


class Pixels(NamedTuple):
    centre: jax.Array

    def log_prob(self, x):
        return jnp.sum(jax.scipy.stats.norm.logpdf(x[:, :, 0, 0], self.centre), axis=-1)


class Linear(NamedTuple):
    """p(z) = N(0, I), p(x|z) = N(w z, I)."""

    w: jax.Array
    mu: jax.Array

    def infer(self, x, condition, noise, k):
        shape = (len(x), 2)
        q, p = DiagonalGaussian(jnp.broadcast_to(self.mu, shape), jnp.full(shape, 0.9), UNITS), StandardNormal(UNITS)
        z, log_q = q.sample(noise, k)
        return Inference(z, log_q, p.log_prob(z), q.kl(p), None, q, p)

    def decode(self, z, condition):
        return Pixels(z @ self.w.T)


class SeveralLevels(Linear):
    """The same, without distributions that can be sampled again."""

    def infer(self, x, condition, noise, k):
        return super().infer(x, condition, noise, k)._replace(q=None, p=None, rates=None)


def copies(value=255, n=COPIES):
    images = jnp.full((n, 3, 1, 1), value, jnp.uint8).at[:, 1].set(0)
    return SplitArrays(images, jnp.zeros(n, jnp.int32))


def exact(value=1.0):
    x, covariance = np.array([value, 0.0, value]), np.eye(3) + np.asarray(W) @ np.asarray(W).T
    return -0.5 * float(
        x @ np.linalg.solve(covariance, x) + np.linalg.slogdet(covariance)[1] + 3 * math.log(2 * math.pi)
    )


def use(monkeypatch, model):
    """Every test that uses another model has images of another number, as programs are kept by the spec and shapes."""
    of_weights = lambda spec, weights: model(weights.params["w"], weights.variables["mu"])  # noqa: E731
    monkeypatch.setattr(likelihood, "model_of", of_weights)


@pytest.fixture
def linear(monkeypatch):
    use(monkeypatch, Linear)


def found(k, images=None, chunk=10, **division):
    images = copies() if images is None else images
    return log_likelihoods(SPEC, Layout(), images, SEEDS, MEMBERS, k, chunk=chunk, **division)


def test_it_rises_with_k_to_the_exact_log_likelihood(linear):
    means = [found(k).mean(axis=1) for k in (1, 10, 1000)]
    errors = [found(k).std(axis=1) / math.sqrt(COPIES) for k in (1, 10, 1000)]
    assert np.all(means[0] < means[1])
    assert np.all(means[1] < means[2])
    assert np.all(means[0] < exact() - 3 * errors[0])
    np.testing.assert_allclose(means[2], exact(), atol=0.02)


@pytest.mark.slow
def test_neither_the_images_at_a_time_nor_the_samples_at_once_change_it(linear, monkeypatch):
    """Every call adds one chunk here, so the sum is carried from call to call too."""
    whole, shares = found(95), []
    monkeypatch.setattr(likelihood, "WORK_OF_CALL", {"cpu": 1})
    np.testing.assert_allclose(
        found(95, chunk=30, batch=110, note=lambda share, found: shares.append(share)), whole, rtol=1e-5
    )
    assert shares == [(k + 1) / 12 for k in range(12)]  # three batches of images, four chunks of samples
    assert np.unique(whole[0]).size == COPIES  # each image has draws of its own


def test_a_model_of_several_levels_has_the_same_estimate(linear, monkeypatch):
    whole = found(95)
    use(monkeypatch, SeveralLevels)
    np.testing.assert_allclose(found(95, copies(n=200)), whole[:, :200], rtol=1e-5)


def test_the_running_sum_is_that_of_all_weights_however_far_they_lie_from_each_other():
    log_w = jnp.array([[-2000.0, -jnp.inf, -1e4], [-3000.0, -jnp.inf, -10.0], [-2000.0, -jnp.inf, 80.0]])
    running = no_weights(1, 3)
    running = Running(running.largest[0], running.total[0])
    for row in log_w:
        running = running.add(row[None])
    np.testing.assert_allclose(running.log_mean(3), [-2000 + math.log(2 / 3), -np.inf, 80 - math.log(3)], rtol=1e-6)
    assert np.isnan(running.add(jnp.full((1, 3), jnp.nan)).log_mean(4)).all()


def test_the_nll_is_a_mean_with_its_standard_error_and_in_bits_over_grey_levels(monkeypatch):
    log_p = np.array([-36.0, -72.0, -36.0, -72.0], np.float32)
    plain = likelihood_metrics(SPEC, log_p, 50)
    assert plain == {"nll": 54.0, "nll_standard_error": pytest.approx(18 / math.sqrt(3)), "nll_samples": 50}
    assert "nll_standard_error" in likelihood_metrics(SPEC, log_p[:1], 50)
    monkeypatch.setattr(likelihood.LIKELIHOODS["bernoulli"], "support", "256 grey levels")
    assert likelihood_metrics(SPEC, log_p, 50)["bits_per_dimension"] == pytest.approx(54 / 36 / math.log(2))


def started(spec, members=1):
    parts = [split(start(spec, numbers_of(spec, seed=k))) for k in range(members)]
    weights = [Weights(params["model"], variables["model"]) for params, variables in parts]
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *weights)


def test_of_a_discrete_posterior_it_is_that_of_the_only_code():
    spec = small_spec(model={"posterior": "fsq", "prior": "uniform_codes"})
    weights, test = started(spec), split_arrays(small_dataset().test)
    assert samples_used(spec, test, weights, 5000) == 1
    assert samples_used(SPEC, test, started(SPEC), 5000) == 5000


@pytest.mark.slow
@pytest.mark.parametrize(
    "sections",
    [
        {},
        {"data": {"condition": "labels", "binarise": "drawn"}},
        {"model": {"name": "ladder"}},
        {"model": {"posterior": "iaf"}},
        {"model": {"posterior": "vq", "prior": "uniform_codes"}},
        {"model": {"prior": "vamp"}},
    ],
    ids=str,
)
def test_it_is_the_same_in_batches_of_any_size_and_alone(sections):
    spec, test = small_spec(**sections), split_arrays(small_dataset().test)
    weights = started(spec, 2)
    of = partial(log_likelihoods, spec, Layout(), test)
    whole = of(SEEDS, weights, 30)
    np.testing.assert_allclose(of(SEEDS, weights, 30, batch=4, chunk=20), whole, rtol=1e-4)
    second = of(SEEDS[1:], jax.tree.map(lambda leaf: leaf[1:], weights), 30)
    np.testing.assert_allclose(second[0], whole[1], rtol=1e-6)
