"""The VAE as a whole: shapes, starting weights, and a bound that holds."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
import pytest
from flax import nnx
from made_models import build
from slow_cases import slow_after

from vae_jax.core.errors import UserError
from vae_jax.core.noise import Noise
from vae_jax.models.build import build_model
from vae_jax.models.initialisers import INITIALISERS
from vae_jax.models.vae import VAE

SHAPE = (5, 4, 1)
KEY, NOISE = jax.random.key(0), Noise(jax.random.key(2), 2)
X = jax.random.uniform(jax.random.key(1), (2, *SHAPE))


def vae(count=None, **model):
    fields = {"hidden": (7, 6), "latent_dim": 3} | model
    return VAE(None, build(SHAPE, count, **fields), KEY)


def kernels(model):
    return sorted(leaf.shape for leaf in jax.tree.leaves(nnx.state(model, nnx.Param)) if leaf.ndim == 2)


def test_encoder_and_decoder_mirror_each_other():
    assert kernels(vae()) == sorted([(20, 7), (7, 6), (6, 6), (3, 6), (6, 7), (7, 20)])


def test_the_decoder_can_have_hidden_layers_of_its_own():
    assert kernels(vae(decoder_hidden=(9,))) == sorted([(20, 7), (7, 6), (6, 6), (3, 9), (9, 20)])


def test_images_go_to_latents_and_back():
    model = vae()
    codes = model.codes(X, None)
    assert codes.point.shape == codes.scale.shape == (2, 3)
    for z in (codes.point, jnp.stack([codes.point] * 4)):
        images = model.decode(z, None).mean()
        assert images.shape == (*z.shape[:-1], *SHAPE)
        assert float(images.min()) > 0
        assert float(images.max()) < 1


def test_infer_returns_samples_their_densities_and_the_kl_of_each_unit():
    model = vae()
    found = model.infer(X, None, NOISE, 5)
    q, codes = found.q, model.codes(X, None)
    np.testing.assert_array_equal(q.mu, codes.point)
    np.testing.assert_array_equal(q.sigma, codes.scale)
    assert found.z.shape == (5, 2, 3)
    np.testing.assert_allclose(found.log_q, dist.Normal(q.mu, q.sigma).log_prob(found.z).sum(-1), rtol=1e-5)
    np.testing.assert_allclose(found.log_p, dist.Normal(0, 1).log_prob(found.z).sum(-1), rtol=1e-5)
    rates = dist.kl_divergence(dist.Normal(q.mu, q.sigma), dist.Normal(0, 1))
    np.testing.assert_allclose(found.rates, rates, rtol=1e-4, atol=1e-5)
    assert found.penalty is None


def test_latents_of_the_prior_are_standard_normal_in_the_members_own_units():
    drawn = np.asarray(vae(count=2).sample_prior(Noise(KEY, 20_000), None))
    np.testing.assert_allclose(np.cov(drawn[:, :2].T), np.eye(2), atol=0.03)
    assert not drawn[:, 2].any()


@pytest.mark.slow
def test_every_layer_starts_with_the_scale_of_its_fan_in():
    params = nnx.to_pure_dict(nnx.state(vae(hidden=(150,), latent_dim=100), nnx.Param))
    found = [leaf for path, leaf in jax.tree_util.tree_leaves_with_path(params) if path[-1].key == "kernel"]
    biases = [leaf for path, leaf in jax.tree_util.tree_leaves_with_path(params) if path[-1].key == "bias"]
    assert len(found) == len(biases) == 4
    for kernel in found:
        assert float(kernel.std()) == pytest.approx(len(kernel) ** -0.5, rel=0.05)
    assert not any(bias.any() for bias in biases)


@pytest.mark.parametrize("init", sorted(INITIALISERS))
@pytest.mark.parametrize("hidden", [(), (7,), (7, 6)])
@pytest.mark.parametrize("size", slow_after(1, [2, 1, 5]))
def test_a_masked_model_starts_as_a_model_of_the_masked_units_alone(init, hidden, size):
    alone = vae(init=init, hidden=hidden, latent_dim=size)
    masked = vae(init=init, hidden=hidden, latent_dim=5, count=size)
    pairs = zip(jax.tree.leaves(nnx.state(alone)), jax.tree.leaves(nnx.state(masked)), strict=True)
    for small, padded in pairs:
        np.testing.assert_array_equal(small, padded[tuple(slice(n) for n in small.shape)])


def test_another_layer_in_one_part_changes_no_other():
    one, other = (nnx.to_pure_dict(nnx.state(vae(decoder_hidden=sizes))) for sizes in ((9,), (9, 8)))
    for part in ("encoder", "posterior"):
        jax.tree.map(np.testing.assert_array_equal, one[part], other[part])
    jax.tree.map(np.testing.assert_array_equal, one["decoder"]["stem"], other["decoder"]["stem"])


@pytest.mark.parametrize("likelihood", ["gaussian", "gaussian_learned"])
def test_the_likelihood_starts_with_the_configs_sigma(likelihood):
    pixels = vae(likelihood=likelihood, likelihood_sigma=0.3).decode(jnp.ones((2, 3)), None)
    log_density = dist.Normal(pixels.mean(), 0.3).log_prob(X).sum(axis=(1, 2, 3))
    np.testing.assert_allclose(pixels.log_prob(X), log_density, rtol=1e-5)


def test_the_elbo_is_below_the_log_likelihood_and_meets_it_at_the_true_posterior():
    """One latent unit: log p(x) by integration on a grid, and the true posterior there."""
    model, x = vae(latent_dim=1, likelihood="gaussian", likelihood_sigma=0.3), X[:1]
    z = jnp.linspace(-8, 8, 4001)[:, None]
    width = z[1, 0] - z[0, 0]
    log_pixels = model.decode(z, None).log_prob(jnp.repeat(x, len(z), 0))
    log_joint = log_pixels + dist.Normal(0, 1).log_prob(z[:, 0])
    evidence = jax.nn.logsumexp(log_joint) + jnp.log(width)

    found = model.infer(x, None, Noise(KEY, 1), 1)
    bound = jnp.sum(jnp.exp(found.q.log_prob(z)) * width * log_pixels) - found.rates.sum()
    assert float(bound) < float(evidence)
    log_posterior = jax.nn.log_softmax(log_joint) - jnp.log(width)
    gap = jnp.sum(jnp.exp(found.q.log_prob(z)) * width * (found.q.log_prob(z) - log_posterior))
    assert float(bound) == pytest.approx(float(evidence - gap), rel=1e-4)

    exact = jnp.sum(jnp.exp(log_posterior) * width * (log_joint - log_posterior))
    np.testing.assert_allclose(exact, evidence, rtol=1e-4)


@pytest.mark.parametrize(
    "field", ["name", "encoder", "decoder", "posterior", "prior", "likelihood", "init", "activation"]
)
def test_an_unknown_part_is_named(field):
    with pytest.raises(UserError, match=f"config.model.{field}: found 'nothing'"):
        build_model(build(SHAPE, **{field: "nothing"}), KEY)


def test_the_number_of_units_is_kept_beside_the_parameters():
    """It is what tells an evaluated model which of its places are its own."""
    _, params, rest = nnx.split(vae(count=2), nnx.Param, ...)
    assert [int(leaf) for leaf in jax.tree.leaves(rest) if leaf.dtype == jnp.int32] == [2]
    assert math.prod(next(iter(jax.tree.leaves(params))).shape) > 1
