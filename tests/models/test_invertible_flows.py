"""Flows whose inverse is known, as posteriors and as priors: densities, inverses, masked units."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from moved_cells import EPS, mass
from numpyro.distributions.flows import InverseAutoregressiveTransform
from slow_cases import slow_after
from small_models import KEY, small_build, training_noise

from vae_jax.core.units import Units
from vae_jax.models.autoregressive import AutoregressiveFlow
from vae_jax.models.coupling import CouplingFlow
from vae_jax.models.flows import FlowDistribution, taken_apart
from vae_jax.models.normals import DiagonalGaussian
from vae_jax.models.posteriors.iaf import GatedFlow

SIZE, COUNT, CONTEXT = 5, 3, 2
KINDS = {"coupling": (CouplingFlow, 6), "autoregressive": (AutoregressiveFlow, 3), "iaf": (GatedFlow, 3)}
TOLD = jax.random.normal(jax.random.key(4), (3, CONTEXT))


def flow_of(kind, size, count, layers=2):
    """A flow that moves points far."""
    flow, width = KINDS[kind]
    made = flow(layers, width, CONTEXT, small_build(size, count), KEY)
    for layer in made.blocks if kind == "iaf" else made.layers:
        kernel = layer.head.layer.kernel if kind == "coupling" else layer.kernel
        kernel[...] = 4 * kernel[...]
    return made


def distribution(kind, size, count, batch=3):
    base = DiagonalGaussian(jnp.full((batch, size), 0.3), jnp.full((batch, size), 0.8), Units(size, count))
    return FlowDistribution(base, TOLD[:batch], *taken_apart(flow_of(kind, size, count)))


@pytest.fixture(scope="module", params=slow_after(1, KINDS))
def case(request):
    """Of one kind of flow: samples with all units and with masked ones, inverses, Jacobians."""
    kind = request.param

    @jax.jit
    def all_of():
        noise, found = training_noise(3), {}
        for name, size, count in (("alone", COUNT, COUNT), ("padded", SIZE, COUNT)):
            q = distribution(kind, size, jnp.int32(count))
            z, log_q = q.sample(noise, 2)
            found[name] = z, log_q, q.log_prob(z)
        q = distribution(kind, COUNT, COUNT)
        start = q.base.sample(noise, 2)[0]
        z, log_det = q.flow(start, TOLD, q.base.units)
        back, log_back = q.flow.inverse(z, TOLD, q.base.units)
        slopes = jax.jacfwd(lambda z: q.flow(z[None], TOLD[:1], q.base.units)[0][0])
        found["moved"] = start, z, log_det, back, log_back, jax.vmap(slopes)(start[:, 0]), log_det[:, 0]
        found["every"] = q.log_prob(z[:, :, None])
        return found

    return kind, all_of()


@pytest.mark.slow
def test_the_inverse_leads_back(case):
    _, found = case
    start, z, log_det, back, log_back, *_ = found["moved"]
    assert np.abs(z - start).max() > 0.1, "the flow does something"
    np.testing.assert_allclose(back, start, atol=1e-4)
    np.testing.assert_allclose(log_back, -log_det, atol=1e-4)


@pytest.mark.slow
def test_the_log_determinant_is_that_of_the_jacobian(case):
    *_, slopes, log_det = case[1]["moved"]
    np.testing.assert_allclose(log_det, np.linalg.slogdet(np.asarray(slopes, np.float64))[1], atol=1e-4)
    assert np.ptp(log_det) > 1e-3


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_the_density_integrates_to_one(kind):
    @jax.jit
    def on_grid():
        q = distribution(kind, 2, 2, batch=1)
        base = q.base.mu + q.base.sigma * EPS
        z, log_det = q.flow(base, TOLD[:1], q.base.units)
        return z, q.base.log_prob(base) - log_det

    np.testing.assert_allclose(mass(*on_grid()), 1, rtol=1e-2)


def test_the_density_of_a_sample_is_that_of_the_point(case):
    _, log_q, log_prob = case[1]["alone"]
    np.testing.assert_allclose(log_q, log_prob, rtol=1e-4, atol=1e-4)


def test_a_point_has_a_density_under_every_distribution_of_the_batch(case):
    """Here `[k, example, distribution]`: an example's own is on the diagonal."""
    every, own = case[1]["every"], case[1]["alone"][2]
    assert every.shape == (2, 3, 3)
    np.testing.assert_allclose(np.diagonal(every, axis1=1, axis2=2), own, rtol=1e-4, atol=1e-4)
    assert np.ptp(every, axis=-1).min() > 1e-3, "the context counts"


def test_masked_units_change_nothing(case):
    for alone, padded in zip(case[1]["alone"], case[1]["padded"], strict=True):
        cut = padded if alone.shape == padded.shape else padded[..., :COUNT]
        np.testing.assert_allclose(cut, alone, rtol=1e-5, atol=1e-5)
    assert not case[1]["padded"][0][..., COUNT:].any()


def test_an_autoregressive_layer_is_that_of_a_library():
    """What NumPyro calls inverse autoregressive has the density's direction here, with the scale's sign changed."""

    @jax.jit
    def both(z):
        flow = flow_of("autoregressive", SIZE, SIZE, layers=1)

        def network(z):
            shift, log_scale = flow.layers[0](z, TOLD)
            log_scale = 3 * jnp.tanh(log_scale / 3)
            return -shift * jnp.exp(-log_scale), -log_scale

        theirs = InverseAutoregressiveTransform(network, log_scale_min_clip=-10.0, log_scale_max_clip=10.0)
        moved = theirs(z)
        return flow.inverse(z, TOLD, Units(SIZE, SIZE)), (moved, theirs.log_abs_det_jacobian(z, moved))

    for ours, theirs in zip(*both(jax.random.normal(KEY, (3, SIZE))), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)
