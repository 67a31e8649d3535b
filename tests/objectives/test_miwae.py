"""MIWAE, PIWAE and CIWAE against IWAE and the ELBO, in every single draw."""

import jax.numpy as jnp
import numpy as np
import pytest
from linear_gaussian import bounds, log_likelihood, objective, standard_error

from vae_jax.core.errors import UserError

K, DRAWS = 6, 100


def of(name, **settings):
    return bounds(name, K, DRAWS, **settings)


def same(found, expected, scale=1.0):
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=2e-5 * scale)


def test_miwae_is_iwae_with_one_group():
    same(of("miwae", groups=1), of("iwae"))


@pytest.mark.slow
def test_miwae_is_on_average_the_elbo_with_groups_of_one_sample():
    single = of("miwae", groups=K)
    for found, closed in zip(single, of("elbo"), strict=True):
        assert np.all(np.abs((found - closed).mean(axis=0)) <= 4 * standard_error(found - closed))
    assert (single[0] < of("miwae", groups=3)[0]).all()


def test_miwae_rises_with_the_samples_of_a_group_and_lies_below_the_log_likelihood():
    few, many = of("miwae", groups=3)[0], bounds("miwae", 20 * K, DRAWS, groups=3)[0]
    assert few.mean() + 5 * standard_error(few) < many.mean() < log_likelihood()
    assert (few < of("iwae")[0]).all()


@pytest.mark.parametrize("groups", [4, 12])
def test_groups_that_do_not_divide_the_samples_are_refused(groups):
    with pytest.raises(UserError, match=rf"objectives\.miwae\.groups: found {groups}, which does not divide the 6 of"):
        objective("miwae", 6, groups=groups)


# Of an x that is far away, whole groups weigh nothing: their weights differ by more than 32 bits hold.
@pytest.mark.parametrize(("beta_kl", "far"), [(1.0, 1.0), (0.3, 1.0), (1.0, 60.0)])
def test_piwaes_decoder_learns_from_iwae_and_its_encoder_from_miwae(beta_kl, far):
    piwae, miwae = (of(name, beta_kl=beta_kl, far=far, groups=3) for name in ("piwae", "miwae"))
    iwae = of("iwae", beta_kl=beta_kl, far=far)
    same(piwae, (iwae[0], iwae[1], miwae[2]), scale=far**2)
    assert np.abs(piwae[2] - iwae[2]).max() > 0.1


@pytest.mark.slow
def test_in_piwae_a_sample_counts_by_its_share_of_all_weights_and_by_its_share_of_its_groups():
    weights = jnp.array([[1.0], [3.0], [1e-30], [3e-30]])
    shares, ratio = objective("piwae", 4, groups=2).shares(jnp.log(weights))
    np.testing.assert_allclose(shares[:, 0], [1 / 4, 3 / 4, 0, 0], rtol=1e-5, atol=1e-19)
    np.testing.assert_allclose((shares * ratio)[:, 0], [1 / 8, 3 / 8, 1 / 8, 3 / 8], rtol=1e-5)


def test_piwae_reports_both_bounds_and_its_loss_is_minus_iwae():
    means = {"bound": jnp.float32(-3), "encoder_bound": jnp.float32(-4)}
    means |= {"distortion": jnp.float32(5), "rates": jnp.array([1.0, 0.5])}
    loss, metrics = objective("piwae", 4).loss(means, jnp.int32(0))
    assert (float(loss), float(metrics["loss"]), float(metrics["bound"])) == (3, 3, -3)
    assert (float(metrics["encoder_bound"]), float(metrics["elbo"])) == (-4, -6.5)


@pytest.mark.parametrize("beta_kl", [1.0, 0.3])
def test_ciwae_is_iwae_at_0_the_elbo_at_1_and_between_them_their_mean(beta_kl):
    iwae, elbo = of("iwae", beta_kl=beta_kl), of("elbo", beta_kl=beta_kl)
    for strength in (0.0, 0.25, 1.0):
        mean = [strength * one + (1 - strength) * other for one, other in zip(elbo, iwae, strict=True)]
        same(of("ciwae", beta_kl=beta_kl, strength=strength), mean)
