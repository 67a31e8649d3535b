"""Convolutions against XLA's own, and the parts that are made of them."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from small_models import KEY, small_build

from vae_jax.core.errors import UserError
from vae_jax.models.convolution import Convolution
from vae_jax.models.decoders.conv import ConvDecoder
from vae_jax.models.encoders.conv import ConvEncoder


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize(("kernel", "shape"), [(2, (5, 7, 3)), (3, (6, 5, 1)), (4, (7, 4, 2)), (5, (1, 3, 1))])
def test_it_is_xlas_convolution_with_the_same_weights(kernel, stride, shape):
    x = jax.random.normal(KEY, (2, *shape))

    @jax.jit
    def both():
        layer = Convolution(shape[2], 4, kernel, stride, small_build(), KEY)
        weights = layer.layer.kernel[...].reshape(kernel, kernel, shape[2], 4)
        theirs = jax.lax.conv_general_dilated(
            x, weights, (stride, stride), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")
        )
        return layer(x), theirs

    ours, theirs = both()
    assert ours.shape == (2, -(-shape[0] // stride), -(-shape[1] // stride), 4)
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("shape", [(8, 8, 1), (7, 9, 3), (5, 6, 2)])
@pytest.mark.parametrize("outputs", [1, 2])
def test_images_of_any_size_and_channels_are_encoded_and_decoded(shape, outputs):
    def sizes():
        build = small_build(shape=shape, condition=2)
        encoder = ConvEncoder(ConvEncoder.Settings(widths=(3, 4)), build, KEY)
        build = dataclasses.replace(build, outputs=outputs)
        decoder = ConvDecoder(ConvDecoder.Settings(widths=(4, 3)), build, KEY)
        told = jnp.ones((2, 2))
        features = encoder(jnp.ones((2, *shape)), told)
        assert features.shape == (2, encoder.features)
        return decoder(jnp.ones((2, 3)), told)

    assert jax.eval_shape(sizes).shape == (2, *shape[:2], shape[2] * outputs)


def test_the_condition_reaches_the_encoder_and_the_decoder():
    @jax.jit
    @jax.jacfwd
    def slopes(told):
        build = small_build(condition=2)
        encoder = ConvEncoder(ConvEncoder.Settings(widths=(3,)), build, KEY)
        decoder = ConvDecoder(ConvDecoder.Settings(widths=(3,)), build, KEY)
        return encoder(jnp.ones((1, 4, 4, 1)), told[None]), decoder(jnp.ones((1, 3)), told[None])

    assert all(np.any(slope != 0) for slope in slopes(jnp.array([1.0, 0.0])))


def test_masked_units_change_no_image():
    @jax.jit
    def both():
        few, many = (ConvDecoder(ConvDecoder.Settings(widths=(3, 2)), small_build(size, 2), KEY) for size in (2, 4))
        z = jnp.array([[1.0, -1.0]])
        return few(z, None), many(jnp.pad(z, ((0, 0), (0, 2))), None)

    alone, padded = both()
    np.testing.assert_allclose(alone, padded, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("part", "field"), [(ConvEncoder, "encoders"), (ConvDecoder, "decoders")])
@pytest.mark.parametrize("layers", [0, 4])
def test_more_halvings_than_a_picture_has_or_none_are_refused(part, field, layers):
    build = small_build(shape=(6, 9, 1))
    with pytest.raises(UserError, match=rf"{field}\.conv\.widths: found {layers} layers for 6x9 .*needs 1 to 3"):
        part(part.Settings(widths=(2,) * layers), build, KEY)
    jax.eval_shape(lambda: nnx.split(part(part.Settings(widths=(2,) * 3), build, KEY))[1])
