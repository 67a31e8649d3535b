"""Painted faces: each depends on its own factors only, edges are soft, and a factor changes its own feature."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vae_jax.data.faces.face_painter import WAVES, Canvas, Factors, paint
from vae_jax.data.sources.drawn_faces import draw_factors

SIZE = 48
BATCH = 16  # faces painted at a time here: one program is compiled
# A person seen from the front, with hair, beard and nothing turned; `painted` changes some.
PLAIN = {
    "species": 0.0,
    "x": 0.0,
    "y": 0.0,
    "scale": 0.9,
    "roll": 0.0,
    "yaw": 0.0,
    "width": 1.0,
    "light_x": 0.2,
    "light_y": -0.2,
    "background": 0.2,
    "backdrop_slope": 0.0,
    "skin": 0.7,
    "fur": 0.6,
    "hair": 0.3,
    "clothes": 0.5,
    "hair_length": 0.6,
    "hairline": -0.5,
    "beard": 0.5,
    "spectacles": 0.5,
    "smile": 0.5,
    "gaze": 0.0,
    "eye_size": 1.0,
    "droop": 0.5,
    "patches": 0.5,
    "muzzle_tone": 0.2,
    "shag": 0.05,
}
TEXTURE = np.linspace(0.3, 5, WAVES)
ONLY_PEOPLE = ("skin", "hair", "clothes", "hair_length", "hairline", "beard")
ONLY_DOGS = ("fur", "droop", "patches", "muzzle_tone", "shag")


def painted(*changes):
    """Paint the plain face with the changes of each of a few dicts."""
    rows = [PLAIN | {"texture": TEXTURE} | change for change in changes]
    rows += rows[:1] * (-len(rows) % BATCH)
    batches = [factors_of(rows[k : k + BATCH]) for k in range(0, len(rows), BATCH)]
    faces = np.concatenate([paint(factors, SIZE) for factors in batches])
    return faces[: len(changes), ..., 0].astype(int)


def factors_of(rows):
    return Factors(*(jnp.array([row[name] for row in rows], jnp.float32) for name in Factors._fields))


def changed(change, **common):
    """Return where a change of factors changes the picture."""
    before, after = painted(common, common | change)
    return before != after


# Where a pixel's middle is in the painter's coordinates, from -1 to 1.
LINE = (np.arange(SIZE) + 0.5) * 2 / SIZE - 1
X, Y = np.meshgrid(LINE, LINE)


@pytest.fixture(scope="module")
def drawn():
    """Factors of faces of all kinds, and the faces."""
    species = jnp.linspace(0, 1, BATCH)
    factors = draw_factors(jax.random.key(7), species)
    return factors, np.asarray(paint(factors, SIZE))


@pytest.mark.slow
def test_a_face_is_a_picture_of_bytes_with_light_and_dark(drawn):
    _, faces = drawn
    assert faces.shape == (BATCH, SIZE, SIZE, 1)
    assert faces.dtype == np.uint8
    assert (faces.astype(float).std(axis=(1, 2, 3)) > 10).all()


@pytest.mark.slow
def test_a_face_follows_from_its_own_factors_alone(drawn):
    factors, faces = drawn
    order = np.random.default_rng(0).permutation(len(faces))
    shuffled = paint(jax.tree.map(lambda factor: factor[order], factors), SIZE)
    np.testing.assert_array_equal(shuffled, faces[order])
    others = factors_of([PLAIN | {"texture": TEXTURE}] * BATCH)
    among_others = paint(jax.tree.map(lambda ours, theirs: ours.at[5:].set(theirs[5:]), factors, others), SIZE)
    np.testing.assert_array_equal(among_others[:5], faces[:5])


SHAPES = st.tuples(st.floats(-0.4, 0.4), st.floats(-0.4, 0.4), st.floats(0.2, 0.5), st.floats(0.2, 0.5))


GRID = np.meshgrid(*2 * [(np.arange(64) + 0.5) * 2 / 64 - 1])


def cover(x, y, rx, ry, turn=0.0):
    """Return the share of each pixel that an ellipse covers on a canvas of 64 pixels, with the painter's soft edges."""
    return np.asarray(_cover(*(jnp.float32(value) for value in (x, y, rx, ry, turn))), np.float64)


@jax.jit
def _cover(x, y, rx, ry, turn):
    grid_x, grid_y = jnp.asarray(GRID, jnp.float32)
    return Canvas(grid_x, grid_y, jnp.float32(1.2 * 2 / 64), jnp.zeros((64, 64))).ellipse(x, y, rx, ry, turn)


@given(SHAPES, st.floats(-3, 3))
def test_an_ellipse_covers_its_area_around_its_middle(shape, turn):
    x, y, rx, ry = shape
    inside = cover(*shape, turn)
    assert inside.min() >= 0
    assert inside.max() <= 1
    assert inside.sum() * (2 / 64) ** 2 == pytest.approx(np.pi * rx * ry, rel=0.05)
    middle = (inside * GRID).sum(axis=(1, 2)) / inside.sum()
    np.testing.assert_allclose(middle, [x, y], atol=0.1 * 2 / 64)


@given(SHAPES)
def test_a_pixel_is_partly_covered_only_at_the_edge(shape):
    x, y, rx, ry = shape
    inside = cover(*shape)
    grid_x, grid_y = GRID
    from_the_edge = (np.hypot((grid_x - x) / rx, (grid_y - y) / ry) - 1) * min(rx, ry)
    soft = 0.61 * 2 / 64
    assert (inside[from_the_edge < -soft] == 1).all()
    assert (inside[from_the_edge > soft] == 0).all()
    around = 2 * np.pi * min(rx, ry) * 64 / 2  # pixels along the edge, at least
    assert ((inside > 0) & (inside < 1)).sum() > around / 2


