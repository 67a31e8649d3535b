"""log(1 + exp(x)) and its slope."""

import jax
import jax.numpy as jnp
import numpy as np

from vae_jax.models.softplus import softplus

X = np.array([-1e30, -200, -30, -3, -1e-6, 0, 1e-6, 3, 30, 200, 1e30])


def test_it_agrees_with_numpy_at_any_size():
    np.testing.assert_allclose(softplus(jnp.asarray(X)), np.logaddexp(X, 0), rtol=1e-6, atol=1e-38)


def test_its_slopes_are_the_sigmoid_and_the_sigmoids():
    x = jnp.linspace(-20, 20, 81)
    slope = jax.vmap(jax.grad(softplus))(x)
    np.testing.assert_allclose(slope, jax.nn.sigmoid(x), rtol=1e-6)
    np.testing.assert_allclose(jax.vmap(jax.grad(jax.grad(softplus)))(x), slope * (1 - slope), rtol=1e-4, atol=1e-7)
    assert jax.grad(softplus)(jnp.float32(0)) == 0.5
    assert jax.grad(softplus)(jnp.float32(-1e30)) == 0
    assert jax.grad(softplus)(jnp.float32(1e30)) == 1


def test_what_is_not_a_number_stays_so():
    assert np.isnan(softplus(jnp.float32(np.nan)))
