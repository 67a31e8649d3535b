"""Encoding and decoding many images: nothing sampled, nothing lost, whatever the batch."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from hypothesis import given, settings
from hypothesis import strategies as st
from made_models import linear_params, linear_program
from small_runs import small_dataset, small_spec

from vae_jax.evaluation.coding import decode_latents, encode_images
from vae_jax.models.vae import VAE, decode, encode, to_unit

IMAGES = small_dataset().test.images
PROGRAM = small_spec()


@pytest.fixture(scope="module")
def vae():
    return VAE(PROGRAM.model, PROGRAM.image_shape, jax.random.key(1))


@pytest.fixture(scope="module")
def params(vae):
    return nnx.state(vae, nnx.Param)


def test_codes_are_what_the_model_says(vae, params):
    codes = encode_images(PROGRAM, params, IMAGES)
    q = encode(vae, PROGRAM.model, to_unit(jnp.asarray(IMAGES), 255))
    np.testing.assert_allclose(codes.mu, q.mu, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(codes.sigma, q.sigma, rtol=1e-5)
    shown = np.asarray(decode(vae, q.mu)) * 255
    np.testing.assert_allclose(codes.reconstructions, shown, atol=0.501)


def test_fit_and_reconstruction_are_those_at_the_mean():
    """mu = (0.7, 0.7) and a decoder output of 1 + 0.5 (z1 + z2): every pixel is sigmoid(1.7), whatever sigma."""
    program = linear_program(latent=2, sigma=0.5)
    codes = encode_images(program, linear_params(program, mu=0.7, sigma=0.3, slope=0.5, output=1.0), IMAGES)
    pixel = 1 / (1 + math.exp(-1.7))
    np.testing.assert_array_equal(codes.reconstructions, round(255 * pixel))
    cost = 0.5 * ((IMAGES / 255 - pixel) / 0.5) ** 2 + math.log(0.5)
    np.testing.assert_allclose(codes.fit, cost.sum(axis=(1, 2, 3)), rtol=1e-5)
    np.testing.assert_allclose(codes.mu, np.full((10, 2), 0.7), rtol=1e-6)
    np.testing.assert_allclose(codes.sigma, np.full((10, 2), 0.3), rtol=1e-5)


@pytest.mark.parametrize("batch", [1, 3, 10, 64])
def test_the_batch_size_changes_nothing(params, batch):
    ours, theirs = encode_images(PROGRAM, params, IMAGES, batch), encode_images(PROGRAM, params, IMAGES, 5)
    for name in ("mu", "sigma", "fit"):
        np.testing.assert_allclose(getattr(ours, name), getattr(theirs, name), rtol=1e-5, atol=1e-6, err_msg=name)
    np.testing.assert_allclose(ours.reconstructions.astype(int), theirs.reconstructions, atol=1)


def test_reconstructions_are_decoded_from_the_means(params):
    codes = encode_images(PROGRAM, params, IMAGES)
    np.testing.assert_array_equal(decode_latents(PROGRAM, params, codes.mu), codes.reconstructions)


@settings(max_examples=15)
@given(st.lists(st.integers(1, 4), max_size=3), st.integers(0, 100))
def test_latents_of_any_leading_shape_are_decoded_each_in_its_place(params, shape, seed):
    z = np.random.default_rng(seed).normal(size=(*shape, 2)).astype(np.float32)
    images = decode_latents(PROGRAM, params, z, batch=7)
    assert images.shape == (*shape, 6, 6, 1)
    at = tuple(n - 1 for n in shape)
    np.testing.assert_array_equal(images[at], decode_latents(PROGRAM, params, z[at][None], batch=7)[0])


@pytest.mark.parametrize("levels", [255, 256])
def test_white_stays_white_and_black_black(levels):
    program = linear_program(levels=levels)
    for output, pixel in ((100.0, 255), (-100.0, 0)):
        params = linear_params(program, output=output)
        np.testing.assert_array_equal(decode_latents(program, params, np.zeros((1, 1), np.float32)), pixel)
