"""Data sets prepared by TFDS: found by name, read, and one-line errors for those that can't be used."""

import json
import re
import sys

import numpy as np
import pytest

from vae_jax.config.schema import DataConfig
from vae_jax.core.errors import UserError
from vae_jax.data.formats.picture_builder import make_builder, prepare
from vae_jax.data.sources.registry import SOURCES, load
from vae_jax.data.sources.tfds_prepared import find_prepared

CLASSES = ("bag", "boot", "coat")


def put(folder, shape=(7, 6, 1), name="tiny", **counts):
    """Prepare noise as a data set of that many images a split; return the images and labels of each."""
    noise = np.random.default_rng(0)
    arrays = {
        split: (noise.integers(0, 256, (n, *shape)).astype(np.uint8), noise.integers(0, 3, n).astype(np.int32))
        for split, n in counts.items()
    }

    def examples(images, labels):
        return len(images), lambda k: (images[k], int(labels[k]), {})

    prepare(make_builder(name, shape, CLASSES, {s: examples(*pair) for s, pair in arrays.items()}, folder))
    return arrays


def config(folder, name="tfds:tiny", **fields):
    return DataConfig(name=name, tfds_dir=str(folder), prepared_dir=str(folder / "kept"), **fields)


def edit(folder, file, change):
    """Change a JSON file of a prepared data set."""
    path = folder / "tiny" / "1.0.0" / file
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def test_splits_and_class_names_are_read_as_they_were_prepared(tmp_path):
    arrays = put(tmp_path, train=30, validation=5, test=8)
    found = load(config(tmp_path))
    for split, (images, labels) in arrays.items():
        np.testing.assert_array_equal(getattr(found, split).images, images)
        np.testing.assert_array_equal(getattr(found, split).labels, labels)
    assert (found.name, found.class_names) == ("tfds:tiny", CLASSES)
    assert found.source == f"prepared by TFDS in {tmp_path}/tiny/1.0.0, its splits train, validation, test"


def test_it_is_read_once_and_again_when_it_is_prepared_anew(tmp_path):
    put(tmp_path, train=30, test=8)
    first = load(config(tmp_path))
    kept = [path.name for path in (tmp_path / "kept").glob("*.npz")]
    assert load(config(tmp_path)).fingerprint == first.fingerprint
    assert [path.name for path in (tmp_path / "kept").glob("*.npz")] == kept
    edit(tmp_path, "dataset_info.json", lambda info: info.update(description="another"))
    load(config(tmp_path))
    assert len(list((tmp_path / "kept").glob("*.npz"))) == 2


def test_without_a_test_split_a_share_is_held_out(tmp_path):
    put(tmp_path, train=40)
    found = load(config(tmp_path, test_fraction=0.25, validation_fraction=0.2))
    assert len(found.train) + len(found.validation) + len(found.test) == 40
    assert 8 <= len(found.test) <= 12
    assert 4 <= len(found.validation) <= 8


def test_colours_stay_and_images_without_labels_are_of_one_class(tmp_path):
    put(tmp_path, (7, 6, 3), train=20, test=4)
    edit(tmp_path, "features.json", lambda content: content["featuresDict"]["features"].pop("label"))
    found = load(config(tmp_path))
    assert found.image_shape == (7, 6, 3)
    assert found.class_names == ("images",)
    assert not found.train.labels.any()


def test_it_is_looked_for_where_tfds_looks(tmp_path, monkeypatch):
    put(tmp_path / "there", train=20, test=4)
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "there"))
    assert len(load(DataConfig(name="tfds:tiny")).train) == 20
    monkeypatch.delenv("TFDS_DATA_DIR")
    assert str(DataConfig().tfds_folder).endswith("/tensorflow_datasets")


def test_any_name_of_tfds_is_a_source_and_the_prefix_is_named_among_the_known():
    assert "tfds:cats" in SOURCES
    assert "tfsd:cats" not in SOURCES
    with pytest.raises(UserError, match=r"known are arrays, .*, photos, tfds:NAME"):
        SOURCES["tfsd:cats"]


@pytest.fixture
def several(tmp_path):
    """Folders of two versions, two configs, and one that is not a version."""
    for place in ("plain/1.0.0", "plain/1.10.0", "plain/1.9.0", "both/grey/1.0.0", "both/red/2.0.0", "plain/old/x"):
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / "dataset_info.json").write_text("{}")
    return tmp_path


