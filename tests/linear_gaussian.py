"""A model with a known likelihood, x = w z + noise, and an inexact posterior: what bounds are compared on."""

import dataclasses
import math
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array
from small_models import small_build, small_objective

from vae_jax.core.noise import Noise
from vae_jax.core.units import Units
from vae_jax.models.contracts import Batch, Inference
from vae_jax.models.normals import DiagonalGaussian, StandardNormal

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


def exact_elbo():
    sigma, mu, w = np.exp(PHI["log_sigma"]), np.asarray(PHI["mu"]), np.asarray(THETA["w"])
    kl = 0.5 * np.sum(mu**2 + sigma**2 - 1 - 2 * np.log(sigma))
    error = np.sum((np.asarray(X) - w @ mu) ** 2) + np.sum(w**2 * sigma**2)
    return float(-0.5 * (error + 3 * math.log(2 * math.pi)) - kl)


def objective(name, k, beta_kl=1.0, **settings):
    parts = {"objectives": {name: settings}} if settings else {}
    return small_objective(small_build(2, objective={"name": name, "samples": k, "beta_kl": beta_kl}, parts=parts))


def bounds(name, k, n, beta_kl=1.0, far=1.0, groups=None, strength=None):
    """The bound of `n` draws of k samples each, and the gradients of each draw by the decoder's and the encoder's.

    `far` scales x; `groups` and `strength` are settings of the objective.
    """
    return _bounds(name, k, n, groups, beta_kl, far, strength)


@partial(jax.jit, static_argnums=(0, 1, 2, 3))
def _bounds(name, k, n, groups, beta_kl, far, strength):
    of_name = objective(name, k, beta_kl, **({"groups": groups} if groups else {}))
    if strength is not None:
        of_name.settings = dataclasses.replace(of_name.settings, strength=strength)

    def of_draw(theta, phi, key):
        batch = Batch(far * X[None, None, :, None], None, jnp.zeros(1, jnp.int32))
        terms = of_name.terms(Linear(theta, phi), None, batch, Noise(key, 1), jnp.int32(0))
        return terms["bound"][0] if "bound" in terms else -(terms["distortion"][0] + beta_kl * terms["rates"][0].sum())

    keys = jax.random.split(jax.random.key(3), n)
    values, slopes = jax.vmap(jax.value_and_grad(of_draw, (0, 1)), (None, None, 0))(THETA, PHI, keys)
    return values, *(jnp.concatenate([leaf.reshape(n, -1) for leaf in jax.tree.leaves(of)], 1) for of in slopes)


def standard_error(values):
    return values.std(axis=0) / math.sqrt(len(values))
