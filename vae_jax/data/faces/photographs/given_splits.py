"""Splits that the folders of a data set already say."""

import logging
from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool

from vae_jax.core.errors import UserError

log = logging.getLogger("vae_jax")


def held_out_as_given(keys: np.ndarray, splits: Sequence[str]) -> Bool[np.ndarray, " n"]:
    """Choose the images to be evaluated on as their folders say, but none of which a copy is learned from.

    Args:
        keys: `[n]`; images of one key are copies, or nearly so.
        splits: `[n]`; `test`, or another word for those to learn from.

    Raises:
        UserError: nothing is left on one side.
    """
    wanted = np.array(splits) == "test"
    in_test: Bool[np.ndarray, " n"] = wanted & ~np.isin(keys, keys[~wanted])
    if moved := int((wanted & ~in_test).sum()):
        log.warning(
            "%s pictures of the test folder are copies of training pictures, or nearly: learned from", f"{moved:,}"
        )
    if in_test.all() or not in_test.any():
        side = "training" if in_test.all() else "test"
        raise UserError(
            f"found no {side} pictures of their own in the folders; needs some, or config.data.layout=classes"
        )
    return in_test
