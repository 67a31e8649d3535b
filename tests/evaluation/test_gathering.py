"""The arrays of a member's figures: consistent with each other, and determined by the seed."""

import dataclasses

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_runs import small_config, small_dataset, small_spec

from vae_jax.data.dataset import Split
from vae_jax.evaluation.encoding import decode_latents
from vae_jax.evaluation.gathering import GRID_SIDE, SHEET, STEPS, class_sheets, gather_member_arrays, pick_pairs
from vae_jax.training.hyperparameters import hyperparameters_of
from vae_jax.training.sharding import Layout
from vae_jax.training.steps import init_state

DATASET = small_dataset()
LABELS = st.lists(st.integers(0, 4), min_size=1, max_size=30).map(lambda labels: np.array(labels, np.int32))


def weights_of(spec):
    """The starting weights of a member without masked units."""
    numbers = hyperparameters_of([small_config(model={"latent_dim": spec.latent_dim})], steps_per_epoch=5)
    return jax.tree.map(lambda leaf: leaf[0], init_state(spec, Layout(), numbers).weights)


SPEC = small_spec()


@pytest.fixture(scope="module")
def weights():
    return weights_of(SPEC)


def gathered(weights, dataset=DATASET, spec=SPEC, seed=0):
    return gather_member_arrays(spec, weights, dataset, seed=seed, title="a member")


@pytest.fixture(scope="module")
def member_arrays(weights):
    return gathered(weights)


def test_each_image_is_decoded_from_the_point_at_the_same_index(weights, member_arrays):
    for points, images in (
        (member_arrays.mu, member_arrays.reconstructions),
        (member_arrays.plane_points, member_arrays.plane_images),
        (member_arrays.path_points, member_arrays.path_images),
    ):
        np.testing.assert_array_equal(decode_latents(SPEC, weights, points), images)
    assert member_arrays.plane_images.shape[:2] == (GRID_SIDE, GRID_SIDE)


def test_morphs_go_from_one_image_of_the_first_class_to_one_of_the_second(member_arrays):
    starts, ends = member_arrays.morph_starts, member_arrays.morph_ends
    assert set(DATASET.test.labels[starts]) == {0}
    assert set(DATASET.test.labels[ends]) == {1}
    assert member_arrays.morph_images.shape[:2] == (len(starts), STEPS)
    np.testing.assert_array_equal(member_arrays.morph_images[:, 0], member_arrays.reconstructions[starts])
    np.testing.assert_array_equal(member_arrays.morph_images[:, -1], member_arrays.reconstructions[ends])


def test_the_path_is_the_first_morph(member_arrays):
    np.testing.assert_array_equal(member_arrays.path_points[0], member_arrays.mu[member_arrays.morph_starts[0]])
    np.testing.assert_array_equal(member_arrays.path_points[-1], member_arrays.mu[member_arrays.morph_ends[0]])
    np.testing.assert_array_equal(member_arrays.path_images, member_arrays.morph_images[0])


def test_the_same_seed_gives_the_same_arrays_and_another_seed_other_samples(weights, member_arrays):
    again, other = gathered(weights), gathered(weights, seed=1)
    for field in dataclasses.fields(member_arrays):
        pairs = zip(*(jax.tree.leaves(getattr(each, field.name)) for each in (again, member_arrays)), strict=True)
        for ours, theirs in pairs:
            np.testing.assert_array_equal(ours, theirs, err_msg=field.name)
    assert (other.samples != member_arrays.samples).any()
    np.testing.assert_array_equal(other.reconstructions, member_arrays.reconstructions)


def test_losses_are_in_the_runs_own_normalisation(weights):
    """The post's mean squared error per pixel, and the nats of a Gaussian of variance 1/2."""
    nats = small_spec(model={"likelihood": "mse"})
    blog = small_spec(model={"likelihood": "mse"}, objective={"reduction": "blog"})
    ours, theirs = gathered(weights_of(nats), spec=nats), gathered(weights_of(blog), spec=blog)
    assert (ours.loss_unit, theirs.loss_unit) == ("nats per image", "mse loss per pixel")
    np.testing.assert_allclose(ours.losses, 36 * (theirs.losses + 0.5 * np.log(np.pi)), rtol=1e-5)
    squared = ((DATASET.test.images / 255 - theirs.reconstructions / 255) ** 2).mean(axis=(1, 2, 3))
    np.testing.assert_allclose(theirs.losses, squared, atol=0.004)  # reconstructions are whole grey levels


@pytest.mark.slow
@pytest.mark.parametrize("latent", [1, 3])
@pytest.mark.parametrize("tests", [1, 2])
def test_few_test_images_and_any_latent_size_can_be_gathered(latent, tests):
    spec = small_spec(model={"latent_dim": latent})
    few = Split(DATASET.test.images[:tests], DATASET.test.labels[:tests])
    member_arrays = gathered(weights_of(spec), dataclasses.replace(DATASET, test=few), spec)
    assert member_arrays.plane_points.shape == (GRID_SIDE, GRID_SIDE, latent)
    assert member_arrays.plane.axes.shape == (2, latent)
    assert len(member_arrays.morph_images) == 1


@given(LABELS, st.integers(1, 8))
def test_pairs_are_all_different_and_join_two_classes_where_there_are_two(labels, pairs):
    starts, ends = pick_pairs(labels, pairs, np.random.default_rng(0))
    found = list(zip(starts.tolist(), ends.tolist(), strict=True))
    assert 1 <= len(found) == len(set(found)) <= pairs
    if len(np.unique(labels)) > 1:
        assert (labels[starts] != labels[ends]).all()
    elif len(labels) > 1:
        assert (starts != ends).all()


@given(LABELS, st.integers(0, 5))
def test_pairs_are_as_many_as_asked_for_where_every_class_has_as_many_images(labels, seed):
    labels = np.tile(labels, 16)
    assert len(pick_pairs(labels, 8, np.random.default_rng(seed))[0]) == 8


@pytest.mark.parametrize("classes", [2, 3])
def test_with_two_or_three_classes_all_pairs_go_from_the_first_to_the_second(classes):
    labels = (np.arange(30) % classes).astype(np.int32)
    starts, ends = pick_pairs(labels, 6, np.random.default_rng(0))
    assert set(labels[starts]) == {0}
    assert set(labels[ends]) == {1}


def test_with_many_classes_neighbours_take_turns():
    labels = np.repeat(np.arange(10, dtype=np.int32), 3)
    starts, ends = pick_pairs(labels, 6, np.random.default_rng(0))
    assert labels[starts].tolist() == [0, 2, 4, 6, 8, 0]
    assert labels[ends].tolist() == [1, 3, 5, 7, 9, 1]


def test_sheets_have_different_images_of_their_class_and_white_for_missing_ones():
    images = np.arange(50, dtype=np.uint8)[:, None, None, None] * np.ones((1, 2, 2, 1), np.uint8)
    labels = np.array([0] * 47 + [2] * 3, np.int32)
    sheets = class_sheets(Split(images, labels), np.arange(3, dtype=np.int32), np.random.default_rng(0))
    shown = sheets[:, :, 0, 0, 0]
    assert sheets.shape == (3, SHEET, 2, 2, 1)
    assert len(set(shown[0])) == SHEET
    assert set(shown[0]) <= set(range(47))
    assert set(shown[1]) == {255}
    assert sorted(shown[2][:3]) == [47, 48, 49]
    assert set(shown[2][3:]) == {255}
