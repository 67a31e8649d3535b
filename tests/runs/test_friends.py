"""Any pictures prepared like a run's images, and morphs of them."""

import dataclasses

import numpy as np
import pytest
from made_runs import make_run
from PIL import Image
from small_runs import small_config, small_dataset

from vae_jax.core.errors import UnusablePictureError, UserError
from vae_jax.data.contrast import stretch
from vae_jax.data.draw_photographs import draw_photographs
from vae_jax.data.faces.alignment import align_face, cut_square
from vae_jax.data.faces.photographs.landmark_table import points_beside
from vae_jax.data.formats.picture_files import read_picture
from vae_jax.data.sources.drawn_faces import TEMPLATE
from vae_jax.evaluation.morphs import ReferenceSet
from vae_jax.runs.friends import (
    as_its_tones,
    lay_over,
    morphs_from,
    named_pictures,
    nearest_end,
    read_face,
    reference_of,
)
from vae_jax.runs.load import load_run

DATA = small_dataset()


def trained_on(folder, dataset, **sections):
    make_run(folder, small_config(**sections), dataset)
    return load_run(folder)


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    return trained_on(tmp_path_factory.mktemp("plain"), DATA)


@pytest.fixture(scope="module")
def of_faces(tmp_path_factory):
    faces = dataclasses.replace(DATA, template=TEMPLATE)
    return trained_on(tmp_path_factory.mktemp("faces"), faces)


@pytest.fixture(scope="module")
def photographs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photographs") / "drawn"
    draw_photographs(folder, 3, size=64)
    return folder


def save(path, pixels):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return path


@pytest.mark.slow
def test_a_marked_face_is_aligned_like_the_runs_faces(of_faces, photographs):
    for path in (photographs / "images").iterdir():
        wanted = align_face(read_picture(path), points_beside(path), 6, TEMPLATE)
        for cropped in (False, True):
            np.testing.assert_array_equal(read_face(path, of_faces, cropped=cropped), wanted)


@pytest.mark.slow
def test_the_landmarks_of_a_large_picture_are_reduced_with_it(of_faces, photographs, monkeypatch):
    path = next((photographs / "images").iterdir())
    whole = read_face(path, of_faces)
    monkeypatch.setattr("vae_jax.data.formats.picture_files.LARGE", 1000)
    assert read_picture(path).shape == (32, 32, 1)
    assert np.abs(read_face(path, of_faces).astype(int) - whole).mean() < 8


def test_alignment_and_contrast_can_be_applied_separately(of_faces, plain, tmp_path, photographs):
    path = next((photographs / "images").iterdir())
    laid = lay_over(read_picture(path), points_beside(path), of_faces)
    np.testing.assert_array_equal(laid, align_face(read_picture(path), points_beside(path), 6, TEMPLATE))
    np.testing.assert_array_equal(as_its_tones(laid, of_faces), laid)
    stretched = trained_on(tmp_path / "run", DATA, data={"contrast": "stretch"})
    np.testing.assert_array_equal(as_its_tones(laid, stretched), stretch(laid))
    with pytest.raises(UserError, match="its images are not aligned faces"):
        lay_over(read_picture(path), points_beside(path), plain)


def test_a_cropped_face_is_the_central_square(of_faces, tmp_path):
    pixels = np.random.default_rng(0).integers(0, 255, (20, 30)).astype(np.uint8)
    path = save(tmp_path / "face.png", pixels)
    np.testing.assert_array_equal(read_face(path, of_faces, cropped=True), cut_square(pixels[..., None], 6))


def test_a_picture_without_a_face_is_refused_with_what_would_do(of_faces, tmp_path):
    path = save(tmp_path / "grey.png", np.full((80, 80), 128, np.uint8))
    with pytest.raises(UnusablePictureError, match=r"landmarks.csv beside it, or give --cropped"):
        read_face(path, of_faces)


def test_impossible_landmarks_are_refused(of_faces, tmp_path):
    path = save(tmp_path / "grey.png", np.full((80, 80), 128, np.uint8))
    head = "file,left_eye_x,left_eye_y,right_eye_x,right_eye_y,nose_x,nose_y\n"
    (tmp_path / "landmarks.csv").write_text(f"{head}grey.png,10,20,90,20,50,40\n")
    with pytest.raises(UnusablePictureError, match="landmarks outside the picture"):
        read_face(path, of_faces)


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(6, 6, 1), (7, 5, 1), (4, 6, 3)])
def test_a_run_without_faces_gets_the_centre_in_its_own_shape(tmp_path, shape):
    split = dataclasses.replace(DATA.train, images=np.zeros((len(DATA.train), *shape), np.uint8))
    data = dataclasses.replace(DATA, train=split, test=split)
    trained = trained_on(tmp_path / "run", data)
    pixels = np.zeros((40, 60, 3), np.uint8)
    pixels[:, 10:50] = (250, 150, 50)
    face = read_face(save(tmp_path / "picture.png", pixels), trained)
    assert face.shape == shape
    assert np.ptp(face, axis=(0, 1)).max() == 0  # nothing of the dark margins
    assert face.any()


