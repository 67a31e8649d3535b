"""Detection of a face and its eyes: nothing is guessed where nothing is found."""

import sys

import numpy as np
import pytest

from vae_jax.core.errors import UnusablePictureError
from vae_jax.data.faces.alignment import TEMPLATE, landmark_fault
from vae_jax.data.faces.face_finder import MISSING, find_face
from vae_jax.data.formats.picture_files import read_picture


def found_in(pictures):
    found = []
    for picture in pictures:
        try:
            found.append(find_face(picture))
        except UnusablePictureError as error:
            found.append(str(error))
    return found


@pytest.fixture(scope="module")
def people(real_folder):
    """Forty real people, each with a mirrored border, and the landmarks found in each."""
    files = sorted((real_folder("utkface") / "UTKFace").glob("*.jpg"))[::150][:40]
    pictures = [np.pad(read_picture(path), ((60, 60), (60, 60), (0, 0)), mode="symmetric") for path in files]
    return pictures, found_in(pictures)


def test_most_real_people_are_found_with_their_eyes_where_they_are(people):
    """The set is aligned only roughly; guessed landmarks would be off by much more."""
    points = [each for each in people[1] if not isinstance(each, str)]
    assert len(people[1]) == 40
    assert len(points) >= 0.75 * 40
    offs = np.abs(np.array(points)[:, :2] - 60 - 200 * np.array(TEMPLATE)[:2]).max(axis=(1, 2)) / 200
    assert np.median(offs) < 0.06
    assert np.mean(offs < 0.08) >= 0.85
    assert offs.max() < 0.15
    assert all(landmark_fault(each, 320, 320) == "" for each in points)


def test_a_face_that_is_not_found_has_a_reason(people):
    message = {each for each in people[1] if isinstance(each, str)}
    assert message <= {"no face found", "a face found, but not both of its eyes"}


def test_colour_and_size_make_no_difference(people):
    picture, points = next(pair for pair in zip(*people, strict=True) if not isinstance(pair[1], str))
    np.testing.assert_allclose(find_face(picture.repeat(3, axis=2)), points, atol=1)
    np.testing.assert_allclose(find_face(picture.repeat(4, axis=0).repeat(4, axis=1)) / 4, points, atol=12)


def test_the_nose_lies_below_the_eyes_as_far_as_in_the_template(people):
    left, right, nose = next(each for each in people[1] if not isinstance(each, str))
    below = np.linalg.norm(nose - (left + right) / 2) / np.linalg.norm(right - left)
    (x, y), (other, _), (_, low) = TEMPLATE
    assert below == pytest.approx((low - y) / (other - x))


def test_no_person_is_found_in_real_dogs(real_folder):
    files = sorted((real_folder("dogs") / "images").glob("*.jpg"))[::40][:20]
    message = found_in([read_picture(path) for path in files])
    assert len(message) == 20
    assert all(isinstance(each, str) for each in message)


@pytest.mark.parametrize("shape", [(200, 200), (1, 1), (1, 900), (3000, 2), (30, 30)])
@pytest.mark.parametrize("channels", [1, 3])
def test_in_noise_of_any_size_no_face_is_found(shape, channels):
    noise = np.random.default_rng(0).integers(0, 256, (*shape, channels)).astype(np.uint8)
    with pytest.raises(UnusablePictureError, match=r"^(no face found|a face found, but not both of its eyes)$"):
        find_face(noise)


def test_without_opencv_the_reason_says_how_to_have_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(UnusablePictureError) as error:
        find_face(np.zeros((50, 50, 1), np.uint8))
    assert str(error.value) == MISSING
    assert "pip install 'vae_jax[faces]'" in MISSING
