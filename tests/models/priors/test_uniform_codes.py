"""The uniform prior of codes: its mass and its samples."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from small_models import small_model, training_noise

from vae_jax.core.errors import UserError
from vae_jax.core.units import Units
from vae_jax.models.posteriors.fsq import ScalarCodes
from vae_jax.models.posteriors.vq import VectorCodes
from vae_jax.models.priors.uniform_codes import UniformCodes

VECTORS = VectorCodes(jax.random.normal(jax.random.key(2), (3, 2)), 2)
SCALARS = ScalarCodes(Units(3, 2), 3)


@pytest.mark.parametrize("book", [VECTORS, SCALARS], ids=["vq", "fsq"])
def test_all_code_words_have_equal_mass_and_are_drawn_equally_often(book):
    z, log_p = UniformCodes(book).sample(training_noise(3000), 1)
    words, counts = np.unique(np.round(z[0], 4), axis=0, return_counts=True)
    assert len(words) == 9
    np.testing.assert_allclose(len(words) * np.exp(log_p), 1, rtol=1e-5)
    np.testing.assert_allclose(counts / 3000, 1 / 9, atol=0.03)


def test_latents_are_the_codes_side_by_side():
    z = VECTORS.latents(jnp.array([[2, 0]]))
    np.testing.assert_array_equal(z[0], jnp.concatenate([VECTORS.vectors[2], VECTORS.vectors[0]]))


def test_a_posterior_without_codes_is_refused():
    model = small_model(model={"prior": "uniform_codes"})
    with pytest.raises(UserError, match=r"'uniform_codes', which needs config\.model\.posterior=fsq or vq"):
        model.prior(model, None)
