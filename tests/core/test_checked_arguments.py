"""Arguments of callers in Python are used, or refused in one line that names them."""

import re

import jax.numpy as jnp
import numpy as np
import pytest

from vae_jax.core.checked_arguments import checked_image, checked_images, checked_points, checked_whole
from vae_jax.core.errors import UserError

SIZE = (6, 6, 1)
IMAGE = np.zeros(SIZE, np.uint8)


class Broken:
    """An object that raises its own error when it is converted to an array."""

    def __array__(self, *_, **__):
        raise RuntimeError("a library's own error")


@pytest.mark.parametrize("found", [2, np.int64(2), np.uint8(2), jnp.int32(2)])
def test_whole_numbers_of_any_type_are_accepted(found):
    assert checked_whole("n", found, 1, 2) == 2


@pytest.mark.parametrize("found", [0, -1, 11, 2.0, True, "2", None, [2], np.float32(2), 10**30])
def test_other_values_are_not_whole_numbers(found):
    with pytest.raises(UserError, match=rf"^n: found {re.escape(repr(found))}; needs a whole number from 1 to 10$"):
        checked_whole("n", found, 1, 10)


@pytest.mark.parametrize("found", [[[0.0, 1.0]], [[0, 1]], np.array([[0, 1]]), jnp.array([[0.0, 1.0]]), ((0, 1),)])
def test_points_may_be_arrays_and_lists(found):
    points = checked_points("z", found, 2)
    assert points.dtype == np.float32
    np.testing.assert_array_equal(points, [[0, 1]])


def test_points_keep_their_shape():
    assert [checked_points("z", np.zeros(shape), 2).shape for shape in ((2,), (3, 4, 2))] == [(2,), (3, 4, 2)]


@pytest.mark.parametrize(
    ("found", "message"),
    [
        ([[0.0] * 3], "found float64 (1, 3); needs numbers (..., 2), one point or more"),
        ([], "found float64 (0,); needs numbers (..., 2)"),
        (np.zeros((0, 2)), "found float64 (0, 2); needs numbers (..., 2)"),
        (0.0, "found float64 (); needs numbers (..., 2)"),
        ([[np.nan, 0]], "found nan; needs finite numbers"),
        ([[0, -np.inf]], "found -inf; needs finite numbers"),
        ([[1e300, 0]], "found 1e+300; needs finite numbers, as float32"),
        ([[1j, 0]], "found complex128 (1, 2); needs numbers"),
        ([[True, False]], "found bool (1, 2); needs numbers"),
        ([[0.0, 0.0], [1.0]], "found list, which can't be converted to an array; needs one"),
        ("ab", "found str 'ab'; needs an array of numbers"),
        (None, "found NoneType None; needs an array of numbers"),
        (Broken(), "found Broken, which can't be converted to an array; needs one"),
    ],
)
def test_other_values_are_not_points(found, message):
    with pytest.raises(UserError, match=rf"^z: {re.escape(message)}"):
        checked_points("z", found, 2)


def test_images_may_be_a_list_of_arrays():
    assert checked_images("images", [IMAGE, IMAGE], SIZE).shape == (2, *SIZE)
    assert checked_image("start", IMAGE, SIZE).shape == SIZE


@pytest.mark.parametrize(
    "found", [IMAGE, [], [IMAGE.astype(float)], np.zeros((0, *SIZE), np.uint8), None, "x", [[1], [2, 3]]]
)
def test_other_values_are_not_images(found):
    with pytest.raises(UserError, match=r"^images: found .*; needs "):
        checked_images("images", found, SIZE)


@pytest.mark.parametrize("found", [IMAGE[None], IMAGE[1:], IMAGE.astype(float), None])
def test_other_values_are_not_one_image(found):
    with pytest.raises(UserError, match=r"^start: found .*; needs "):
        checked_image("start", found, SIZE)
