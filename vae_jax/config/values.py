"""Values of fields: shown, typed and stored numbers agree to twelve significant digits."""

import dataclasses
from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np

Section = TypeVar("Section")  # a dataclass of settings

DIGITS = 12  # a float64 holds 15; training computes with a float32's 7


def rounded(value: float) -> float:
    """Round to twelve significant digits: 9.999999999999998 becomes 10."""
    return float(f"{value:.{DIGITS}g}")


def rounded_fields(section: Section) -> Section:
    """Return settings with every float rounded, nested sections included."""
    values = {name: _rounded_field(value) for name, value in vars(section).items()}
    return type(section)(**values)


def _rounded_field(value: Any) -> Any:
    if isinstance(value, float):
        return rounded(value)
    if isinstance(value, tuple):
        return tuple(map(_rounded_field, value))
    return rounded_fields(value) if dataclasses.is_dataclass(value) else value


def shown(value: Any) -> str:
    """Format a value as short as possible, such that it can be typed in a sweep."""
    return f"{value:.{DIGITS}g}" if isinstance(value, float) else str(value)


def alike(given: Any, held: Any) -> bool:
    """Whether a requested value equals the value of a field, to twelve digits.

    Args:
        given: a number, text, or a sequence of these, also as NumPy or JAX arrays; a float32 is compared as float32.
        held: the field's value.
    """
    if hasattr(given, "__array__"):
        array = np.asarray(given)
        if array.ndim:
            return alike(list(array), held)
        if array.dtype.kind == "f" and array.dtype.itemsize < 8:
            return isinstance(held, (int, float)) and bool(array == array.dtype.type(held))
        given = array.item()
    if isinstance(given, Sequence) and not isinstance(given, str):
        return isinstance(held, tuple) and len(given) == len(held) and all(map(alike, given, held))
    if isinstance(given, float) and isinstance(held, (int, float)):
        return rounded(given) == rounded(held)
    return bool(given == held) or (isinstance(held, float) and isinstance(given, int) and given == rounded(held))
