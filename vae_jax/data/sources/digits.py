"""scikit-learn's bundled digits: 1,797 real handwritten digits of 8×8 pixels (UCI, Alpaydin and Kaynak 1998)."""

from importlib.metadata import distribution

import numpy as np
from jaxtyping import Float

from vae_jax.config.schema import DataConfig
from vae_jax.data.dataset import Dataset, split_by_content

SIDE, BRIGHTEST = 8, 16
TABLE = "sklearn/datasets/data/digits.csv.gz"


def load(config: DataConfig) -> Dataset:
    """Return the digits, 17 grey levels stretched over 0 to 255."""
    table = read_table()
    levels = table[:, :-1].reshape(-1, SIDE, SIDE, 1)
    images = np.round(levels * (255 / BRIGHTEST)).astype(np.uint8)
    train, test = split_by_content(images, table[:, -1].astype(np.int32), config.test_fraction)
    return Dataset("digits", "scikit-learn's bundled handwritten digits", train, test, tuple("0123456789"))


def read_table() -> Float[np.ndarray, "n columns"]:
    """Read the table of scikit-learn: a digit a row, its pixels and then its class.

    Importing scikit-learn for `load_digits` would take as long as everything else before the first step.
    """
    return np.loadtxt(str(distribution("scikit-learn").locate_file(TABLE)), delimiter=",")
