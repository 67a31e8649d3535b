"""Dataclass fields with limits, roles and tracing in their metadata, and the check of nested dicts against them."""

import dataclasses
import math
from collections.abc import Collection
from dataclasses import field, fields
from enum import Enum
from typing import Any, TypedDict, Unpack

import ml_collections
import numpy as np

from vae_jax.core.errors import UserError, nearest

# Training computes in 32 bits: numbers that these can't hold are refused in every field.
LARGEST_WHOLE = int(np.iinfo(np.int32).max)
SMALLEST, LARGEST = float(np.finfo(np.float32).tiny), float(np.finfo(np.float32).max)


class Role(Enum):
    """What a field affects. A run can only be continued with the same values of its LEARNED fields."""

    LEARNED = "what is learned depends on it"
    EXTENT = "how far the run goes: it may grow"
    PLACE = "where files lie: the fingerprint of the images says whether they are the same"
    UPKEEP = "how often something is kept, evaluated or logged, and how much is computed at once"
    PICTURES = "what is drawn"
    EVALUATED = "what is computed of a trained model at the end"


# How a field's value reaches a compiled program. Static values (none of these) shape it.
NUMBER, SIZE, CHOICE = "number", "size", "choice"


class Limits(TypedDict, total=False):
    """`low <= number <= high` and `above < number < below`.

    `above` and `below` also hold for the number rounded to 32 bits. Whole numbers without `high` fit into 32 bits.
    """

    low: float
    above: float
    high: float
    below: float


def limited(default: Any, *, role: Role = Role.LEARNED, **limits: Unpack[Limits]) -> Any:
    """A static number, or a tuple of whole numbers, within limits."""
    return field(default=default, metadata={**limits, "role": role})


def unlimited(default: Any, *, role: Role) -> Any:
    """Any value of the default's type."""
    return field(default=default, metadata={"role": role})


def number(default: Any, *, off: float | None = None, dtype: str | None = None, **limits: Unpack[Limits]) -> Any:
    """A traced number: members of one program may differ in it.

    Args:
        default: its type is the number's.
        off: 0 where a program omits at 0 what the number controls; members with 0 then have a program of their own.
        dtype: of its array; None means float32 or int32, by the default.
        limits: see `Limits`.
    """
    dtype = dtype or ("float32" if isinstance(default, float) else "int32")
    return field(default=default, metadata={**limits, "traced": NUMBER, "off": off, "dtype": dtype})


def size(default: int, *, low: int = 1, high: int | None = None) -> Any:
    """A traced count: a program has as many units as its largest member; each member uses the first of them."""
    return field(default=default, metadata={"low": low, "high": high, "traced": SIZE, "off": None, "dtype": "int32"})


def is_off(value: Any) -> bool:
    """Whether a number with an `off` value is off; a traced array never is, as its program computes that part."""
    return isinstance(value, (int, float)) and value == 0


def one_of(default: str, *choices: str) -> Any:
    """A static name from a closed list (open lists are registries)."""
    return field(default=default, metadata={"choices": choices})


def traced_choice(default: str, *choices: str) -> Any:
    """A name from a list, traced as its index; without choices the list is a registry."""
    named = {"choices": choices} if choices else {}
    return field(default=default, metadata={**named, "traced": CHOICE, "off": None, "dtype": "int32"})


def checked_section(
    kind: Any, found: Any, path: str, *, leave_out: Collection[str] = (), more: Collection[str] = ()
) -> Any:
    """Make a dataclass from nested dicts.

    Args:
        kind: the dataclass.
        found: a dict with all of its fields; nested dataclasses are dicts too.
        path: its name in errors.
        leave_out: fields that keep their defaults.
        more: other known sections, named in errors.

    Raises:
        UserError: a field is unknown, missing, of another type or out of its limits.
    """
    if not isinstance(found, (ml_collections.ConfigDict, dict)):
        raise UserError(f"{path}: found {found!r}; needs the fields {', '.join(f.name for f in fields(kind))}")
    known = {entry.name: entry for entry in fields(kind) if entry.name not in leave_out}
    for name in found:
        if name not in known:
            all_names = [*known, *more]
            raise UserError(f"{path}.{name}: no such field; known are {', '.join(all_names)}{nearest(name, all_names)}")
    values = {}
    for name, entry in known.items():
        if name not in found:
            raise UserError(f"{path}.{name}: missing; start the config from vae_jax.config.default_config()")
        default, here = entry.default, f"{path}.{name}"
        if dataclasses.is_dataclass(default):
            values[name] = checked_section(type(default), found[name], here)
        else:
            values[name] = _checked_value(default, found[name], here, entry.metadata)
    return kind(**values)


def _checked_value(default: Any, found: Any, path: str, limits: Any) -> Any:
    if isinstance(default, tuple):
        if isinstance(found, str) or not isinstance(found, (tuple, list)):
            raise UserError(f"{path}: found {found!r}; needs a tuple such as {default or (200, 100)!r}")
        element = 1 if limits.keys() & Limits.__annotations__ else default[0] if default else ""
        return tuple(_checked_value(element, item, f"{path}[{k}]", limits) for k, item in enumerate(found))
    if isinstance(default, float) and isinstance(found, int) and not isinstance(found, bool):
        found = float(found) if abs(found) < 2**1023 else math.inf if found > 0 else -math.inf
    if type(found) is not type(default):
        raise UserError(f"{path}: found {found!r} ({type(found).__name__}); needs {KINDS[type(default)]}")
    if isinstance(found, float):
        _check_held(found, path)
    _check_limits(found, path, limits)
    return found


KINDS = {int: "a whole number", float: "a number", str: "a text", bool: "True or False"}


def _check_held(found: float, path: str) -> None:
    """Make sure that 32 bits can hold a number."""
    if not math.isfinite(found):
        raise UserError(f"{path}: found {found}; needs a finite number")
    if abs(found) > LARGEST:
        raise UserError(f"{path}: found {found}, which is infinite in 32 bits; needs at most {LARGEST:.2g}")
    if 0 < abs(found) < SMALLEST:
        raise UserError(f"{path}: found {found}, which is 0 in 32 bits; needs at least {SMALLEST:.2g}")


def _check_limits(found: Any, path: str, limits: Any) -> None:
    if "choices" in limits and found not in limits["choices"]:
        choices = limits["choices"]
        raise UserError(f"{path}: found {found!r}; needs one of {', '.join(choices)}{nearest(found, choices)}")
    low, above, high, below = map(limits.get, ("low", "above", "high", "below"))
    if high is None and type(found) is int:
        high = LARGEST_WHOLE
    if low is not None and found < low:
        raise UserError(f"{path}: found {found}; needs at least {low}")
    if above is not None and found <= above:
        raise UserError(f"{path}: found {found}; needs more than {above}")
    if high is not None and found > high:
        raise UserError(f"{path}: found {found}; needs at most {high:,}")
    if below is not None and np.float32(found) >= below:
        raise UserError(f"{path}: found {found}; needs less than {below}, in 32 bits too")
