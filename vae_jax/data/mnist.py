"""MNIST (LeCun, Cortes and Burges) and Fashion-MNIST (Xiao et al. 2017, arXiv:1708.07747)."""

import hashlib
import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vae_jax.config import DataConfig
from vae_jax.data.dataset import Dataset, Split
from vae_jax.data.downloads import fetch
from vae_jax.data.idx import read_idx
from vae_jax.data.picture_builder import Examples, make_builder, prepare, read_split
from vae_jax.data.prepared_arrays import Arrays, prepared
from vae_jax.errors import UserError
from vae_jax.home_folder import from_home

log = logging.getLogger("vae_jax")

SHAPE = (28, 28, 1)
STEMS = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}


@dataclass(frozen=True)
class Published:
    """A published data set: its addresses, the checksums of its gzipped files, its classes."""

    name: str
    addresses: tuple[str, ...]
    md5: dict[str, str]
    class_names: tuple[str, ...]


MNIST = Published(
    "mnist",
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
)
FASHION = Published(
    "fashion_mnist",
    ("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",),
    {
        "train-images-idx3-ubyte": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
        "train-labels-idx1-ubyte": "25c81989df183df01b3e8a0aad5dffbe",
        "t10k-images-idx3-ubyte": "bef4ecab320f06d8554ea6380940ec79",
        "t10k-labels-idx1-ubyte": "bb300cfdad3c16e7a12a480ee83cd310",
    },
    ("T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"),
)


def load(config: DataConfig) -> Dataset:
    """Return MNIST; see `load_published`."""
    return load_published(MNIST, config)


def load_fashion(config: DataConfig) -> Dataset:
    """Return Fashion-MNIST; see `load_published`."""
    return load_published(FASHION, config)


def load_published(published: Published, config: DataConfig) -> Dataset:
    """Read idx files from the raw folder, downloaded if they are not there, prepared once by TFDS.

    Raises:
        UserError: a file is neither there nor to be had, or is damaged.
    """
    folder = config.raw_folder / published.name
    files = {split: tuple(locate(published, stem, folder) for stem in stems) for split, stems in STEMS.items()}
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
    return Dataset(published.name, f"idx files in {folder}", splits["train"], splits["test"], published.class_names)


def locate(published: Published, stem: str, folder: Path) -> Path:
    """Find a raw file, under any of the names it goes by, or download it.

    Raises:
        UserError: it is not there and can't be had.
    """
    for name in (stem, f"{stem}.gz", stem.replace("-idx", ".idx"), stem.replace("-idx", ".idx") + ".gz"):
        if (folder / name).is_file():
            return folder / name
    target = folder / f"{stem}.gz"
    try:
        fetch([f"{address}{stem}.gz" for address in published.addresses], published.md5[stem], target)
    except UserError as error:
        names = ", ".join(f"{s}.gz" for pair in STEMS.values() for s in pair)
        raise UserError(
            f"{target}: not there, and not to be downloaded ({error}); put {names} into {folder}, "
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
