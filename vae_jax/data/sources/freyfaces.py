"""Frey faces: 1,965 frames of a film of one face, 28×20 pixels (Roweis, Saul and Hinton 2002)."""

from pathlib import Path

import numpy as np
from jaxtyping import Bool

from vae_jax.config.schema import DataConfig
from vae_jax.core.errors import UserError
from vae_jax.core.plain_text import reason
from vae_jax.data.dataset import Dataset, Split, without_training_images

BLOCK = 20  # frames that are held out together, as neighbouring frames are nearly the same
SHAPE = (28, 20)


def load(config: DataConfig) -> Dataset:
    """Read `frey_rawface.mat` as published, or a `.npy` of frames, from the raw folder.

    Raises:
        UserError: there is no such file, or it holds something else.
    """
    raw = config.raw_folder
    folders = [folder for folder in (raw / "freyfaces", raw) if folder.is_dir()]
    found = [path for folder in folders for path in (folder / "frey_rawface.mat", *sorted(folder.glob("frey*.npy")))]
    path = next((path for path in found if path.is_file()), None)
    if path is None:
        raise UserError(
            f"{raw / 'freyfaces'}: found no frey_rawface.mat and no frey*.npy; put one there, "
            "or set config.data.raw_dir or VAE_JAX_RAW to its folder"
        )
    frames = _read_mat(path) if path.suffix == ".mat" else _read_npy(path)
    train, test = split_film(frames, config.test_fraction)
    dataset = Dataset("freyfaces", str(path), train, test, ("frey",))
    if not config.validation_fraction or not len(train):
        return dataset
    return without_training_images(dataset, held_frames(len(train), config.validation_fraction))


def _read_mat(path: Path) -> np.ndarray:
    from scipy.io import loadmat

    try:
        film = np.asarray(loadmat(path)["ff"])
    except Exception as error:  # scipy may raise anything on a damaged file
        raise UserError(f"{path}: not frey_rawface.mat as published ({reason(error)})") from None
    if film.ndim != 2 or film.shape[0] != SHAPE[0] * SHAPE[1] or not film.shape[1]:
        raise UserError(f"{path}: found an array of shape {film.shape}; needs 560 pixels by frames")
    if film.dtype.kind not in "uif" or not np.isin(film, np.arange(256)).all():
        raise UserError(f"{path}: found {film.dtype} pixels; needs whole numbers from 0 to 255")
    return film.T.reshape(-1, *SHAPE).astype(np.uint8)


def _read_npy(path: Path) -> np.ndarray:
    try:
        with path.open("rb") as file:
            film = np.lib.format.read_array(file, allow_pickle=False)
    except Exception as error:  # numpy may raise anything on a damaged header
        raise UserError(f"{path}: not a readable .npy file ({reason(error)})") from None
    if film.dtype != np.uint8 or film.shape[1:] != SHAPE or not len(film):
        raise UserError(f"{path}: found {film.dtype}{film.shape}; needs uint8 (frames, 28, 20)")
    return film


def split_film(frames: np.ndarray, test_fraction: float) -> tuple[Split, Split]:
    """Split a film into train and test, of which the test images are evenly spread blocks of frames.

    Args:
        frames: uint8 `[n, height, width]`, in the order of the film.
        test_fraction: the share of test images.
    """
    in_test = held_frames(len(frames), test_fraction)
    labels = np.zeros(len(frames), np.int32)
    train, test = (Split(frames[chosen, ..., None], labels[chosen]) for chosen in (~in_test, in_test))
    return train, test


def held_frames(count: int, fraction: float) -> Bool[np.ndarray, " n"]:
    """Choose evenly spread blocks of consecutive frames of a film; returns a mask over its frames."""
    blocks = np.arange(count) // BLOCK
    total = int(blocks[-1]) + 1
    held = np.unique(np.linspace(0, total - 1, max(1, round(fraction * total)) + 2).round()[1:-1])
    chosen: Bool[np.ndarray, " n"] = np.isin(blocks, held)
    return chosen