def test_the_contrast_is_the_runs_own(tmp_path):
    stretched = trained_on(tmp_path / "run", DATA, data={"contrast": "stretch"})
    pixels = np.repeat(np.linspace(100, 130, 60)[None].astype(np.uint8), 60, axis=0)
    face = read_face(save(tmp_path / "flat.png", pixels), stretched)
    assert (face.min(), face.max()) == (0, 255)


def test_pictures_of_a_folder_have_unique_names(tmp_path):
    for name in ("b.jpg", "a.png", "a.jpg", "a_png.gif", "landmarks.csv", "notes.txt", "c.JPEG"):
        (tmp_path / name).touch()
    names = {name: path.name for name, path in named_pictures(tmp_path).items()}
    wanted = {"a_jpg": "a.jpg", "a_png": "a.png", "a_png_": "a_png.gif", "b": "b.jpg", "c": "c.JPEG"}
    wanted["notes"] = "notes.txt"  # what it holds will tell
    assert names == wanted


def test_a_morph_goes_from_the_pictures_code_to_the_ends(plain):
    faces = {"one": DATA.train.images[0], "two": DATA.train.images[1]}
    end, reference = DATA.train.images[4], reference_of(plain)
    codes = plain.encode(np.stack([*faces.values(), end]))
    for k, morph in enumerate(morphs_from(faces, end, plain, reference, 5, "linear")):
        assert morph.name == list(faces)[k]
        np.testing.assert_allclose(morph.way[[0, -1]], codes.mu[[k, 2]], atol=1e-6)
        np.testing.assert_array_equal(morph.frames, plain.decode(morph.way))
        np.testing.assert_array_equal(morph.remade, codes.reconstructions[k])
        np.testing.assert_array_equal(morph.end, end)


def test_a_test_image_as_a_start_has_its_loss_in_the_reference(plain):
    reference = reference_of(plain)
    (morph,) = morphs_from({"x": DATA.test.images[3]}, None, plain, reference, 2, "linear")
    assert morph.loss == pytest.approx(float(reference.losses[3]), rel=1e-6)
    assert reference.encoder_sizes == (36, 8, 2)
    assert reference.decoder_sizes == (2, 8, 36)
    assert any((morph.end == image).all() for image in DATA.test.images)


def codes_at(*groups, names, losses=None):
    """A reference of 20 codes around each point, one class each."""
    mu = np.concatenate([np.full((20, 1), place) + np.linspace(-0.5, 0.5, 20)[:, None] for place in groups])
    labels = np.repeat(np.arange(len(groups), dtype=np.int32), 20)
    losses = np.zeros(len(mu)) if losses is None else losses
    some = {"title": "", "notice": "", "loss_unit": "", "encoder_sizes": (), "decoder_sizes": ()}
    return ReferenceSet(
        class_names=names, labels=labels, mu=mu.astype(np.float32), losses=losses.astype(np.float32), **some
    )


def at(place):
    return np.array([place], np.float32)


@pytest.mark.parametrize(("start", "end"), [(0, "dogs"), (10, "people"), (3, "dogs")])
def test_people_go_to_the_nearest_dog_and_dogs_to_the_nearest_person(start, end):
    names = ("people", "between", "dogs")
    reference = codes_at(0, 3, 10, names=names)
    chosen = nearest_end(reference, at(start))
    assert names[reference.labels[chosen]] == end
    among = reference.mu[reference.labels == reference.labels[chosen]]
    assert abs(reference.mu[chosen] - start) == np.abs(among - start).min()


def test_other_classes_go_to_the_nearest_image_of_another_class():
    reference = codes_at(0, 4, 5, names=("0", "1", "2"))
    assert [reference.labels[nearest_end(reference, at(place))] for place in (0, 4, 5)] == [1, 2, 1]


def test_a_badly_reconstructed_image_is_not_chosen_as_an_end():
    losses = np.where(np.arange(40) < 30, 100.0, 1.0)  # the nearer half of the dogs
    chosen = nearest_end(codes_at(0, 5, names=("people", "dogs"), losses=losses), at(0))
    assert chosen == 30


def test_with_one_class_an_end_is_required():
    with pytest.raises(UserError, match=r"^end: missing, and the run's test images are all of one class"):
        nearest_end(codes_at(0, names=("face",)), at(0))
