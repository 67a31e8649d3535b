"""Importance-weighted bounds on a model with a known likelihood and an inexact posterior."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from linear_gaussian import bounds, exact_elbo, log_likelihood, objective, standard_error
from small_models import small_build, small_objective

from vae_jax.core.errors import UserError
from vae_jax.objectives import iwae


def test_the_bound_rises_with_k_to_the_exact_log_likelihood():
    found = [bounds("iwae", k, 8000 // k)[0] for k in (1, 8, 400)]
    means = [float(values.mean()) for values in found]
    assert means == sorted(means)
    assert means[1] - means[0] > 5 * standard_error(found[0])
    assert means[2] == pytest.approx(log_likelihood(), abs=0.05)


def test_with_one_sample_it_is_the_elbo():
    values = bounds("iwae", 1, 8000)[0]
    assert float(values.mean()) == pytest.approx(exact_elbo(), abs=4 * float(standard_error(values)))


@pytest.mark.slow
@pytest.mark.parametrize("beta_kl", [1.0, 0.3])
def test_dreg_has_the_same_bound_and_decoders_gradient_and_on_average_the_encoders(beta_kl):
    plain, dreg = (bounds(name, 4, 20_000, beta_kl) for name in ("iwae", "iwae_dreg"))
    np.testing.assert_allclose(dreg[0], plain[0], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(dreg[1], plain[1], rtol=1e-3, atol=1e-4)
    difference = dreg[2] - plain[2]
    assert np.any(np.asarray(difference) != 0)
    assert np.all(np.abs(difference.mean(axis=0)) < 4 * standard_error(difference))


@pytest.mark.slow
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
