"""Planar flows: their density, their inverse, and masked units."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from moved_cells import EPS, mass
from small_models import KEY, small_build, training_noise

from vae_jax.core.units import Units
from vae_jax.models.contracts import HasCentre, HasKL, HasLogProb
from vae_jax.models.posteriors.planar import Planar, PlanarDistribution

SIZE, LAYERS = 4, 3
FEATURES = jax.random.normal(KEY, (3, 5))


def planar(size, strength=15.0):
    """A flow with its starting weights multiplied by `strength`."""
    posterior = Planar(Planar.Settings(layers=LAYERS), small_build(size), KEY)
    posterior.planes.layer.kernel[...] = strength * posterior.planes.layer.kernel[...]
    return posterior


@pytest.fixture(scope="module")
def case():
    @jax.jit
    def of_all():
        q = planar(SIZE)(FEATURES, Units(SIZE, SIZE))
        base, log_base = q.base.sample(training_noise(3), 2)
        slopes = jnp.einsum("kbukbv->kbuv", jax.jacfwd(lambda z: q.moved(z)[0])(base))
        return q, base, log_base, slopes, *q.sample(training_noise(3), 2)

    return of_all()


def test_the_log_density_is_that_of_the_base_less_the_log_jacobian(case):
    _, _, log_base, slopes, _, log_q = case
    log_det = np.linalg.slogdet(np.asarray(slopes, np.float64))[1]
    assert np.ptp(log_det) > 0.1, "the flow does something"
    np.testing.assert_allclose(log_q, log_base - log_det, rtol=1e-4, atol=1e-4)


def test_the_inverse_leads_back(case):
    q, base, log_base, _, z, log_q = case
    back, log_det = jax.jit(lambda z: q.led_back(z))(z)
    np.testing.assert_allclose(back, base, atol=2e-3)
    np.testing.assert_allclose(log_det, log_q - log_base, atol=2e-3)
    np.testing.assert_allclose(jax.jit(lambda z: q.log_prob(z))(z), log_q, atol=2e-3)


def test_the_slope_of_the_density_is_that_of_the_base_led_through_the_jacobian():
    """The inverse is found by bisection, whose slope is that of the implicit function."""

    @jax.jit
    def both():
        q = planar(SIZE, 5.0)(FEATURES[:1], Units(SIZE, SIZE))
        start = 0.5 * jax.random.normal(KEY, (1, SIZE))

        def density(base):
            return jnp.sum(q.base.log_prob(base) - q.moved(base)[1])

        z, _ = q.moved(start)
        slopes = jax.jacfwd(lambda base: q.moved(base[None])[0][0])(start[0])
        return jax.grad(lambda z: jnp.sum(q.log_prob(z)))(z)[0] @ slopes, jax.grad(density)(start)[0]

    np.testing.assert_allclose(*both(), rtol=1e-3, atol=1e-3)


def test_a_point_has_a_density_under_every_distribution_of_the_batch(case):
    q, *_, z, log_q = case
    every = jax.jit(lambda z: q.log_prob(z[:, :, None]))(z)
    assert every.shape == (2, 3, 3)
    np.testing.assert_allclose(np.diagonal(every, axis1=1, axis2=2), log_q, atol=2e-3)


@pytest.mark.slow
def test_the_density_integrates_to_one():
    @jax.jit
    def on_grid():
        q = planar(2)(FEATURES[:1], Units(2, 2))
        base = q.base.mu + q.base.sigma * EPS
        z, log_det = q.moved(base)
        return z, q.base.log_prob(base) - log_det

    np.testing.assert_allclose(mass(*on_grid()), 1, rtol=2e-2)


def test_a_layer_whose_planes_have_no_direction_moves_nothing_and_one_with_a_small_direction_little(case):
    q, base, *_ = case
    for strength in (0.0, 1e-4):
        still = PlanarDistribution(q.base, strength * q.u, strength * q.w, q.b)
        moved, log_det = still.moved(base)
        np.testing.assert_allclose(moved, base, atol=1e-2)
        np.testing.assert_allclose(log_det, 0, atol=1e-6)


@pytest.mark.slow
def test_masked_units_change_nothing():
    @jax.jit
    def both():
        alone = planar(2)(FEATURES, Units(2, 2))
        padded = planar(SIZE)(FEATURES, Units(SIZE, 2))
        return [(*q.sample(training_noise(3), 2), q.centre()) for q in (alone, padded)]

    (z, log_q, centre), (longer, log_longer, longer_centre) = both()
    np.testing.assert_allclose(longer[..., :2], z, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(log_longer, log_q, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(longer_centre[..., :2], centre, rtol=1e-5, atol=1e-6)
    assert not longer[..., 2:].any()


def test_it_has_a_density_at_every_point_and_no_closed_kl(case):
    assert isinstance(case[0], HasCentre)
    assert isinstance(case[0], HasLogProb)
    assert not isinstance(case[0], HasKL)


@pytest.mark.slow
def test_the_gradient_reaches_every_weight():
    def cost(state):
        z, log_q = nnx.merge(graph, state)(FEATURES, Units(SIZE, SIZE)).sample(training_noise(3), 1)
        return jnp.mean(log_q + jnp.sum(z**2, axis=-1))

    graph, state = nnx.split(planar(SIZE, 1.0))
    for path, slope in jax.tree_util.tree_leaves_with_path(jax.jit(jax.grad(cost))(state)):
        assert np.any(slope != 0), jax.tree_util.keystr(path)
