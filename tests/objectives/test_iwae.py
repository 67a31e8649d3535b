"""Importance-weighted bounds on a model with a known likelihood, x = w z + noise, and an inexact posterior."""

import math
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import Array
from small_models import small_build, small_objective

from vae_jax.core.errors import UserError
from vae_jax.core.noise import Noise
from vae_jax.core.units import Units
from vae_jax.models.contracts import Batch, Inference
from vae_jax.models.normals import DiagonalGaussian, StandardNormal
from vae_jax.objectives import iwae

UNITS = Units(2, 2)
X = jnp.array([1.5, -0.7, 0.3])
THETA = {"w": jnp.array([[1.0, 0.4], [-0.3, 0.8], [0.5, 0.5]])}
PHI = {"mu": jnp.array([0.2, -0.4]), "log_sigma": jnp.array([-0.2, 0.1])}


class Pixels(NamedTuple):
    mean: Array

    def log_prob(self, x):
        return jnp.sum(jax.scipy.stats.norm.logpdf(x[:, 0, :, 0], self.mean), axis=-1)


class Linear(NamedTuple):
    """p(z) = N(0, I), p(x|z) = N(w z, I); q(z|x) = N(mu, sigma^2) for any x."""

    theta: dict
    phi: dict
    units: Units = UNITS

    def infer(self, x, condition, noise, k):
        shape = (len(x), 2)
        q = DiagonalGaussian(
            jnp.broadcast_to(self.phi["mu"], shape), jnp.broadcast_to(jnp.exp(self.phi["log_sigma"]), shape), UNITS
        )
        p = StandardNormal(UNITS)
        z, log_q = q.sample(noise, k)
        return Inference(z, log_q, p.log_prob(z), q.kl(p), None, q, p)

    def decode(self, z, condition):
        return Pixels(z @ self.theta["w"].T)

    def sample_prior(self, noise, condition):
        raise NotImplementedError

    def codes(self, x, condition):
        raise NotImplementedError


def log_likelihood():
    covariance = np.eye(3) + np.asarray(THETA["w"]) @ np.asarray(THETA["w"]).T
    quadratic = X @ np.linalg.solve(covariance, X)
    return -0.5 * float(quadratic + np.linalg.slogdet(covariance)[1] + 3 * math.log(2 * math.pi))


def objective(name, k, beta_kl=1.0):
    return small_objective(small_build(2, objective={"name": name, "samples": k, "beta_kl": beta_kl}))


@partial(jax.jit, static_argnums=(0, 1, 2, 3))
def bounds(name, k, n, beta_kl=1.0):
    """The bound of `n` draws of k samples each, and the gradients of each draw by the decoder's and the encoder's."""
    of_name = objective(name, k, beta_kl)

    def of_draw(theta, phi, key):
        batch = Batch(X[None, None, :, None], None, jnp.zeros(1, jnp.int32))
        terms = of_name.terms(Linear(theta, phi), None, batch, Noise(key, 1), jnp.int32(0))
        return terms["bound"][0]

    keys = jax.random.split(jax.random.key(3), n)
    values, slopes = jax.vmap(jax.value_and_grad(of_draw, (0, 1)), (None, None, 0))(THETA, PHI, keys)
    return values, *(jnp.concatenate([leaf.reshape(n, -1) for leaf in jax.tree.leaves(of)], 1) for of in slopes)


def standard_error(values):
    return values.std(axis=0) / math.sqrt(len(values))


def test_the_bound_rises_with_k_to_the_exact_log_likelihood():
    found = [bounds("iwae", k, 8000 // k)[0] for k in (1, 8, 400)]
    means = [float(values.mean()) for values in found]
    assert means == sorted(means)
    assert means[1] - means[0] > 5 * standard_error(found[0])
    assert means[2] == pytest.approx(log_likelihood(), abs=0.05)


def test_with_one_sample_it_is_the_elbo():
    values = bounds("iwae", 1, 8000)[0]
    sigma, mu, w = np.exp(PHI["log_sigma"]), np.asarray(PHI["mu"]), np.asarray(THETA["w"])
    kl = 0.5 * np.sum(mu**2 + sigma**2 - 1 - 2 * np.log(sigma))
    error = np.sum((np.asarray(X) - w @ mu) ** 2) + np.sum(w**2 * sigma**2)
    exact = -0.5 * (error + 3 * math.log(2 * math.pi)) - kl
    assert float(values.mean()) == pytest.approx(exact, abs=4 * float(standard_error(values)))


@pytest.mark.parametrize("beta_kl", [1.0, 0.3])
def test_dreg_has_the_same_bound_and_decoders_gradient_and_on_average_the_encoders(beta_kl):
    plain, dreg = (bounds(name, 4, 20_000, beta_kl) for name in ("iwae", "iwae_dreg"))
    np.testing.assert_allclose(dreg[0], plain[0], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(dreg[1], plain[1], rtol=1e-3, atol=1e-4)
    difference = dreg[2] - plain[2]
    assert np.any(np.asarray(difference) != 0)
    assert np.all(np.abs(difference.mean(axis=0)) < 4 * standard_error(difference))


def test_dregs_gradient_of_the_encoder_varies_less_the_more_so_the_more_samples():
    ratios = []
    for k in (4, 64):
        plain, dreg = (bounds(name, k, 1000)[2] for name in ("iwae", "iwae_dreg"))
        ratios.append(float(dreg.var(axis=0).sum() / plain.var(axis=0).sum()))
    assert ratios[1] < ratios[0] < 1


def test_the_loss_is_minus_the_bound_and_the_elbo_is_reported_beside_it():
    of_name = objective("iwae", 4)
    means = {"bound": jnp.float32(-3.0), "distortion": jnp.float32(2.5), "rates": jnp.array([1.0, 0.5])}
    loss, metrics = of_name.loss(means, jnp.int32(0))
    assert (float(loss), float(metrics["loss"]), float(metrics["bound"])) == (3.0, 3.0, -3.0)
    assert (float(metrics["elbo"]), float(metrics["rate"])) == (-4.0, 1.5)
    assert float(of_name.loss(means | {"penalty": jnp.float32(0.25)}, jnp.int32(0))[0]) == 3.25


@pytest.mark.parametrize("name", ["iwae", "iwae_dreg"])
def test_the_posts_reduction_is_refused(name):
    with pytest.raises(UserError, match=rf"reduction: found 'blog'; config\.objective\.name={name} needs nats"):
        small_objective(small_build(2, objective={"name": name, "reduction": "blog"}))


def test_scaled_gradient_scales_the_gradient_and_not_the_value():
    x, scale = jnp.ones((2, 3, 4)), jnp.arange(6.0).reshape(2, 3, 1)
    value, slope = jax.value_and_grad(lambda x: jnp.sum(iwae.scaled_gradient(x, scale)))(x)
    assert float(value) == 24
    np.testing.assert_array_equal(slope, jnp.broadcast_to(scale, x.shape))
