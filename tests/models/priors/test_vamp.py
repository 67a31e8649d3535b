"""VampPrior: a mixture of the posteriors of its pseudo-inputs."""

import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
import pytest
from flax import nnx
from small_models import small_model, training_noise

from vae_jax.core.errors import UserError
from vae_jax.core.units import Units
from vae_jax.models.normals import DiagonalGaussian
from vae_jax.models.priors.vamp import MixtureOfNormals

VAMP = {"model": {"prior": "vamp"}, "parts": {"priors": {"vamp": {"components": 4}}}}
MU = jnp.array([[-2.0, 1.0], [3.0, 0.0], [0.5, -1.0]])
SIGMA = jnp.array([[0.5, 1.0], [0.2, 2.0], [1.0, 0.3]])
Z = jax.random.normal(jax.random.key(1), (2, 5, 2))


def mixture(mu=MU, sigma=SIGMA, count=2):
    return MixtureOfNormals(DiagonalGaussian(mu, sigma, Units(mu.shape[1], count)))


def test_its_density_is_that_of_a_mixture_of_normals():
    theirs = dist.MixtureSameFamily(
        dist.Categorical(probs=jnp.ones(3) / 3), dist.Independent(dist.Normal(MU, SIGMA), 1)
    )
    np.testing.assert_allclose(mixture().log_prob(Z), theirs.log_prob(Z), rtol=1e-5)


def test_its_samples_have_the_moments_of_the_mixture_and_their_density():
    z, log_p = mixture().sample(training_noise(20_000), 1)
    mean = MU.mean(0)
    np.testing.assert_allclose(z[0].mean(0), mean, atol=0.05)
    np.testing.assert_allclose(z[0].var(0), (SIGMA**2 + MU**2).mean(0) - mean**2, rtol=0.03)
    np.testing.assert_allclose(log_p, mixture().log_prob(z), rtol=1e-6)


def test_masked_units_change_nothing():
    padded = mixture(
        jnp.pad(MU, ((0, 0), (0, 2)), constant_values=9.0), jnp.pad(SIGMA, ((0, 0), (0, 2)), constant_values=9.0)
    )
    z, log_p = padded.sample(training_noise(6), 2)
    alone, log_alone = mixture().sample(training_noise(6), 2)
    np.testing.assert_allclose(z[..., :2], alone, rtol=1e-6)
    np.testing.assert_allclose(log_p, log_alone, rtol=1e-5)
    assert not z[..., 2:].any()


@pytest.mark.parametrize("condition", [0, 2])
def test_its_components_are_the_posteriors_of_pictures_that_are_learned(condition):
    model = small_model(condition=condition, **VAMP)
    p = model.prior(model, None)
    pictures = jax.nn.sigmoid(model.prior.pseudo_inputs[...])
    told = jax.nn.softmax(model.prior.told[...]) if condition else None
    q = model.posterior_of(pictures, told)
    np.testing.assert_allclose(p.components.mu, q.mu, rtol=1e-6)
    assert p.components.mu.shape == (4, 3)
    assert float(pictures.min()) > 0
    assert float(pictures.max()) < 1


def test_the_gradient_of_its_density_reaches_the_pseudo_inputs_and_the_encoder():
    graph, params, others = nnx.split(small_model(**VAMP), nnx.Param, ...)

    @jax.jit
    @jax.grad
    def slopes(params):
        model = nnx.merge(graph, params, others)
        return jnp.sum(model.prior(model, None).log_prob(jnp.ones((2, 3))))

    found = slopes(params)
    assert np.any(found["prior"]["pseudo_inputs"][...] != 0)
    assert np.any(found["encoder"]["layers"]["layers"][0]["kernel"][...] != 0)


@pytest.mark.parametrize("posterior", ["iaf", "fsq", "vq"])
def test_a_posterior_that_is_not_a_diagonal_normal_is_refused(posterior):
    def prior():
        model = small_model(model={"prior": "vamp", "posterior": posterior})
        return model.prior(model, None)

    with pytest.raises(UserError, match=r"'vamp', which needs config\.model\.posterior=diagonal_gaussian"):
        jax.eval_shape(prior)
