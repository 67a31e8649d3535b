"""Mutual information and the aggregate posterior, where they are known."""

import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from small_runs import small_spec

from vae_jax.core.units import Units
from vae_jax.evaluation import information
from vae_jax.models.contracts import Inference
from vae_jax.models.normals import DiagonalGaussian, StandardNormal
from vae_jax.training.examples import SplitArrays
from vae_jax.training.member import Weights
from vae_jax.training.sharding import Layout

UNITS = Units(2, 2)
SPEC = small_spec()
N = 60
SEEDS = jnp.array([0, 1, 2], jnp.uint32)


class Spread(NamedTuple):
    """q(z|x) = N(scale x, sigma²) in both units."""

    scale: jax.Array
    sigma: jax.Array

    def infer(self, x, condition, noise, k):
        mu = jnp.broadcast_to(self.scale * x.reshape(-1, 1), (len(x), 2))
        q, p = DiagonalGaussian(mu, jnp.full(mu.shape, 1.0) * self.sigma, UNITS), StandardNormal(UNITS)
        z, log_q = q.sample(noise, k)
        return Inference(z, log_q, p.log_prob(z), q.kl(p), None, q, p)


def test_of_posteriors_equal_to_the_prior_far_apart_and_all_equal(monkeypatch):
    """0 and 0; log n and the rest of the mean KL; 0 and the KL of any of them to the prior."""
    monkeypatch.setattr(information, "model_of", lambda _, weights: Spread(weights.params, weights.variables))
    monkeypatch.setattr(information, "PAIRS_AT_ONCE", 2 * 7 * N)  # in several parts, the last one padded
    images = (jnp.arange(N, dtype=jnp.uint8) * 4).reshape(N, 1, 1, 1)
    weights = Weights(jnp.array([0.0, 1e4, 0.0]), jnp.array([1.0, 1.0, 0.1]))
    split = SplitArrays(images, jnp.zeros(N, jnp.int32))
    same, apart, narrow = information.information_of(SPEC, Layout(), split, SEEDS, weights)
    np.testing.assert_allclose([same["mutual_information"], same["aggregate_kl"]], 0, atol=1e-5)
    assert apart["mutual_information"] == pytest.approx(math.log(N), rel=1e-5)
    mean_kl = float(np.mean((1e4 * np.asarray(images) / 255) ** 2))  # of two units, of variance 1
    assert apart["aggregate_kl"] == pytest.approx(mean_kl - math.log(N), rel=1e-3)
    assert narrow["mutual_information"] == pytest.approx(0, abs=1e-5)
    exact = 2 * 0.5 * (0.1**2 - 1 - 2 * math.log(0.1))
    assert narrow["aggregate_kl"] == pytest.approx(exact, abs=0.1)  # from 2,040 samples
    assert same["information_images"] == N


def test_a_split_that_is_sorted_is_sampled_evenly(monkeypatch):
    """Four of 60 images: all classes are among them, so that they are told apart by log 4."""
    monkeypatch.setattr(information, "model_of", lambda _, weights: Spread(weights.params, weights.variables))
    monkeypatch.setattr(information, "MOST_IMAGES", 4)
    images = (jnp.arange(N, dtype=jnp.uint8) // 15 * 50).reshape(N, 1, 1, 1)
    split = SplitArrays(images, jnp.zeros(N, jnp.int32))
    weights = Weights(jnp.array([1e4]), jnp.array([1.0]))
    (found,) = information.information_of(SPEC, Layout(), split, SEEDS[:1], weights)
    assert found["information_images"] == 4
    assert found["mutual_information"] == pytest.approx(math.log(4), rel=1e-4)


def test_many_images_are_capped_by_the_units():
    assert information.images_used(SPEC, 100) == 100
    assert information.images_used(SPEC, 60_000) == 10_000
    assert information.images_used(SPEC.with_latent_dim(50), 10_000) == 2828
