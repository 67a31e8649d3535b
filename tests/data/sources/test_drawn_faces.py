"""Drawn faces: always the same, in known shares and from known factors."""

from collections import Counter

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from vae_jax.config.schema import DataConfig
from vae_jax.data.dataset import content_hashes
from vae_jax.data.faces.face_painter import Factors, paint
from vae_jax.data.sources.drawn_faces import (
    CLASSES,
    SHARES,
    TEMPLATE,
    class_counts,
    draw_factors,
    draw_species,
    known_factors,
    landmarks,
    load,
)

CONFIG = DataConfig(name="drawn_faces", drawn=320, image_size=24)


@pytest.fixture(scope="module")
def faces():
    return load(CONFIG)


@pytest.fixture(scope="module")
def known():
    return known_factors(CONFIG)


@pytest.mark.slow
def test_as_many_faces_are_drawn_as_asked_for_in_the_size_asked_for(faces):
    assert len(faces.train) + len(faces.test) == 320
    assert faces.image_shape == (24, 24, 1)
    assert faces.class_names == CLASSES == ("people", "dogs", "between")
    assert faces.source == "faces drawn by vae_jax itself, no photographs"


@pytest.mark.slow
def test_the_same_config_gives_the_same_faces(faces):
    assert load(CONFIG).fingerprint == faces.fingerprint


def test_no_two_faces_are_alike(faces):
    hashes = content_hashes(np.concatenate([faces.train.images, faces.test.images]))
    assert len(set(hashes)) == 320


def test_the_faces_are_painted_from_the_known_factors(faces, known):
    labels, factors = known
    expected = zip(content_hashes(np.asarray(paint(factors, 24))), labels.tolist(), strict=True)
    found = Counter()
    for split in (faces.train, faces.test):
        found.update(zip(content_hashes(split.images), split.labels.tolist(), strict=True))
    assert found == Counter(expected)


def test_ten_thousand_faces_are_drawn_by_default():
    labels, factors = jax.eval_shape(lambda: known_factors(DataConfig()))
    assert {len(array) for array in (labels, *factors)} == {10_000}


@given(st.integers(20, 1_000_000))
def test_the_shares_of_the_classes_are_kept_for_any_number(total):
    counts = class_counts(total)
    assert sum(counts) == total
    for count, share in zip(counts, SHARES, strict=True):
        assert abs(count - share * total) <= 1


def test_people_are_people_and_dogs_are_dogs(known):
    labels, factors = known
    species = np.asarray(factors.species)
    assert species[labels == 0].max() <= 0.12
    assert species[labels == 1].min() >= 0.88
    between = species[labels == 2]
    assert between.min() >= 0.12
    assert between.max() <= 0.88
    assert np.ptp(between) > 0.4


def test_factors_are_within_their_ranges(known):
    _, factors = known
    values = {name: np.asarray(value) for name, value in factors._asdict().items()}
    for name, value in values.items():
        assert np.isfinite(value).all(), name
        assert np.ptp(value) > 0, name
    for tone in ("background", "skin", "fur", "hair", "clothes"):
        assert 0 <= values[tone].min() < values[tone].max() <= 1, tone
    for share in ("species", "hair_length", "beard", "spectacles", "droop", "patches"):
        assert 0 <= values[share].min() < values[share].max() <= 1, share
    for bounded in ("yaw", "gaze", "light_x", "light_y"):
        assert np.abs(values[bounded]).max() <= 1, bounded
    for length in ("scale", "width", "eye_size", "shag"):
        assert values[length].min() > 0, length
    assert np.abs(values["x"]).max() < 0.2
    assert np.abs(values["roll"]).max() < 0.3


def test_factors_are_independent(known):
    """Correlations of independent factors stay within a few standard deviations of 0; species shows in spectacles."""
    _, factors = known
    names = [name for name in Factors._fields if name not in ("texture", "spectacles")]
    columns = [np.asarray(getattr(factors, name)) for name in names] + list(np.asarray(factors.texture).T)
    correlations = np.corrcoef(columns) - np.eye(len(columns))
    assert np.abs(correlations).max() < 5 / np.sqrt(320)


def test_another_key_draws_other_factors():
    species = np.full(320, 0.5, np.float32)
    one, same, other = (draw_factors(jax.random.key(seed), jax.numpy.asarray(species)) for seed in (0, 0, 1))
    for name in Factors._fields:
        if name != "species":
            assert (getattr(one, name) == getattr(same, name)).all(), name
            assert (getattr(one, name) != getattr(other, name)).any(), name