@pytest.mark.parametrize(
    ("asked", "place"),
    [
        ("tfds:plain", "plain/1.10.0"),
        ("tfds:plain:1.9.0", "plain/1.9.0"),
        ("tfds:both/red", "both/red/2.0.0"),
        ("tfds:both/grey:1.0.0", "both/grey/1.0.0"),
    ],
)
def test_the_newest_version_is_meant_where_none_is_named(several, asked, place):
    assert find_prepared(asked, several).folder == several / place


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("tfds:", "found 'tfds:'; needs tfds:NAME or tfds:NAME/CONFIG:VERSION"),
        ("tfds:../x", "needs tfds:NAME or"),
        ("tfds:plain:new", "needs tfds:NAME or"),
        (
            "tfds:plian",
            r"not prepared in .* \(there are both, plain\); prepare it with TFDS, .* did you mean 'plain'\?",
        ),
        ("tfds:plain/red", r"of plain there are plain:1\.0\.0, plain:1\.10\.0, plain:1\.9\.0 in "),
        ("tfds:plain:3.0.0", r"of plain there are plain:1\.0\.0"),
        ("tfds:both", r"say which config: there are both/grey:1\.0\.0, both/red:2\.0\.0"),
    ],
)
def test_unknown_names_are_errors_with_the_known_ones(several, asked, message):
    with pytest.raises(UserError, match=rf"^config\.data\.name: found '{asked}'.*") as error:
        find_prepared(asked, several)
    assert re.search(message, str(error.value))


def test_without_prepared_data_there_is_an_error(tmp_path):
    with pytest.raises(UserError, match=r"not prepared in .*nowhere \(none is there\)"):
        load(DataConfig(name="tfds:mnist", tfds_dir=str(tmp_path / "nowhere")))


def test_files_that_need_tensorflow_are_an_error(tmp_path, monkeypatch):
    put(tmp_path, train=20, test=4)
    edit(tmp_path, "dataset_info.json", lambda info: info.update(fileFormat="tfrecord"))
    monkeypatch.setitem(sys.modules, "tensorflow", None)  # as where it is not installed
    with pytest.raises(UserError, match=r"1\.0\.0: its files are tfrecord, which TFDS reads with TensorFlow only; "):
        load(config(tmp_path))


def features(change):
    return lambda content: change(content["featuresDict"]["features"])


@pytest.mark.parametrize(
    ("file", "change", "message"),
    [
        ("features.json", features(lambda f: f.update(picture=f.pop("image"))), r"found the features .*needs an Image"),
        ("features.json", features(lambda f: f.update(image=f["label"])), r"image \(ClassLabel\).*needs an Image"),
        (
            "features.json",
            features(lambda f: f.update(label=f["image"])),
            "found the feature label as Image; needs a Cl",
        ),
        (
            "dataset_info.json",
            lambda info: info["splits"].pop(0),
            r"found no split train \(there are test\); needs one",
        ),
        ("dataset_info.json", lambda info: info.pop("splits"), r"can't be read \(KeyError: .*prepare it again"),
    ],
    ids=["no image", "image is no Image", "label is no class", "no train", "no splits"],
)
def test_data_of_another_form_are_an_error(tmp_path, file, change, message):
    put(tmp_path, test=4, train=20)
    splits = json.loads((tmp_path / "tiny/1.0.0/dataset_info.json").read_text())["splits"]
    assert {split["name"] for split in splits} == {"train", "test"}
    if file == "dataset_info.json":
        edit(tmp_path, file, lambda info: info["splits"].sort(key=lambda split: split["name"] != "train"))
    edit(tmp_path, file, change)
    with pytest.raises(UserError, match=rf"^{tmp_path}/tiny/1\.0\.0: .*{message}"):
        load(config(tmp_path))
    assert not list((tmp_path / "kept").glob("*.npz"))


def test_images_of_several_sizes_are_an_error(tmp_path):
    put(tmp_path, (7, 6, 1), train=20, test=4)
    put(tmp_path / "other", (8, 6, 1), train=20, test=4)
    edit(tmp_path, "features.json", features(lambda f: f["image"]["image"]["shape"].update(dimensions=[-1, -1, 1])))
    for path in (tmp_path / "other/tiny/1.0.0").glob("*test*"):
        path.replace(tmp_path / "tiny/1.0.0" / path.name)
    with pytest.raises(UserError, match=r"found images of several sizes \(\(7, 6, 1\), \(8, 6, 1\)\); needs one size"):
        load(config(tmp_path))


def test_a_damaged_file_is_an_error(tmp_path):
    put(tmp_path, train=20, test=4)
    for path in (tmp_path / "tiny/1.0.0").glob("*train*"):
        path.write_bytes(b"no records")
    with pytest.raises(UserError, match=r"1\.0\.0: can't be read \(.*prepare it again with TFDS"):
        load(config(tmp_path))
