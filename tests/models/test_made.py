"""MADE: what each unit sees."""

import jax
import jax.numpy as jnp
import numpy as np
from small_models import KEY, small_build

from vae_jax.models.made import MADE

SIZE, WIDTH, CONTEXT = 5, 4, 3
Z, TOLD = jax.random.normal(KEY, (2, SIZE)), jax.random.normal(jax.random.key(1), (2, CONTEXT))


def made(size):
    return MADE(WIDTH, CONTEXT, small_build(size), KEY)


def test_each_unit_depends_on_the_units_before_it_and_on_no_other():
    for slopes in jax.jit(jax.jacfwd(lambda z: jnp.stack(made(SIZE)(z[None], TOLD[:1]))[:, 0]))(Z[0]):
        assert not np.triu(slopes).any()
        assert np.all(np.tril(slopes, -1)[np.tril_indices(SIZE, -1)] != 0)


def test_both_numbers_depend_on_the_context():
    slopes = jax.jit(jax.jacfwd(lambda told: jnp.stack(made(SIZE)(Z[:1], told[None]))))(TOLD[0])
    assert np.all(slopes != 0)


def test_later_units_change_nothing():
    alone, padded = jax.jit(lambda: (made(3)(Z[:, :3], TOLD), made(SIZE)(Z, TOLD)))()
    for ours, theirs in zip(alone, padded, strict=True):
        np.testing.assert_allclose(ours, theirs[:, :3], rtol=1e-6, atol=1e-7)


def test_samples_of_an_image_share_its_context():

    @jax.jit
    def both():
        module, samples = made(SIZE), jnp.stack([Z, 2 * Z, 3 * Z])
        return jnp.stack(module(samples, TOLD)), jnp.stack([jnp.stack(module(z, TOLD)) for z in samples], axis=1)

    together, alone = both()
    np.testing.assert_allclose(together, alone, rtol=1e-5, atol=1e-6)


def test_outputs_are_small_at_the_start():
    outputs = jax.jit(lambda: jnp.stack(made(SIZE)(Z, TOLD)))()
    assert 0 < float(jnp.abs(outputs).max()) < 0.5