def test_species_are_drawn_by_the_labels():
    labels = np.repeat([2, 0, 1], [100, 120, 100])
    species = np.asarray(draw_species(jax.random.key(0), labels))
    assert species[100:220].max() <= 0.12 <= species[:100].min()
    assert species[:100].max() <= 0.88 <= species[220:].min()


def test_people_and_dogs_can_be_told_apart(faces):
    """By a straight line: ears, eyes and muzzles differ, whatever the light and the tones."""
    kept = [(split.images[split.labels < 2], split.labels[split.labels < 2]) for split in (faces.train, faces.test)]
    (images, labels), (others, truth) = ((pixels.reshape(len(pixels), -1) / 255, names) for pixels, names in kept)
    line = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto").fit(images, labels)
    assert line.score(others, truth) > 0.8


def faces_of(**factors):
    """Upright faces of average pose, but for these factors; `[n]` as the longest of them."""
    n = max(np.size(value) for value in factors.values())
    usual = dict.fromkeys(Factors._fields, 0.0) | {"scale": 1.0, "width": 1.0, "eye_size": 1.0, "background": 0.9}
    usual |= {"skin": 0.8, "fur": 0.8, "clothes": 0.8, "hairline": -0.5, "hair": 0.3, "texture": np.zeros(6)}
    wanted = {name: np.asarray(value, np.float32) for name, value in (usual | factors).items()}
    return Factors(**{k: np.broadcast_to(v, (n, 6) if k == "texture" else (n,)) for k, v in wanted.items()})


def test_landmarks_move_as_the_head_does():
    usual, moved, larger, turned, wider = landmarks(
        faces_of(x=[0, 0.2, 0, 0, 0], y=[0, -0.1, 0, 0, 0], scale=[1, 1, 2, 1, 1], roll=[0, 0, 0, np.pi / 2, 0],
                 width=[1, 1, 1, 1, 1.2])
    )  # fmt: skip
    np.testing.assert_allclose(usual, [[0.365, 0.44], [0.635, 0.44], [0.5, 0.625]], atol=1e-6)
    np.testing.assert_allclose(moved - usual, np.tile([0.1, -0.05], (3, 1)), atol=1e-6)
    np.testing.assert_allclose(larger - 0.5, 2 * (usual - 0.5), atol=1e-6)
    np.testing.assert_allclose(turned - 0.5, np.stack([0.5 - usual[:, 1], usual[:, 0] - 0.5], axis=1), atol=1e-6)
    np.testing.assert_allclose(wider[:2, 0] - 0.5, 1.2 * (usual[:2, 0] - 0.5), atol=1e-6)


@pytest.mark.slow
def test_landmarks_are_where_the_painter_paints_dark_eyes_and_dogs_a_dark_nose():
    """In faces of all poses, they are darker than places a little beside and above them; eyes also than below."""
    noise, n, size = np.random.default_rng(0), 40, 200
    pose = {name: noise.uniform(-high, high, n) for name, high in (("x", 0.1), ("y", 0.1), ("roll", 0.4), ("yaw", 0.8))}
    species = np.repeat([0.0, 1.0], n // 2)
    factors = faces_of(species=species, scale=noise.uniform(0.7, 1, n), width=noise.uniform(0.8, 1.2, n), **pose)
    pictures = np.asarray(paint(factors, size))[..., 0].astype(float)
    for picture, points, scale, dog in zip(pictures, landmarks(factors), factors.scale, species, strict=True):
        rows = points if dog else points[:2]
        for k, (x, y) in enumerate(rows * size):
            column, row, far = round(x - 0.5), round(y - 0.5), round(0.13 * scale * size)
            here = picture[row - 1 : row + 2, column - 1 : column + 2].min()
            assert here < 60, (k, dog)
            around = [(-far, 0), (0, -far), (0, far), (far, 0)]
            for down, across in around[: 3 if k == 2 else 4]:  # below a nose is the mouth
                assert picture[row + down, column + across] > here + 40, (k, dog)


def test_the_template_is_the_mean_of_the_landmarks(known):
    """Up to chance: of 320 faces, whose landmarks spread by up to a twentieth of the picture."""
    points = landmarks(known[1])
    assert points.shape == (320, 3, 2)
    np.testing.assert_allclose(points.mean(axis=0), TEMPLATE, atol=3 * 0.05 / np.sqrt(320))


def test_the_faces_say_where_their_eyes_and_noses_lie(faces):
    assert faces.template == TEMPLATE
