"""MNIST (LeCun, Cortes and Burges) and Fashion-MNIST (Xiao et al. 2017, arXiv:1708.07747)."""

import hashlib
import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vae_jax.config.schema import DataConfig
from vae_jax.core.errors import UserError
from vae_jax.core.user_paths import from_home
from vae_jax.data.dataset import Dataset, Split
from vae_jax.data.downloads import fetch
from vae_jax.data.formats.idx import read_idx
from vae_jax.data.formats.picture_builder import Examples, make_builder, prepare, read_split
from vae_jax.data.formats.prepared_arrays import Arrays, prepared

log = logging.getLogger("vae_jax")

SHAPE = (28, 28, 1)
STEMS = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}


@dataclass(frozen=True)
class Published:
    """A published data set.

    Attributes:
        name: of its folder in a raw folder.
        torchvision: what torchvision calls its folder; the files lie in `raw` below it.
        addresses: where its files are had.
        md5: the checksums of its gzipped files.
        class_names: of its labels.
        first_labels: of its test images; the files of all such sets have the same names.
    """

    name: str
    torchvision: str
    addresses: tuple[str, ...]
    md5: dict[str, str]
    class_names: tuple[str, ...]
    first_labels: tuple[int, ...]


MNIST = Published(
    "mnist",
    "MNIST",
    (
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
    ),
    {
        "train-images-idx3-ubyte": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
        "train-labels-idx1-ubyte": "d53e105ee54ea40749a09fcbcd1e9432",
        "t10k-images-idx3-ubyte": "9fb629c4189551a2d022fa330f9573f3",
        "t10k-labels-idx1-ubyte": "ec29112dd5afa0611ce80d1b7f02629c",
    },
    tuple("0123456789"),
    (7, 2, 1, 0, 4, 1, 4, 9, 5, 9, 0, 6, 9, 0, 1, 5),
)
FASHION = Published(
    "fashion_mnist",
    "FashionMNIST",
    ("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",),
    {
        "train-images-idx3-ubyte": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
        "train-labels-idx1-ubyte": "25c81989df183df01b3e8a0aad5dffbe",
        "t10k-images-idx3-ubyte": "bef4ecab320f06d8554ea6380940ec79",
        "t10k-labels-idx1-ubyte": "bb300cfdad3c16e7a12a480ee83cd310",
    },
    ("T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"),
    (9, 2, 1, 1, 6, 1, 4, 6, 5, 7, 4, 5, 7, 3, 4, 1),
)
SETS = (MNIST, FASHION)


def load(config: DataConfig) -> Dataset:
    """Return MNIST; see `load_published`."""
    return load_published(MNIST, config)


def load_fashion(config: DataConfig) -> Dataset:
    """Return Fashion-MNIST; see `load_published`."""
    return load_published(FASHION, config)


def load_published(published: Published, config: DataConfig) -> Dataset:
    """Read idx files from the raw folder, prepared once by TFDS.

    Nothing is written into the raw folder: files that it lacks are downloaded to `downloads` in the prepared folder.

    Raises:
        UserError: the user named a raw folder that isn't there; a file is neither there nor to be had, or is damaged.
    """
    folder, downloads = raw_files_folder(published, config), config.prepared_folder / "downloads" / published.name
    files = {
        split: tuple(locate(published, stem, folder, downloads) for stem in stems) for split, stems in STEMS.items()
    }
    key = hashlib.sha256(b"".join(path.read_bytes() for pair in files.values() for path in pair)).hexdigest()[:16]
    home = from_home(config.prepared_dir)
    arrays = prepared(
        home,
        published.name,
        key,
        lambda: _prepare(published, files, home / "tfds" / key),
        lambda: _check(published, files),
    )
    splits = {split: Split(arrays[f"{split}_images"], arrays[f"{split}_labels"]) for split in STEMS}
    places = " and ".join(dict.fromkeys(str(path.parent) for pair in files.values() for path in pair))
    return Dataset(published.name, f"idx files in {places}", splits["train"], splits["test"], published.class_names)


