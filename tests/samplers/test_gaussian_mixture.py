"""The mixture of normals that is fitted to codes."""

import numpy as np
import pytest

from vae_jax.core.errors import UserError
from vae_jax.samplers.gaussian_mixture import GaussianMixture


def fitted(codes, labels=None, classes=1, **settings):
    labels = np.zeros(len(codes), np.int32) if labels is None else labels
    return GaussianMixture(**settings).fit(codes.astype(np.float32), labels, classes, 0)


def test_one_component_is_the_normal_of_the_codes():
    mix = np.array([[2.0, 0, 0], [1, 0.5, 0], [0, -1, 0.1]])
    codes = np.random.default_rng(0).standard_normal((2000, 3)) @ mix.T + 5
    drawn = GaussianMixture().sample(fitted(codes, clusters=1), 50_000, None, 0)
    np.testing.assert_allclose(drawn.mean(axis=0), codes.mean(axis=0), atol=0.03)
    np.testing.assert_allclose(np.cov(drawn.T), np.cov(codes.T), rtol=0.05, atol=0.02)


def test_there_are_as_many_components_as_the_codes_can_tell():
    codes = np.random.default_rng(0).standard_normal((100, 10))
    assert len(fitted(codes)["weights"]) == 10, "ten codes for each unit"
    assert len(fitted(codes, clusters=3)["weights"]) == 3
    assert len(fitted(codes[:5])["weights"]) == 1
    assert len(fitted(np.repeat(codes[:2, :1], 50, axis=0))["weights"]) == 2, "as many as there are different codes"


def test_the_scale_of_a_unit_changes_nothing():
    codes = np.random.default_rng(0).standard_normal((300, 2)) ** 3
    scales = np.array([1e-3, 1e3])
    small, large = (GaussianMixture().sample(fitted(each), 50, None, 0) for each in (codes, codes * scales))
    np.testing.assert_allclose(large / scales, small, rtol=1e-3, atol=1e-3)


def test_codes_on_the_unit_sphere_give_latents_on_it():
    codes = np.random.default_rng(0).standard_normal((300, 3))
    codes /= np.linalg.norm(codes, axis=1, keepdims=True)
    drawn = GaussianMixture().sample(fitted(codes), 100, None, 0)
    np.testing.assert_allclose(np.linalg.norm(drawn, axis=1), 1, rtol=1e-5)


def test_a_class_without_codes_is_refused():
    found = fitted(np.random.default_rng(0).standard_normal((50, 2)), classes=3)
    with pytest.raises(UserError, match=r"^labels: found 2, a class without training images"):
        GaussianMixture().sample(found, 3, np.array([0, 2, 0], np.int32), 0)


@pytest.mark.parametrize("count", [1, 1000])
def test_every_draw_of_a_class_comes_from_a_component_of_the_class(count):
    codes = np.concatenate([np.full((50, 1), -4.0), np.full((50, 1), 4.0)]) + np.random.default_rng(0).normal(
        size=(100, 1)
    )
    labels = np.repeat([0, 1], 50).astype(np.int32)
    found = fitted(codes, labels, 2, clusters=2)
    for label, sign in ((0, -1), (1, 1)):
        drawn = GaussianMixture().sample(found, count, np.full(count, label, np.int32), 0)
        assert np.mean(np.sign(drawn) == sign) > 0.99
