"""Values of fields: what is shown, typed and stored is the same number to twelve significant digits."""

import dataclasses
from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np

Section = TypeVar("Section")  # a dataclass of settings

DIGITS = 12  # a float64 holds 15; training computes with a float32's 7


def rounded(value: float) -> float:
    """Return the shortest decimal that is right to twelve significant digits: 9.999999999999998 becomes 10."""
    return float(f"{value:.{DIGITS}g}")


def rounded_fields(section: Section) -> Section:
    """Return settings in which every float is rounded, those of their sections too."""
    values = {name: _rounded_field(value) for name, value in vars(section).items()}
    return type(section)(**values)


def _rounded_field(value: Any) -> Any:
    if isinstance(value, float):
        return rounded(value)
    if isinstance(value, tuple):
        return tuple(map(_rounded_field, value))
    return rounded_fields(value) if dataclasses.is_dataclass(value) else value


def shown(value: Any) -> str:
    """Write a value as shortly as it can be read, and as it can be typed again."""
    return f"{value:.{DIGITS}g}" if isinstance(value, float) else str(value)


def alike(given: Any, held: Any) -> bool:
    """Say whether a value that someone asks for is the one that a field holds.

    Args:
        given: a number, text, or a sequence of such, NumPy's and JAX's too; a float32 is compared as one.
        held: the field's.
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
