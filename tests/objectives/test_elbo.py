"""What is minimised, in nats and in the post's normalisation."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from vae_jax.objectives import Normalisation, Terms, elbo, metric_lines, standard_beta_kl

PIXELS, BATCH, CONSTANT = 784, 32, 0.5
# Two latent units: one carries 0.75 to 3.75 nats, the other 0.25 to 1.25.
RATES = jnp.linspace(1, 5, BATCH)[:, None] * jnp.array([0.75, 0.25])
TERMS = Terms(fit=jnp.linspace(10, 90, BATCH), rates=RATES)
NONE = jnp.zeros(2)


def of(reduction, beta_kl, free_bits=NONE):
    how = Normalisation(reduction, BATCH, PIXELS, CONSTANT)
    return {name: float(value) for name, value in elbo(TERMS, jnp.asarray(beta_kl), free_bits, how)._asdict().items()}


def test_in_nats_recon_is_the_distortion_and_kl_the_rate():
    metrics = of("nats", 2.0)
    assert metrics["recon"] == pytest.approx(50 + PIXELS * CONSTANT)
    assert metrics["kl"] == pytest.approx(3)
    assert (metrics["distortion"], metrics["rate"]) == (metrics["recon"], metrics["kl"])


def test_the_post_averages_recon_over_pixels_and_sums_kl_over_the_batch():
    metrics = of("blog", 1e-4)
    assert metrics["recon"] == pytest.approx(50 / PIXELS)
    assert metrics["kl"] == pytest.approx(float(np.sum(TERMS.rates)))


@pytest.mark.parametrize("reduction", ["nats", "blog"])
def test_loss_is_recon_and_weighted_kl_and_elbo_is_in_nats(reduction):
    metrics = of(reduction, 0.3)
    assert metrics["loss"] == pytest.approx(metrics["recon"] + 0.3 * metrics["kl"])
    assert metrics["elbo"] == pytest.approx(-(50 + PIXELS * CONSTANT + 3))


def test_the_standard_beta_kl_has_the_same_gradient_up_to_scale():
    """SEED: the post's 1e-4 at batch 32 and 784 pixels weighs like about 2.5."""
    blog = Normalisation("blog", BATCH, PIXELS, CONSTANT)
    assert standard_beta_kl(1e-4, blog) == pytest.approx(2.5088)
    slope = jax.grad(lambda terms: elbo(terms, jnp.asarray(1e-4), NONE, blog).loss)(TERMS)
    nats = blog._replace(reduction="nats")
    standard = jax.grad(lambda terms: elbo(terms, jnp.asarray(2.5088), NONE, nats).loss)(TERMS)
    np.testing.assert_allclose(slope.rates / slope.fit[:, None], standard.rates / standard.fit[:, None], rtol=1e-5)


def test_a_unit_below_its_free_bits_is_charged_them_and_the_rate_stays_what_it_is():
    metrics = of("nats", 2.0, jnp.array([1.0, 1.0]))
    assert metrics["kl"] == pytest.approx(2.25 + 1.0)
    assert metrics["rate"] == pytest.approx(3)
    assert metrics["loss"] == pytest.approx(metrics["recon"] + 2 * 3.25)


def test_a_unit_below_its_free_bits_is_not_pushed_down_any_more():
    how = Normalisation("nats", BATCH, PIXELS, CONSTANT)
    slope = jax.grad(lambda terms: elbo(terms, jnp.asarray(2.0), jnp.array([1.0, 1.0]), how).loss)(TERMS).rates
    np.testing.assert_allclose(slope, np.tile([2 / BATCH, 0], (BATCH, 1)), rtol=1e-6)


def test_metric_lines_are_plain_numbers_a_member():
    how = Normalisation("nats", BATCH, PIXELS, CONSTANT)
    metrics = jax.vmap(lambda beta: elbo(TERMS, beta, NONE, how))(jnp.array([1.0, 0.1]))
    lines = metric_lines(metrics)
    assert [line["beta_kl"] for line in lines] == [1.0, 0.1], "not 0.10000000149011612"
    assert [np.float32(line["loss"]) for line in lines] == metrics.loss.tolist()
    assert all(type(value) is float for line in lines for value in line.values())
