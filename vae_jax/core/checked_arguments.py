"""Checks of the arguments that callers in Python pass: a clear line for each that can't be used."""

import operator
import reprlib
import sys
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8

from vae_jax.core.errors import UserError


def checked_whole(name: str, found: Any, low: int, high: int) -> int:
    """Return a whole number from `low` to `high`.

    Raises:
        UserError: `found` is something else.
    """
    try:
        number = operator.index(found)
    except TypeError:
        number = None
    if number is None or isinstance(found, (bool, np.bool_)) or not low <= number <= high:
        wanted = f"from {low:,} to {high:,}" if high < sys.maxsize else f"of at least {low:,}"
        raise UserError(f"{name}: found {found!r}; needs a whole number {wanted}")
    return number


def checked_image(name: str, found: Any, size: tuple[int, int, int]) -> UInt8[np.ndarray, "height width channels"]:
    """Return one image as an array, `[height, width, channels]`; see `checked_images`."""
    given = checked_array(name, found)
    if given.dtype != np.uint8 or given.shape != size:
        raise UserError(f"{name}: found {given.dtype} {given.shape}; needs uint8 {size}")
    return given


def checked_images(name: str, found: Any, size: tuple[int, int, int]) -> UInt8[np.ndarray, "n height width channels"]:
    """Return images as an array.

    Args:
        name: of the argument, for the error.
        found: uint8 `[n, height, width, channels]`, `n` of 1 or more.
        size: height, width, channels.

    Raises:
        UserError: `found` is something else.
    """
    given = checked_array(name, found)
    if given.dtype != np.uint8 or given.shape[1:] != size or not len(given):
        wanted = ", ".join(map(str, size))
        raise UserError(f"{name}: found {given.dtype} {given.shape}; needs uint8 (n, {wanted}) with n of 1 or more")
    return given


def checked_points(name: str, found: Any, latent: int) -> Float[np.ndarray, "*shape latent"]:
    """Return points of the latent space as an array of float32.

    Args:
        name: of the argument, for the error.
        found: finite numbers, `[..., latent]`, at least one point.
        latent: number of latent units.

    Raises:
        UserError: `found` is something else.
    """
    given = checked_array(name, found)
    if given.dtype.kind not in "iuf" or not given.ndim or given.shape[-1] != latent or not given.size:
        raise UserError(f"{name}: found {given.dtype} {given.shape}; needs numbers (..., {latent}), one point or more")
    with np.errstate(over="ignore"):
        points = given.astype(np.float32)
    if not np.isfinite(points).all():
        wrong = given[~np.isfinite(points)][0]
        raise UserError(f"{name}: found {wrong}; needs finite numbers, as float32")
    return points


def checked_array(name: str, found: Any) -> np.ndarray:
    """Return numbers as an array.

    Raises:
        UserError: no array of numbers can be made of `found`.
    """
    try:
        given = np.asarray(found)
    except Exception:  # an object of another library may raise anything
        raise UserError(
            f"{name}: found {type(found).__name__}, which can't be converted to an array; needs one"
        ) from None
    if given.dtype.kind not in "biufc":
        raise UserError(f"{name}: found {type(found).__name__} {reprlib.repr(found)}; needs an array of numbers")
    return given