def raw_files_folder(published: Published, config: DataConfig) -> Path:
    """Return the folder that has most of the raw files; where none has any, that in which they are expected.

    They may lie in a folder of the set's name, as torchvision lays them out, or straight in the raw folder.

    Raises:
        UserError: the user named a raw folder that isn't there.
    """
    raw = config.raw_folder
    if config.raw_folder_named and not raw.is_dir():
        raise UserError(
            f"{raw}: no such folder; needs the idx files of {published.name}, or leave config.data.raw_dir and "
            "VAE_JAX_RAW unset, and they are downloaded"
        )
    unnamed = [folder for folder in (raw, raw / "raw") if not _holds_another(published, folder)]
    candidates = [raw / published.name, raw / published.torchvision / "raw", *unnamed]
    stems = [stem for pair in STEMS.values() for stem in pair]
    return max(candidates, key=lambda folder: sum(find_file(stem, folder) is not None for stem in stems))


def _holds_another(published: Published, folder: Path) -> bool:
    """Whether the labels in a folder are those of another published set."""
    path = find_file(STEMS["test"][1], folder)
    if path is None:
        return False
    try:
        labels = tuple(read_idx(path, 1).tolist())
    except UserError:  # told when it is read
        return False
    return any(labels[: len(each.first_labels)] == each.first_labels for each in SETS if each.name != published.name)


def find_file(stem: str, folder: Path) -> Path | None:
    """Find a raw file in a folder under any of the names it goes by; None where it has none of them."""
    dotted = stem.replace("-idx", ".idx")
    paths = (folder / name for name in (stem, f"{stem}.gz", dotted, f"{dotted}.gz", f"{stem}/{stem}"))
    return next((path for path in paths if path.is_file()), None)


def locate(published: Published, stem: str, folder: Path, downloads: Path) -> Path:
    """Find a raw file in its folder, or else download it.

    Args:
        published: the set.
        stem: the file's name without endings.
        folder: where the raw files lie; nothing is written there.
        downloads: where it goes if it must be downloaded.

    Raises:
        UserError: it is not there and can't be had.
    """
    found = find_file(stem, folder)
    if found is not None:
        return found
    target = downloads / f"{stem}.gz"
    try:
        fetch([f"{address}{stem}.gz" for address in published.addresses], published.md5[stem], target)
    except UserError as error:
        names = ", ".join(f"{s}.gz" for pair in STEMS.values() for s in pair)
        raise UserError(
            f"{folder / stem}.gz: not there, and not to be downloaded ({error}); put {names} into {folder}, "
            "or set config.data.raw_dir or VAE_JAX_RAW to the folder that holds them"
        ) from None
    return target


def _check(published: Published, files: dict[str, tuple[Path, ...]]) -> None:
    for images, labels in files.values():
        count, found, classes = len(read_images(images)), read_idx(labels, 1), len(published.class_names)
        if count != len(found) or found.max() >= classes:
            raise UserError(
                f"{labels}: found {len(found)} labels up to {found.max()} for {count} images; "
                f"needs one label below {classes} for each"
            )


def _prepare(published: Published, files: dict[str, tuple[Path, ...]], folder: Path) -> Arrays:
    log.info("preparing %s (once)", published.name)
    try:
        return _through_tfds(published, files, folder)
    except Exception as error:  # TFDS raises many kinds where its folder is damaged or can't be written
        said = f"{type(error).__name__}: {' '.join(str(error).split())}"
        raise UserError(f"{folder}: can't be used ({said}); remove it or change config.data.prepared_dir") from None


def _through_tfds(published: Published, files: dict[str, tuple[Path, ...]], folder: Path) -> Arrays:
    splits = {split: examples(*paths) for split, paths in files.items()}
    builder = make_builder(published.name, SHAPE, published.class_names, splits, folder)
    prepare(builder)
    arrays: dict[str, np.ndarray] = {}
    for split in files:
        arrays[f"{split}_images"], arrays[f"{split}_labels"] = read_split(builder, split)
    return arrays


def examples(images: Path, labels: Path) -> Examples:
    """Give the images of two idx files with their labels, as a TFDS builder takes them."""
    pixels, classes = read_images(images)[..., None], read_idx(labels, 1)
    return len(pixels), lambda k: (pixels[k], int(classes[k]), {})


def read_images(path: Path) -> np.ndarray:
    """Read 28×28 images, `[n, 28, 28]`.

    Raises:
        UserError: the file holds something else.
    """
    images = read_idx(path, 3)
    if images.shape[1:] != SHAPE[:2]:
        raise UserError(f"{path}: found images of shape {images.shape[1:]}; needs {SHAPE[:2]}")
    return images
