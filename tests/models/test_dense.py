"""Dense layers, and their gates."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from small_models import KEY, small_build

from vae_jax.models.decoders.mlp import MLPDecoder
from vae_jax.models.dense import DenseStack
from vae_jax.models.encoders.mlp import MLPEncoder


def test_each_half_of_a_gated_layer_is_a_layer_and_one_gates_the_other():
    x = jax.random.normal(KEY, (2, 4))

    @jax.jit
    def both():
        layers = DenseStack(4, (3, 2), small_build(), KEY, gated=True)
        y = x
        for layer in layers.layers:
            features, gates = jnp.split(y @ layer.kernel[...] + layer.bias[...], 2, axis=1)
            y = features / (1 + jnp.exp(-gates))
        return layers(x), y

    ours, by_hand = both()
    assert ours.shape == (2, 2)
    np.testing.assert_allclose(ours, by_hand, rtol=1e-5)


@pytest.mark.parametrize("hidden", [(), (7,), (7, 6)])
@pytest.mark.parametrize("gated", [False, True])
def test_an_encoder_and_a_decoder_have_the_layers_of_the_config(hidden, gated):
    def sizes():
        build = small_build(model={"hidden": hidden})
        encoder = MLPEncoder(MLPEncoder.Settings(gated=gated), build, KEY)
        decoder = MLPDecoder(MLPDecoder.Settings(gated=gated), build, KEY)
        features = encoder(jnp.ones((2, 4, 4, 1)), None)
        assert features.shape == (2, encoder.features)
        return features, decoder(jnp.ones((2, 3)), None), jax.tree.leaves((encoder, decoder))

    features, pixels, weights = jax.eval_shape(sizes)
    assert features.shape == (2, hidden[-1] if hidden else 16)
    assert pixels.shape == (2, 4, 4, 1)
    last = hidden[:1] or (3,)
    products = {shape for leaf in weights if len(shape := leaf.shape) == 2}
    twice = 2 if gated else 1
    inside = {(a, twice * b) for a, b in zip((16, *hidden), hidden, strict=False)}
    mirrored = {(a, twice * b) for a, b in zip((3, *hidden[::-1]), hidden[::-1], strict=False)}
    assert products == inside | mirrored | {(*last, 16)}


@pytest.mark.parametrize("gated", [False, True])
def test_masked_units_change_no_image(gated):
    @jax.jit
    def both():
        settings = MLPDecoder.Settings(gated=gated)
        masked, alone = (MLPDecoder(settings, small_build(*units), KEY) for units in ((3, 2), (2, 2)))
        z = jax.random.normal(KEY, (5, 3))
        return masked(z, None), alone(z[:, :2], None)

    np.testing.assert_allclose(*both(), rtol=1e-5)
