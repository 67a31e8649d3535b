"""The ELBO, in nats and in the post's normalisation."""

import dataclasses
import math

import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
import pytest
from made_models import linear_spec, numbers_of
from small_runs import small_config

from vae_jax.core.noise import Noise
from vae_jax.core.units import Units
from vae_jax.models.contracts import Batch
from vae_jax.models.likelihoods.gaussian import GaussianPixels
from vae_jax.objectives.contracts import ObjectiveBuild
from vae_jax.objectives.elbo import ELBO, elbo_terms
from vae_jax.schedules.warmups import SCHEDULES
from vae_jax.training.member import start

PIXELS, BATCH, CONSTANT = 784, 32, 0.5
TWO = Units(2, 2)
# Two latent units: one carries 0.75 to 3.75 nats, the other 0.25 to 1.25.
RATES = jnp.linspace(1, 5, BATCH)[:, None] * jnp.array([0.75, 0.25])
TERMS = {"distortion": jnp.linspace(10, 90, BATCH) + PIXELS * CONSTANT, "rates": RATES}


def elbo(reduction="nats", beta_kl=1.0, units=TWO, **objective):
    traced = {"beta_kl": beta_kl, "warmup": list(SCHEDULES).index("constant"), "warmup_steps": 1} | objective
    fields = {name: jnp.asarray(value) for name, value in traced.items()}
    config = small_config(objective={"reduction": reduction, **fields})
    return ELBO(None, ObjectiveBuild(config, units, BATCH, 1000, PIXELS, CONSTANT))


def loss(objective, terms, step=0):
    return objective.loss({name: term.mean(axis=0) for name, term in terms.items()}, jnp.asarray(step))


def of(reduction, beta_kl, terms=TERMS, step=0, **objective):
    value, metrics = loss(elbo(reduction, beta_kl, **objective), terms, step)
    assert float(value) == float(metrics["loss"])
    return {name: float(value) for name, value in metrics.items()}


def test_in_nats_recon_is_the_distortion_and_kl_the_rate():
    metrics = of("nats", 2.0)
    assert metrics["recon"] == pytest.approx(50 + PIXELS * CONSTANT)
    assert metrics["kl"] == pytest.approx(3)
    assert (metrics["distortion"], metrics["rate"]) == (metrics["recon"], metrics["kl"])


def test_the_post_averages_recon_over_pixels_and_sums_kl_over_the_batch():
    metrics = of("blog", 1e-4)
    assert metrics["recon"] == pytest.approx(50 / PIXELS, rel=1e-4)
    assert metrics["kl"] == pytest.approx(float(np.sum(RATES)))
    assert metrics["distortion"] == pytest.approx(50 + PIXELS * CONSTANT)


@pytest.mark.parametrize("reduction", ["nats", "blog"])
def test_loss_is_recon_and_weighted_kl_and_elbo_is_in_nats(reduction):
    metrics = of(reduction, 0.3)
    assert metrics["loss"] == pytest.approx(metrics["recon"] + 0.3 * metrics["kl"])
    assert metrics["elbo"] == pytest.approx(-(50 + PIXELS * CONSTANT + 3))


def test_the_weight_of_the_kl_depends_on_the_step():
    linear = {"warmup": list(SCHEDULES).index("linear"), "warmup_steps": 10, "warmup_delay": 0}
    found = [of("nats", 2.0, step=step, **linear) for step in (0, 5, 10)]
    assert [metrics["beta_kl"] for metrics in found] == [0, 1, 2]
    assert [metrics["loss"] - metrics["recon"] for metrics in found] == pytest.approx([0, 3, 6], abs=1e-3)
    assert len({metrics["elbo"] for metrics in found}) == 1


def slopes(objective, terms=TERMS):
    return jax.grad(lambda terms: loss(objective, terms)[0])(terms)


def test_beta_kl_in_the_posts_normalisation_is_batch_times_pixels_as_large_in_nats():
    """The post's 1e-4 at batch 32 and 784 pixels weighs like about 2.5."""
    blog, nats = slopes(elbo("blog", 1e-4)), slopes(elbo("nats", 2.5088))
    ratios = [found["rates"] / found["distortion"][:, None] for found in (blog, nats)]
    np.testing.assert_allclose(*ratios, rtol=1e-5)


def test_a_unit_below_its_free_bits_costs_them_and_its_rate_is_unchanged():
    metrics = of("nats", 2.0, free_bits=1.0)
    assert metrics["kl"] == pytest.approx(2.25 + 1.0)
    assert metrics["rate"] == pytest.approx(3)
    assert metrics["loss"] == pytest.approx(metrics["recon"] + 2 * 3.25)


def test_a_unit_below_its_free_bits_has_no_gradient():
    found = slopes(elbo("nats", 2.0, free_bits=1.0))["rates"]
    np.testing.assert_allclose(found, np.tile([2 / BATCH, 0], (BATCH, 1)), rtol=1e-6)


