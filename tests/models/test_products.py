"""Products of bfloat16 numbers: what is rounded, and that nothing else is."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from small_runs import small_config, small_dataset

from vae_jax.models.products import product, products_of, rounded_product
from vae_jax.training.examples import train_data
from vae_jax.training.hyperparameters import hyperparameters_of
from vae_jax.training.sharding import Layout
from vae_jax.training.spec import spec_of
from vae_jax.training.steps import init_state, train_block

DATA = small_dataset()
DENSE = (((2,), (0,)), ((), ()))


def rounded(x):
    return np.asarray(jnp.asarray(x).astype(jnp.bfloat16).astype(jnp.float32), np.float64)


def test_the_product_and_its_gradients_round_their_factors_and_sum_in_float32():
    draw = np.random.default_rng(0)
    x, kernel, slope = (jnp.asarray(draw.normal(size=s), jnp.float32) for s in ((3, 4, 500), (500, 6), (3, 4, 6)))
    y, pull = jax.vjp(rounded_product, x, kernel)
    of_x, of_kernel = pull(slope)
    x, kernel, slope = map(rounded, (x, kernel, slope))
    exact = x @ kernel, slope @ kernel.T, np.einsum("abi,abo->io", x, slope)
    for found, expected in zip((y, of_x, of_kernel), exact, strict=True):
        assert found.dtype == jnp.float32
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-4)  # a bfloat16 sum would be off by 1e-1


def test_products_are_of_float32_but_where_bfloat16_is_asked_for():
    x, kernel = jnp.full((1, 1, 3), 1.001), jnp.ones((3, 1))
    found = [float(product(x, kernel, DENSE)[0, 0, 0])]
    with products_of("bfloat16"):
        found.append(float(product(x, kernel, DENSE)[0, 0, 0]))
    found.append(float(product(x, kernel, DENSE)[0, 0, 0]))
    assert found == pytest.approx([3.003, 3, 3.003], abs=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize(("dtype", "rounds"), [("float32", False), ("bfloat16", True)])
@pytest.mark.parametrize("part", ["mlp", "conv"])
def test_in_training_every_layer_multiplies_what_the_config_says_and_the_state_is_float32(dtype, rounds, part):
    config = small_config(train={"dtype": dtype}, model={"encoder": part, "decoder": part})
    spec, numbers = spec_of([config], DATA), hyperparameters_of([config], 5)
    assert spec.settings.train.dtype == dtype
    state = jax.eval_shape(partial(init_state, spec, Layout()), numbers)
    text = str(jax.make_jaxpr(partial(train_block, spec, Layout(), 2))(train_data(DATA), numbers, state))
    products = [line.split("dot_general")[0] for line in text.splitlines() if " dot_general[" in line]
    assert len(products) >= 9
    assert all(":f32[" in line for line in products)  # what they give
    sums = text.count("precision=(Precision.HIGHEST")  # over pixels, never rounded
    assert text.count("preferred_element_type=float32") == (len(products) if rounds else sums)
    assert ("bf16[" in text) == rounds
    assert not any("bf16" in str(leaf.dtype) for leaf in jax.tree.leaves(state))
