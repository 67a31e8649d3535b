"""scikit-learn's bundled digits: 1,797 real handwritten digits of 8×8 pixels (UCI, Alpaydin and Kaynak 1998)."""

import numpy as np

from vae_jax.config import DataConfig
from vae_jax.data.dataset import Dataset, split_by_content


def load(config: DataConfig) -> Dataset:
    """Return the digits, 17 grey levels stretched over 0 to 255."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    images = np.round(bunch.images * (255 / 16)).astype(np.uint8)[..., None]
    train, test = split_by_content(images, bunch.target.astype(np.int32), config.test_fraction)
    return Dataset("digits", "scikit-learn's bundled handwritten digits", train, test, tuple("0123456789"))
