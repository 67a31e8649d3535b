"""The autoencoder as a whole: shapes, starting weights, and a bound that holds."""

import dataclasses
import math

import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
import pytest
from flax import nnx

from vae_jax.config import ModelConfig
from vae_jax.errors import UserError
from vae_jax.models.initialisers import INITIALISERS
from vae_jax.models.vae import VAE, decode, encode, fit_loss, parameter_count, to_unit

SHAPE = (5, 4, 1)
MODEL = ModelConfig(hidden=(7, 6), latent_dim=3)


def test_encoder_and_decoder_mirror_each_other():
    vae = VAE(MODEL, SHAPE, jax.random.key(0))
    shapes = sorted(leaf.shape for leaf in jax.tree.leaves(nnx.state(vae, nnx.Param)) if leaf.ndim == 2)
    assert shapes == sorted([(20, 7), (7, 6), (6, 6), (3, 6), (6, 7), (7, 20)])


def test_the_decoder_can_have_hidden_layers_of_its_own():
    model = dataclasses.replace(MODEL, decoder_hidden=(9,))
    vae = VAE(model, SHAPE, jax.random.key(0))
    shapes = sorted(leaf.shape for leaf in jax.tree.leaves(nnx.state(vae, nnx.Param)) if leaf.ndim == 2)
    assert shapes == sorted([(20, 7), (7, 6), (6, 6), (3, 9), (9, 20)])


def test_images_go_to_latents_and_back():
    vae = VAE(MODEL, SHAPE, jax.random.key(0))
    x = jax.random.uniform(jax.random.key(1), (2, *SHAPE))
    q = encode(vae, MODEL, x)
    assert q.mu.shape == q.sigma.shape == (2, 3)
    images = decode(vae, q.mu)
    assert images.shape == x.shape
    assert float(images.min()) > 0
    assert float(images.max()) < 1


def test_pixels_are_value_over_levels():
    stored = jnp.full((1, 1, 1, 1), 255, jnp.uint8)
    assert float(to_unit(stored, 255)[0, 0, 0, 0]) == 1
    assert float(to_unit(stored, 256)[0, 0, 0, 0]) == 255 / 256


def test_the_posts_weights_and_biases_fill_one_over_root_of_fan_in_plus_one():
    for draw, shape in zip(INITIALISERS["blog"], ((3, 1000), (3000,)), strict=True):
        drawn = draw(jax.random.key(0), shape, 3)
        assert 0.495 < float(jnp.abs(drawn).max()) <= 0.5
        assert float(drawn.std()) == pytest.approx(0.5 / math.sqrt(3), rel=0.05)


def test_lecun_weights_have_variance_one_over_fan_in_and_no_bias():
    kernel, bias = INITIALISERS["lecun"]
    assert float(kernel(jax.random.key(0), (100, 500), 100).std()) == pytest.approx(0.1, rel=0.05)
    assert not bias(jax.random.key(0), (5,), 100).any()


def test_every_layer_of_a_model_starts_so():
    model = dataclasses.replace(MODEL, hidden=(150,), latent_dim=100)
    params = nnx.to_pure_dict(nnx.state(VAE(model, SHAPE, jax.random.key(0)), nnx.Param))
    layers = [part["layers"]["layers"][k] for part in (params["encoder"], params["decoder"]) for k in (0, 2)]
    for layer in layers:
        fan_in = len(layer["kernel"])
        assert float(layer["kernel"].std()) == pytest.approx(fan_in**-0.5, rel=0.05)
        assert not layer["bias"].any()


@pytest.mark.parametrize("init", sorted(INITIALISERS))
@pytest.mark.parametrize("hidden", [(), (7,), (7, 6)])
@pytest.mark.parametrize("size", [1, 2, 5])
def test_a_masked_model_starts_as_a_model_of_the_masked_units_alone(init, hidden, size):
    large = dataclasses.replace(MODEL, latent_dim=5, init=init, hidden=hidden)
    alone = VAE(dataclasses.replace(large, latent_dim=size), SHAPE, jax.random.key(0))
    masked = VAE(large, SHAPE, jax.random.key(0), jnp.arange(5) < size)
    pairs = zip(jax.tree.leaves(nnx.state(alone)), jax.tree.leaves(nnx.state(masked)), strict=True)
    for small, padded in pairs:
        np.testing.assert_array_equal(small, padded[tuple(slice(n) for n in small.shape)])


def test_parameters_are_counted_without_making_them():
    vae = VAE(MODEL, SHAPE, jax.random.key(0))
    made = sum(leaf.size for leaf in jax.tree.leaves(nnx.state(vae, nnx.Param)))
    assert parameter_count(MODEL, SHAPE) == made
    learned = dataclasses.replace(MODEL, likelihood="gaussian_learned")
    assert parameter_count(learned, SHAPE) == made + 1


@pytest.mark.parametrize("likelihood", ["gaussian", "gaussian_learned"])
def test_the_fit_is_that_of_the_likelihood_of_the_configs_scale_where_it_is_learned_at_the_start(likelihood):
    model = dataclasses.replace(MODEL, likelihood=likelihood, likelihood_sigma=0.3)
    vae = VAE(model, SHAPE, jax.random.key(0))
    x, z = jax.random.uniform(jax.random.key(1), (2, *SHAPE)), jnp.ones((2, 3))
    constant = math.prod(SHAPE) * 0.5 * math.log(2 * math.pi)
    log_density = dist.Normal(decode(vae, z), 0.3).log_prob(x).sum(axis=(1, 2, 3))
    np.testing.assert_allclose(fit_loss(vae, model, x, z) + constant, -log_density, rtol=1e-5)


def test_the_elbo_is_below_the_log_likelihood_and_meets_it_at_the_true_posterior():
    """One latent unit: log p(x) by integration on a grid, and the true posterior there."""
    model = dataclasses.replace(MODEL, latent_dim=1, likelihood="gaussian", likelihood_sigma=0.3)
    vae = VAE(model, SHAPE, jax.random.key(0))
    x = jax.random.uniform(jax.random.key(1), (1, *SHAPE))
    z = jnp.linspace(-8, 8, 4001)[:, None]
    constant = math.prod(SHAPE) * 0.5 * math.log(2 * math.pi)
    log_joint = -fit_loss(vae, model, jnp.repeat(x, len(z), 0), z) - constant + dist.Normal(0, 1).log_prob(z[:, 0])
    width = z[1, 0] - z[0, 0]
    evidence = jax.nn.logsumexp(log_joint) + jnp.log(width)

    q = encode(vae, model, x)
    density = jnp.exp(dist.Normal(q.mu[0, 0], q.sigma[0, 0]).log_prob(z[:, 0]))
    fit = jnp.sum(density * width * fit_loss(vae, model, jnp.repeat(x, len(z), 0), z)) + constant
    bound = -(fit + q.kl().sum())
    assert float(bound) < float(evidence)

    posterior = jax.nn.softmax(log_joint)
    log_posterior = jax.nn.log_softmax(log_joint) - jnp.log(width)
    exact = jnp.sum(posterior * (log_joint - log_posterior))
    np.testing.assert_allclose(exact, evidence, rtol=1e-4)


@pytest.mark.parametrize("field", ["encoder", "decoder", "posterior", "likelihood", "init", "activation"])
def test_an_unknown_part_is_named(field):
    model = dataclasses.replace(MODEL, **{field: "nothing"})
    with pytest.raises(UserError, match=f"config.model.{field}: found 'nothing'"):
        VAE(model, SHAPE, jax.random.key(0))
