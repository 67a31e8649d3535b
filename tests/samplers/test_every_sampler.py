"""What every registered sampler promises, the stranger's of `tests/extensions` among them."""

import dataclasses

import numpy as np
import pytest
import strangers

from vae_jax.core.registry import registry_of

CLASSES = 3


@pytest.fixture(scope="module", params=[name for name in strangers.names_of("sampler") if name != "prior"])
def case(request):
    """A sampler, fitted to three far clusters of two classes; the third class has no codes."""
    with strangers.registered():
        sampler = registry_of("sampler")[request.param]()
        draw = np.random.default_rng(0)
        centres = np.array([[8.0, 0, 0], [0, 8, 0], [0, 0, 8]])
        cluster = np.arange(600) % 3
        codes = (centres[cluster] + 0.5 * draw.standard_normal((600, 3))).astype(np.float32)
        labels = (cluster == 2).astype(np.int32)
        yield sampler, codes, labels, sampler.fit(codes, labels, CLASSES, 0)


def test_what_is_fitted_is_arrays(case):
    assert all(isinstance(value, np.ndarray) and value.dtype != object for value in case[3].values())


def test_draws_have_the_moments_of_the_codes(case):
    sampler, codes, _, fitted = case
    drawn = sampler.sample(fitted, 6000, None, 1)
    assert drawn.shape == (6000, 3)
    assert drawn.dtype == np.float32
    np.testing.assert_allclose(drawn.mean(axis=0), codes.mean(axis=0), atol=0.3)
    np.testing.assert_allclose(np.cov(drawn.T), np.cov(codes.T), rtol=0.15, atol=0.5)


def test_draws_are_near_codes(case):
    sampler, codes, _, fitted = case
    drawn = sampler.sample(fitted, 500, None, 1)
    nearest = np.linalg.norm(drawn[:, None] - codes, axis=-1).min(axis=1)
    assert np.quantile(nearest, 0.95) < 2.5, "a normal fitted to all would draw between the clusters"


def test_draws_of_a_class_are_near_codes_of_the_class(case):
    sampler, codes, labels, fitted = case
    asked = (np.arange(300) % 2).astype(np.int32)
    drawn = sampler.sample(fitted, 300, asked, 2)
    nearest = labels[np.linalg.norm(drawn[:, None] - codes, axis=-1).argmin(axis=1)]
    assert np.mean(nearest == asked) > 0.98


def test_a_seed_decides_the_draws(case):
    sampler, _, _, fitted = case
    np.testing.assert_array_equal(sampler.sample(fitted, 5, None, 3), sampler.sample(fitted, 5, None, 3))
    assert (sampler.sample(fitted, 5, None, 3) != sampler.sample(fitted, 5, None, 4)).any()


@pytest.mark.parametrize("shape", [(1, 2), (2, 3), (5, 40), (300, 1)])
def test_few_codes_equal_codes_and_any_number_of_units_will_do(case, shape):
    sampler = case[0]
    for codes in (np.random.default_rng(1).standard_normal(shape).astype(np.float32), np.ones(shape, np.float32)):
        fitted = sampler.fit(codes, np.zeros(len(codes), np.int32), 1, 0)
        for labels in (None, np.zeros(7, np.int32)):
            drawn = sampler.sample(fitted, 7, labels, 0)
            assert drawn.shape == (7, shape[1])
            assert np.isfinite(drawn).all()
            np.testing.assert_allclose(drawn.mean(axis=0), codes.mean(axis=0), atol=5)


def test_its_settings_are_fields_of_a_frozen_dataclass(case):
    assert dataclasses.is_dataclass(case[0])
    with pytest.raises(dataclasses.FrozenInstanceError):
        case[0].fit = None
