"""MNIST (LeCun, Cortes and Burges) and Fashion-MNIST (Xiao et al. 2017, arXiv:1708.07747)."""

import hashlib
import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vae_jax.config.schema import DataConfig
from vae_jax.core.errors import UserError
from vae_jax.core.plain_text import reason
from vae_jax.core.user_paths import from_home
from vae_jax.data.dataset import Dataset, Split, with_last_for_validation
from vae_jax.data.downloads import fetch
from vae_jax.data.formats.idx import read_idx
from vae_jax.data.formats.picture_builder import Examples, make_builder, prepare, read_splits
from vae_jax.data.formats.prepared_arrays import Arrays, prepared

log = logging.getLogger("vae_jax")

SHAPE = (28, 28, 1)
STEMS = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}


@dataclass(frozen=True)
class Published:
    """A published data set in idx files.

    Attributes:
        name: of the data set and of its folder in a raw folder.
        torchvision: torchvision's name of its folder; the files are in `raw` below it.
        addresses: folders on the web that have its files.
        md5: checksums of the gzipped files.
        class_names: of the labels.
        first_labels: of the test images, to tell sets whose files have the same names apart.
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
    ("https://storage.googleapis.com/cvdf-datasets/mnist/", "https://ossci-datasets.s3.amazonaws.com/mnist/"),
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

    Missing files are downloaded to `downloads` in the prepared folder; nothing is written into the raw folder.

    Raises:
        UserError: the given raw folder doesn't exist; a file is missing and can't be downloaded, or is damaged;
            validation_fraction leaves no images.
    """
    folder, downloads = _raw_files_folder(published, config), config.prepared_folder / "downloads" / published.name
    files = {
        split: tuple(_locate(published, stem, folder, downloads) for stem in stems) for split, stems in STEMS.items()
    }
    key = hashlib.sha256(b"".join(path.read_bytes() for pair in files.values() for path in pair)).hexdigest()[:16]
    home = from_home(config.prepared_dir)
    arrays = prepared(
        home,
        published.name,
        key,
        lambda: _prepare(published, files, home / "tfds" / key),
        lambda: [_read(published, *paths) for paths in files.values()],
    )
    splits = {split: Split(arrays[f"{split}_images"], arrays[f"{split}_labels"]) for split in STEMS}
    places = " and ".join(dict.fromkeys(str(path.parent) for pair in files.values() for path in pair))
    dataset = Dataset(published.name, f"idx files in {places}", splits["train"], splits["test"], published.class_names)
    share = config.validation_fraction
    return with_last_for_validation(dataset, share) if share else dataset


def _raw_files_folder(published: Published, config: DataConfig) -> Path:
    """Return the folder with most of the raw files: one of the set's name, torchvision's, or the raw folder."""
    raw = config.raw_folder
    if config.raw_folder_named and not raw.is_dir():
        raise UserError(
            f"{raw}: no such folder; needs the idx files of {published.name}, or leave config.data.raw_dir and "
            "VAE_JAX_RAW unset, and they are downloaded"
        )
    unnamed = [folder for folder in (raw, raw / "raw") if not _holds_another(published, folder)]
    candidates = [raw / published.name, raw / published.torchvision / "raw", *unnamed]
    stems = [stem for pair in STEMS.values() for stem in pair]
    return max(candidates, key=lambda folder: sum(_find_file(stem, folder) is not None for stem in stems))


def _holds_another(published: Published, folder: Path) -> bool:
    """Return whether the labels in a folder are those of another published set."""
    path = _find_file(STEMS["test"][1], folder)
    if path is None:
        return False
    try:
        labels = tuple(read_idx(path, 1).tolist())
    except UserError:  # reported when it is read
        return False
    return any(labels[: len(each.first_labels)] == each.first_labels for each in SETS if each.name != published.name)


def _find_file(stem: str, folder: Path) -> Path | None:
    """Return the path of a raw file in a folder, under any of its usual names; None if there is none."""
    dotted = stem.replace("-idx", ".idx")
    paths = (folder / name for name in (stem, f"{stem}.gz", dotted, f"{dotted}.gz", f"{stem}/{stem}"))
    return next((path for path in paths if path.is_file()), None)


def _locate(published: Published, stem: str, folder: Path, downloads: Path) -> Path:
    """Return the path of a raw file in `folder`, or download it to `downloads`."""
    found = _find_file(stem, folder)
    if found is not None:
        return found
    target = downloads / f"{stem}.gz"
    try:
        fetch([f"{address}{stem}.gz" for address in published.addresses], published.md5[stem], target)
    except UserError as error:
        names = ", ".join(f"{s}.gz" for pair in STEMS.values() for s in pair)
        raise UserError(
            f"{folder / stem}.gz: no such file, and it can't be downloaded ({error}); put {names} into {folder}, "
            "or set config.data.raw_dir or VAE_JAX_RAW to the folder that holds them"
        ) from None
    return target


def _prepare(published: Published, files: dict[str, tuple[Path, ...]], folder: Path) -> Arrays:
    log.info("preparing %s (once)", published.name)
    try:
        splits = {split: _examples(published, *paths) for split, paths in files.items()}
        builder = make_builder(published.name, SHAPE, published.class_names, splits, folder)
        prepare(builder)
        return read_splits(builder)
    except Exception as error:  # TFDS may raise anything if its folder is damaged or can't be written
        raise UserError(
            f"{folder}: can't be used ({reason(error)}); remove it or change config.data.prepared_dir"
        ) from None


def _examples(published: Published, images: Path, labels: Path) -> Examples:
    pixels, classes = _read(published, images, labels)
    return len(pixels), lambda k: (pixels[k], int(classes[k]), {})


def _read(published: Published, images: Path, labels: Path) -> tuple[np.ndarray, np.ndarray]:
    """Read two idx files: images, `[n, 28, 28, 1]`, and labels, `[n]`."""
    pixels, found, classes = read_idx(images, 3)[..., None], read_idx(labels, 1), len(published.class_names)
    if pixels.shape[1:] != SHAPE:
        raise UserError(f"{images}: found images of shape {pixels.shape[1:3]}; needs {SHAPE[:2]}")
    if len(pixels) != len(found) or found.max() >= classes:
        raise UserError(
            f"{labels}: found {len(found)} labels up to {found.max()} for {len(pixels)} images; "
            f"needs one label below {classes} for each"
        )
    return pixels, found
