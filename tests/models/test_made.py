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
    module = made(SIZE)
    for which in (0, 1):
        slopes = jax.jacfwd(lambda z: module(z[None], TOLD[:1])[which][0])(Z[0])  # noqa: B023
        assert not np.triu(slopes).any()
        assert np.all(np.tril(slopes, -1)[np.tril_indices(SIZE, -1)] != 0)


def test_both_numbers_depend_on_the_context():
    slopes = jax.jacfwd(lambda told: jnp.stack(made(SIZE)(Z[:1], told[None])))(TOLD[0])
    assert np.all(slopes != 0)


def test_units_behind_change_nothing():
    for ours, theirs in zip(made(3)(Z[:, :3], TOLD), made(SIZE)(Z, TOLD), strict=True):
        np.testing.assert_allclose(ours, theirs[:, :3], rtol=1e-6, atol=1e-7)


def test_samples_of_an_image_share_its_context():
    module, samples = made(SIZE), jnp.stack([Z, 2 * Z, 3 * Z])
    together = jnp.stack(module(samples, TOLD))
    alone = jnp.stack([jnp.stack(module(z, TOLD)) for z in samples], axis=1)
    np.testing.assert_allclose(together, alone, rtol=1e-5, atol=1e-6)


def test_it_starts_close_to_nothing_so_that_a_flow_starts_close_to_its_gate():
    outputs = jnp.stack(made(SIZE)(Z, TOLD))
    assert 0 < float(jnp.abs(outputs).max()) < 0.5
