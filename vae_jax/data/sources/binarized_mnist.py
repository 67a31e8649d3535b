"""Larochelle's fixed binarisation of MNIST (Salakhutdinov and Murray 2008; Larochelle and Murray 2011).

Each pixel was drawn once, white with its grey value as the probability. The images are not in the order of MNIST's
files, and have no labels.
"""

import hashlib
import logging
from functools import cache
from pathlib import Path

import numpy as np

from vae_jax.config.schema import DataConfig
from vae_jax.core.errors import UserError
from vae_jax.core.user_paths import from_home
from vae_jax.data.dataset import NO_IMAGES, Dataset, Split
from vae_jax.data.downloads import fetch
from vae_jax.data.formats.amat import read_amat
from vae_jax.data.formats.prepared_arrays import Arrays, prepared

log = logging.getLogger("vae_jax")

NAME, SHAPE = "binarized_mnist", (28, 28, 1)
ADDRESS = "http://www.cs.toronto.edu/~larocheh/public/datasets/binarized_mnist/"
ROWS = {"train": 50_000, "valid": 10_000, "test": 10_000}
# Of the unpacked files, as in `checksums.tsv` of TFDS's binarized_mnist.
SHA256 = {
    "train": "ad693b29f94c14277b095f5238ddefbbdaaae0939789dd2f4f0205278cee3e4d",
    "valid": "1de3d397c40fe8eeb33dafd4099a1f665ec01e96d9be234aaeeac8a34930e2e2",
    "test": "e6687bfea3f820c174f33b7865140b2a2dd2930ef786f35d45795fc193b5ab2c",
}


def load(config: DataConfig) -> Dataset:
    """Read the three `.amat` or `.amat.gz` files from the raw folder, prepared once.

    Missing files are downloaded to `downloads` in the prepared folder; nothing is written into the raw folder. With any
    `validation_fraction` above 0 the validation file is the validation split; else it is trained on too, after the
    training file.

    Raises:
        UserError: the given raw folder doesn't exist; a file is missing and can't be downloaded, or is damaged.
    """
    raw = config.raw_folder
    if config.raw_folder_named and not raw.is_dir():
        raise UserError(
            f"{raw}: no such folder; needs the .amat files of {NAME}, or leave config.data.raw_dir and VAE_JAX_RAW "
            "unset, and they are downloaded"
        )
    files = {split: _locate(split, config) for split in ROWS}
    key = hashlib.sha256(repr([_checksum(path) for path in files.values()]).encode()).hexdigest()[:16]

    @cache
    def read() -> Arrays:
        log.info("preparing %s (once)", NAME)
        return {
            split: 255 * read_amat(path, ROWS[split], SHAPE[0] * SHAPE[1]).reshape(-1, *SHAPE)
            for split, path in files.items()
        }

    arrays = prepared(from_home(config.prepared_dir), NAME, key, read, check=read)
    train, validation, test = (Split(arrays[name], np.zeros(len(arrays[name]), np.int32)) for name in ROWS)
    if not config.validation_fraction:
        joined = np.concatenate([train.images, validation.images])
        train, validation = Split(joined, np.zeros(len(joined), np.int32)), NO_IMAGES
    places = " and ".join(dict.fromkeys(str(path.parent) for path in files.values()))
    return Dataset(NAME, f"amat files in {places}", train, test, ("digit",), validation=validation)


def _locate(split: str, config: DataConfig) -> Path:
    """Return the path of a file in the raw folder, or download it."""
    name, raw = f"binarized_mnist_{split}.amat", config.raw_folder
    places = [folder / each for folder in (raw / NAME, raw) for each in (name, f"{name}.gz")]
    if (found := next((path for path in places if path.is_file()), None)) is not None:
        return found
    target = config.prepared_folder / "downloads" / NAME / name
    try:
        fetch([ADDRESS + name], SHA256[split], target)
    except UserError as error:
        names = ", ".join(f"binarized_mnist_{each}.amat" for each in ROWS)
        raise UserError(
            f"{places[0]}: no such file, and it can't be downloaded ({error}); put {names} (or .amat.gz) into "
            f"{raw / NAME}, or set config.data.raw_dir or VAE_JAX_RAW to the folder that holds them"
        ) from None
    return target


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
