"""Splits given by the folders of a data set."""

import logging
from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool

from vae_jax.core.errors import UserError

log = logging.getLogger("vae_jax")


def held_out_as_given(keys: np.ndarray, splits: Sequence[str]) -> Bool[np.ndarray, " n"]:
    """Choose the test images by their folders, except those with a copy among the training images.

    Args:
        keys: `[n]`; images with the same key are copies, or nearly so.
        splits: `[n]`; `test`, or another word for training images.

    Returns:
        `[n]`, whether each is a test image.

    Raises:
        UserError: there are no training or no test images.
    """
    wanted = np.array(splits) == "test"
    in_test: Bool[np.ndarray, " n"] = wanted & ~np.isin(keys, keys[~wanted])
    if moved := int((wanted & ~in_test).sum()):
        log.warning(
            "%s pictures of the test folder are copies of training pictures, or nearly: trained on", f"{moved:,}"
        )
    if in_test.all() or not in_test.any():
        side = "training" if in_test.all() else "test"
        raise UserError(
            f"found no {side} pictures of their own in the folders; needs some, or config.data.layout=classes"
        )
    return in_test