@given(SHAPES, st.floats(0.05, 0.95))
def test_a_shift_by_a_part_of_a_pixel_shifts_the_shape_by_that_part(shape, part):
    x, *rest = shape
    before, after = cover(x, *rest), cover(x + part * 2 / 64, *rest)
    moved = ((after - before) * GRID[0]).sum() / before.sum() * 64 / 2
    assert moved == pytest.approx(part, abs=0.1)
    assert np.abs(after - before).max() <= part / 1.2 + 1e-3


def test_a_head_that_sinks_by_quarters_of_a_pixel_takes_a_little_light_with_each():
    """A bright, hairless head on black: four quarters darken the forehead by a pixel, and no single one does."""
    bald = {"background": 0.0, "skin": 0.9, "hair_length": 0.0}
    faces = painted(*(bald | {"y": quarters / 4 * 2 / SIZE} for quarters in range(9)))
    columns = faces[:, LINE < -0.45, SIZE // 2]
    light, skin = columns.sum(axis=1), columns[:-4, -1]
    lost = -np.diff(light) / skin[0]
    assert lost.min() > 1 / 8
    assert lost.max() < 1 / 2
    np.testing.assert_allclose(light[:-4] - light[4:], skin, atol=5)


def test_a_head_that_moves_by_less_than_a_pixel_changes_the_picture_a_little():
    pixel = 2 / SIZE
    before, little, more = painted({}, {"x": 0.1 * pixel}, {"x": 0.5 * pixel})
    assert (before != little).any()
    assert np.abs(before - little).mean() < 0.4 * np.abs(before - more).mean()
    assert np.abs(before - little).max() < 255 / 4


def test_a_head_that_moves_by_whole_pixels_is_the_same_head_elsewhere():
    before, after = painted({}, {"x": 3 * 2 / SIZE, "y": -2 * 2 / SIZE})
    assert np.abs(before[2:, :-3] - after[:-2, 3:]).max() <= 1


def test_a_larger_picture_shows_the_same_face(drawn):
    factors, faces = drawn
    larger = np.asarray(paint(factors, 2 * SIZE)).reshape(BATCH, SIZE, 2, SIZE, 2).mean(axis=(2, 4))
    assert np.abs(larger - faces[..., 0]).mean() < 3


def test_spectacles_change_pixels_near_the_eyes_only():
    where = changed({"spectacles": 1.0}, spectacles=0.0)
    reach = (0.19 + 0.022) * PLAIN["scale"] + 2 * 2 / SIZE
    eye_x, eye_y = 0.27 * PLAIN["scale"], -0.12 * PLAIN["scale"]
    near = np.hypot(np.abs(X) - eye_x, Y - eye_y) < reach
    assert where[near].mean() > 0.5
    assert not where[~near].any()


def test_the_gaze_moves_only_what_is_within_the_eyes():
    where = changed({"gaze": 0.8}, spectacles=0.0)
    near = (np.abs(np.abs(X) - 0.25) < 0.17) & (np.abs(Y + 0.11) < 0.12)
    assert where.any()
    assert not where[~near].any()


def test_the_background_changes_what_is_behind_the_head_and_not_the_face():
    where = changed({"background": 0.9})
    assert where[:3].all()
    assert where[:, :3].mean() > 0.5
    assert not where[np.hypot(X, Y) < 0.4].any()


def test_a_smile_leaves_the_eyes_and_the_border_alone():
    where = changed({"smile": -0.5})
    assert where[Y > 0.2].any()
    assert not where[(np.abs(Y + 0.11) < 0.05) | (Y < -0.5) | (np.abs(X) > 0.6)].any()


@pytest.mark.parametrize("turn", [0.6, -0.9])
def test_a_rolled_head_is_turned_about_its_middle(turn):
    """The dark eyes are at the rotated positions."""
    upright, rolled = painted({"spectacles": 0.0}, {"roll": turn, "spectacles": 0.0})
    radius = np.hypot(0.12, 0.27) * PLAIN["scale"]
    for side in (-1, 1):
        direction = np.arctan2(-0.12, side * 0.27)
        for picture, angle in ((upright, direction), (rolled, direction + turn)):
            near = np.hypot(X - radius * np.cos(angle), Y - radius * np.sin(angle)) < 1.5 * 2 / SIZE
            assert picture[near].min() < 80


@pytest.mark.parametrize("name", ONLY_PEOPLE)
def test_what_only_people_have_changes_nothing_in_a_dog(name):
    change = {name: PLAIN[name] + 0.2}
    assert not changed(change, species=1.0).any()
    assert changed(change, species=0.0).any()


@pytest.mark.parametrize("name", ONLY_DOGS)
def test_what_only_dogs_have_changes_nothing_in_a_person(name):
    change = {name: PLAIN[name] + 0.2}
    assert not changed(change, species=0.0).any()
    assert changed(change, species=1.0).any()


def test_every_factor_shows_in_what_is_half_person_half_dog():
    names = [name for name in Factors._fields if name != "texture"]
    plain, *faces = painted({"species": 0.5}, *({"species": 0.5} | {name: PLAIN[name] + 0.2} for name in names[1:]))
    assert [name for name, face in zip(names[1:], faces, strict=True) if (face == plain).all()] == []
    (textured,) = painted({"species": 0.5, "texture": TEXTURE + 0.5})
    assert (textured != plain).any()


def test_between_person_and_dog_every_step_is_a_small_one():
    path = painted(*({"species": step / 32} for step in range(33)))
    steps = np.abs(np.diff(path, axis=0)).mean(axis=(1, 2))
    whole = np.abs(path[-1] - path[0]).mean()
    assert steps.min() > 0
    assert steps.max() < 0.25 * whole
