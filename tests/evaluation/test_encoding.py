"""Encoding and decoding many images: nothing is sampled, and the batch size changes nothing."""

import math

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_models import linear_spec, linear_weights, numbers_of
from small_runs import small_dataset, small_spec

from vae_jax.evaluation.encoding import (
    condition_of,
    conditions_between,
    decode_latents,
    encode_images,
    even_condition,
    image_losses,
    sample_prior,
)
from vae_jax.training.examples import to_unit
from vae_jax.training.member import Weights, model_of, split, start

TEST = small_dataset().test
IMAGES = TEST.images
SPEC = small_spec()
TOLD = small_spec(data={"condition": "labels"})


def drawn(spec):
    params, variables = split(start(spec, numbers_of(spec, seed=1)))
    return Weights(params["model"], variables["model"])


@pytest.fixture(scope="module")
def weights():
    return drawn(SPEC)


@pytest.mark.slow
def test_codes_are_what_the_model_says(weights):
    codes = encode_images(SPEC, weights, IMAGES)
    model, x = model_of(SPEC, weights), to_unit(jnp.asarray(IMAGES), 255)
    q = model.posterior_of(x, None)
    np.testing.assert_allclose(codes.mu, q.mu, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(codes.sigma, q.sigma, rtol=1e-5)
    pixels = model.decode(q.mu, None)
    np.testing.assert_allclose(codes.reconstructions, pixels.mean() * 255, atol=0.501)
    np.testing.assert_allclose(codes.distortion, -pixels.log_prob(x), rtol=1e-5)


def test_distortion_and_reconstruction_are_those_at_the_mean():
    """mu = (0.7, 0.7) and a decoder output of 1 + 0.5 (z1 + z2): every pixel is sigmoid(1.7), for any sigma."""
    spec = linear_spec(latent=2)
    codes = encode_images(spec, linear_weights(spec, mu=0.7, sigma=0.3, slope=0.5, output=1.0, scale=0.5), IMAGES)
    pixel = 1 / (1 + math.exp(-1.7))
    np.testing.assert_array_equal(codes.reconstructions, round(255 * pixel))
    cost = 0.5 * ((IMAGES / 255 - pixel) / 0.5) ** 2 + math.log(0.5) + 0.5 * math.log(2 * math.pi)
    np.testing.assert_allclose(codes.distortion, cost.sum(axis=(1, 2, 3)), rtol=1e-5)
    np.testing.assert_allclose(codes.mu, np.full((10, 2), 0.7), rtol=1e-6)
    np.testing.assert_allclose(codes.sigma, np.full((10, 2), 0.3), rtol=1e-5)


@pytest.mark.parametrize("batch", [1, 3, 10, 64])
def test_the_batch_size_changes_nothing(weights, batch):
    ours, theirs = encode_images(SPEC, weights, IMAGES, batch=batch), encode_images(SPEC, weights, IMAGES, batch=5)
    for name in ("mu", "sigma", "distortion"):
        np.testing.assert_allclose(getattr(ours, name), getattr(theirs, name), rtol=1e-5, atol=1e-6, err_msg=name)
    np.testing.assert_allclose(ours.reconstructions.astype(int), theirs.reconstructions, atol=1)


def test_reconstructions_are_decoded_from_the_means(weights):
    codes = encode_images(SPEC, weights, IMAGES)
    np.testing.assert_array_equal(decode_latents(SPEC, weights, codes.mu), codes.reconstructions)


@settings(max_examples=15)
@given(st.lists(st.integers(1, 4), max_size=3), st.integers(0, 100))
def test_latents_of_any_leading_shape_are_decoded_in_order(weights, shape, seed):
    z = np.random.default_rng(seed).normal(size=(*shape, 2)).astype(np.float32)
    images = decode_latents(SPEC, weights, z, batch=7)
    assert images.shape == (*shape, 6, 6, 1)
    at = tuple(n - 1 for n in shape)
    np.testing.assert_array_equal(images[at], decode_latents(SPEC, weights, z[at][None], batch=7)[0])


@pytest.mark.parametrize("levels", [255, 256])
def test_white_stays_white_and_black_black(levels):
    spec = linear_spec(levels=levels)
    for output, pixel in ((100.0, 255), (-100.0, 0)):
        weights = linear_weights(spec, output=output)
        np.testing.assert_array_equal(decode_latents(spec, weights, np.zeros((1, 1), np.float32)), pixel)


@pytest.mark.parametrize("reduction", ["nats", "blog"])
def test_losses_of_images_are_normalised_as_recon_is(reduction):
    spec = linear_spec(reduction=reduction)
    codes = encode_images(spec, linear_weights(spec, output=1.0, scale=0.5), IMAGES)
    losses, unit = image_losses(spec, codes)
    if reduction == "nats":
        np.testing.assert_array_equal(losses, codes.distortion)
        assert unit == "nats per image"
    else:
        pixel = 1 / (1 + math.exp(-1))
        cost = 0.5 * ((IMAGES / 255 - pixel) / 0.5) ** 2 + math.log(0.5)
        np.testing.assert_allclose(losses, cost.mean(axis=(1, 2, 3)), rtol=1e-4)
        assert unit == "gaussian loss per pixel"


def test_prior_samples_are_determined_by_the_seed(weights):
    one, again, other = (sample_prior(SPEC, weights, 4000, seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, again)
    assert (one != other).all()
    np.testing.assert_allclose(np.cov(one.T), np.eye(2), atol=0.1)


def test_a_conditional_model_gets_the_class_of_each_image():
    weights, told = drawn(TOLD), condition_of(TOLD, TEST.labels)
    np.testing.assert_array_equal(told, np.eye(2)[TEST.labels])
    ours, other = (encode_images(TOLD, weights, IMAGES, each, batch=3) for each in (told, told[:, ::-1]))
    assert (ours.mu != other.mu).all()
    assert ours.mu[3] == pytest.approx(encode_images(TOLD, weights, IMAGES[3:4], told[3:4]).mu[0], rel=1e-5)
    decoded = decode_latents(TOLD, weights, ours.mu, told, batch=4)
    np.testing.assert_allclose(decoded.astype(int), ours.reconstructions, atol=1)


def test_conditions_between_classes_are_interpolated():
    start, end = condition_of(TOLD, np.array([0, 1])), condition_of(TOLD, np.array([1, 1]))
    way = conditions_between(start, end, 3)
    np.testing.assert_allclose(way[0], [[1, 0], [0.5, 0.5], [0, 1]])
    np.testing.assert_allclose(way[1], [[0, 1]] * 3)
    np.testing.assert_array_equal(even_condition(TOLD, (2, 3)), np.full((2, 3, 2), 0.5))


def test_an_unconditional_model_has_no_conditions():
    assert condition_of(SPEC, TEST.labels) is None
    assert even_condition(SPEC, (2,)) is None