def test_masked_units_have_no_free_bits():
    alone = of("nats", 2.0, {**TERMS, "rates": RATES[:, :1]}, units=Units(1, 1), free_bits=7.0)
    masked = of("nats", 2.0, {**TERMS, "rates": RATES * jnp.array([1, 0])}, units=Units(2, 1), free_bits=7.0)
    assert masked == alone


def test_parts_that_are_not_units_have_free_bits_each():
    metrics = of("nats", 1.0, {**TERMS, "rates": jnp.tile(RATES, 2)}, free_bits=1.0)
    assert metrics["kl"] == pytest.approx(2 * 3.25)


@pytest.mark.parametrize(("reduction", "charged"), [("nats", 8.0), ("blog", 8.0 / PIXELS)])
def test_a_posteriors_own_cost_is_added_as_the_distortion_is_normalised(reduction, charged):
    without = of(reduction, 0.3)
    metrics = of(reduction, 0.3, TERMS | {"penalty": jnp.full(BATCH, 8.0)})
    assert metrics["penalty"] == pytest.approx(charged)
    assert metrics["loss"] == pytest.approx(without["loss"] + charged, rel=1e-5)
    assert metrics["elbo"] == without["elbo"]


class Linear:
    """A model whose evidence is known: x = mean + W z + noise, with orthogonal columns of W.

    The posterior of z is then normal and diagonal: with precision 1 + |w|² / s² in each unit.
    """

    scale, norms = 0.5, np.array([0.8, 0.3])

    def __init__(self, *, is_true):
        """Make a VAE of it, with the true posterior as its encoder or with another."""
        spec = linear_spec(latent=2)
        self.model = start(spec, numbers_of(spec)).model
        draw = np.random.default_rng(0)
        basis = np.linalg.qr(draw.normal(size=(36, 2)))[0] * self.norms
        self.mean, self.sigma = draw.uniform(size=36), (1 + self.norms**2 / self.scale**2) ** -0.5
        self.cover = basis @ basis.T + self.scale**2 * np.eye(36)
        weights = basis * self.sigma**2 / self.scale**2
        head, stem = self.model.posterior.head.layer, self.model.decoder.stem.layer
        shift, spread = (0.0, self.sigma) if is_true else (0.4, 1.5 * self.sigma)
        head.kernel[...] = jnp.stack([jnp.asarray(weights), jnp.zeros((36, 2))], axis=-1).reshape(36, 4)
        head.bias[...] = jnp.stack(
            [jnp.asarray(shift - self.mean @ weights), jnp.log(jnp.expm1(spread - 1e-6))], axis=-1
        ).reshape(4)
        stem.kernel[...], stem.bias[...] = jnp.asarray(basis.T), jnp.asarray(self.mean)
        self.model.likelihood = linear_pixels
        self.gap = dist.kl_divergence(dist.Normal(shift, spread), dist.Normal(0, self.sigma)).sum()

    def log_evidence(self, x):
        normal = dist.MultivariateNormal(jnp.asarray(self.mean), jnp.asarray(self.cover))
        return normal.log_prob(x.reshape(len(x), -1))


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class LinearGaussianPixels(GaussianPixels):
    def mean(self):
        return self.outputs


def linear_pixels(outputs):
    return LinearGaussianPixels(outputs, math.log(Linear.scale))


BATCH_OF_X = jax.random.uniform(jax.random.key(0), (6, 6, 6, 1))


def bound(model, k, *, in_closed_form):
    """The ELBO of each image, averaged over k samples."""
    inference = model.infer(BATCH_OF_X, None, Noise(jax.random.key(1), 6), k)
    if not in_closed_form:
        inference = inference._replace(rates=None)
    terms = elbo_terms(model, Batch(BATCH_OF_X, None, jnp.arange(6)), inference)
    assert terms["rates"].shape == ((6, 2) if in_closed_form else (6, 1))
    return -(terms["distortion"] + terms["rates"].sum(-1))


@pytest.mark.slow
def test_at_the_true_posterior_every_single_sample_gives_the_log_likelihood():
    """Where q(z|x) = p(z|x), log p(x, z) - log q(z|x) is log p(x) for any z."""
    linear = Linear(is_true=True)
    np.testing.assert_allclose(bound(linear.model, 1, in_closed_form=False), linear.log_evidence(BATCH_OF_X), rtol=1e-4)


@pytest.mark.slow
def test_the_kl_in_closed_form_gives_the_log_likelihood_too():
    linear = Linear(is_true=True)
    found = bound(linear.model, 20_000, in_closed_form=True)
    np.testing.assert_allclose(found, linear.log_evidence(BATCH_OF_X), atol=0.05)


@pytest.mark.slow
@pytest.mark.parametrize("in_closed_form", [True, False])
def test_for_other_posteriors_the_gap_is_the_kl_to_the_true_posterior(in_closed_form):
    linear = Linear(is_true=False)
    found = bound(linear.model, 20_000, in_closed_form=in_closed_form)
    assert linear.gap > 0.5
    np.testing.assert_allclose(linear.log_evidence(BATCH_OF_X) - found, linear.gap, atol=0.06)
