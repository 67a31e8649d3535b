"""The language of sweeps: lines are parsed, never evaluated as code.

A line is `FIELD=VALUES`, or `zip(FIELD=VALUES;FIELD=VALUES)` for fields that change together; the sweep is the cross
product of its lines, the last one changing fastest. A field is any config field, by its full name or its last part
where that is unambiguous. Values are literals and names separated by commas, `range(n)`, `range(a,b)`,
`linspace(a,b,n)` and `geom(a,b,n)`; tuples may be separated by `|`: `hidden=(200,)|(1000,500)`.
"""

import ast
import dataclasses
import itertools
import math
import re
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from vae_jax.config.fields import differences, field_of, leaf_fields, named
from vae_jax.config.parts import without_unused
from vae_jax.config.schema import Config, to_dict, validate
from vae_jax.config.values import rounded, rounded_fields
from vae_jax.core.errors import UserError, nearest

MOST_MEMBERS = 10_000

# One value of a line: of each of its fields, by full name.
Point = Mapping[str, Any]


def expand(config: Config) -> list[Config]:
    """Return each member's settings, as of a single run (without a sweep).

    Raises:
        UserError: a line can't be read, names an unknown or ambiguous field, or gives an invalid value.
    """
    axes = [_parse_line(line) for line in config.sweep]
    names = [name for axis in axes for name in axis[0]]
    for name in names:
        if names.count(name) > 1:
            raise UserError(f"config.sweep: found {name} twice; give all its values in one line")
    total = math.prod(len(axis) for axis in axes)
    if total > MOST_MEMBERS:
        raise UserError(f"config.sweep: found {total:,} members; needs at most {MOST_MEMBERS:,}")
    alone = dataclasses.replace(config, sweep=())
    members = []
    for points in itertools.product(*axes):
        settings = to_dict(alone)
        for name, value in (item for point in points for item in point.items()):
            _put(settings, name, value if not isinstance(value, float) else _whole(alone, name, value))
        members.append(validate(settings))
    _refuse_same(members, names)
    return members


def _refuse_same(members: Sequence[Config], names: Sequence[str]) -> None:
    """Make sure that no two members are the same; settings of parts that a member does not use don't count."""
    first: dict[Config, Config] = {}
    for member in members:
        before = first.setdefault(rounded_fields(dataclasses.replace(member, parts=without_unused(member))), member)
        if before is member:
            continue
        values = ", ".join(f"{name}={field_of(member, name)!r}" for name in names)
        unused = [line.partition(":")[0] for line in differences(rounded_fields(before), rounded_fields(member))]
        raise UserError(
            f"config.sweep: found the same member twice ({values}), as its parts have no {' and no '.join(unused)}; "
            "choose the part, or pair fields as in zip(posterior=diagonal_gaussian,iaf;posteriors.iaf.blocks=2,4)"
            if unused
            else f"config.sweep: found the same member twice ({values}); give every value once"
        )


def swept_fields(config: Config) -> list[str]:
    """Return the full names of the fields that a config sweeps."""
    return [name for line in config.sweep for name in _parse_line(line)[0]]


def parse_values(text: str) -> dict[str, Any]:
    """Read `FIELD=VALUE,FIELD=VALUE`, such as `beta_kl=1,latent_dim=50`, into values by full names.

    Raises:
        UserError: a part can't be read, or names an unknown or ambiguous field.
    """
    values = {}
    for part in _split(text, text, ",", "--where"):
        field, equals, value = part.partition("=")
        if not equals or not value.strip():
            raise UserError(f"--where: found {part.strip()!r}; needs FIELD=VALUE such as beta_kl=1")
        values[full_name(field.strip(), "--where")] = _literal(text, value.strip(), "--where")
    return values


def _whole(config: Config, name: str, value: float) -> Any:
    """Make the values of `geom(2,32,5)` whole numbers where the field holds whole numbers."""
    is_whole = math.isfinite(value) and abs(value - round(value)) < 1e-9 * max(1.0, abs(value))
    return round(value) if is_whole and type(field_of(config, name)) is int else value


def _put(values: dict[str, Any], name: str, value: Any) -> None:
    *sections, last = name.split(".")
    for section in sections:
        values = values[section]
    values[last] = value


def _parse_line(line: str) -> list[Point]:
    together = re.fullmatch(r"\s*zip\((.*)\)\s*", line, re.DOTALL)
    parts = _split(line, together[1], ";") if together else [line]
    columns: dict[str, list[Any]] = {}
    for part in parts:
        field, equals, text = part.partition("=")
        if not equals or not text.strip():
            raise UserError(f"config.sweep: found {part.strip()!r}; needs FIELD=VALUES such as seed=0,1")
        name = full_name(field.strip())
        if name in columns:
            raise UserError(f"config.sweep: found {name} twice in {line!r}; give all its values once")
        columns[name] = _parse_values(line, text.strip())
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        found = ", ".join(f"{length} for {name}" for name, length in lengths.items())
        raise UserError(f"config.sweep: found {found} in {line!r}; zip needs as many values for each field")
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def full_name(found: str, asked: str = "config.sweep") -> str:
    """Return the full name of a field from its full name or its last part.

    Args:
        found: such as `beta_kl`.
        asked: how the error line begins.

    Raises:
        UserError: there is no such field, or several.
    """
    known = [name for name in leaf_fields() if name != "sweep"]
    if found in known:
        return found
    matches = [name for name in named(found) if name in known]
    matches = matches or [name for name in known if name.endswith(f".{found}")]
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise UserError(f"{asked}: found field {found!r}; say which: {' or '.join(matches)}")
    last_names = [name.rpartition(".")[2] for name in known]
    raise UserError(f"{asked}: found field {found!r}; no such field{nearest(found, known + last_names)}")


def _parse_values(line: str, text: str) -> list[Any]:
    alternatives = _split(line, text, "|")
    parts = alternatives if len(alternatives) > 1 else _split(line, text, ",")
    values = [value for part in parts for value in _part_values(line, part.strip())]
    if not values:
        raise UserError(f"config.sweep: found no values in {line!r}; needs at least one")
    return values


def _split(line: str, text: str, separator: str, asked: str = "config.sweep") -> list[str]:
    """Split at the separators outside brackets."""
    parts, depth = [""], 0
    for character in text:
        depth += (character in "([") - (character in ")]")
        if character == separator and not depth:
            parts.append("")
        else:
            parts[-1] += character
    if depth:
        raise UserError(f"{asked}: found {line!r}; needs as many closing brackets as opening ones")
    return parts


def _part_values(line: str, part: str) -> Sequence[Any]:
    call = re.fullmatch(r"([A-Za-z_]\w*)\((.*)\)", part, re.DOTALL)
    if not call:
        return [_literal(line, part)]
    name, inside = call.groups()
    if name not in FUNCTIONS:
        raise UserError(
            f"config.sweep: found {name!r} in {line!r}; known are {', '.join(FUNCTIONS)}{nearest(name, FUNCTIONS)}"
        )
    numbers = [_literal(line, text.strip()) for text in inside.split(",")]
    usage, make = FUNCTIONS[name]
    if not all(type(number) is int or (type(number) is float and math.isfinite(number)) for number in numbers):
        raise UserError(f"config.sweep: found {part!r} in {line!r}; needs numbers: {usage}")
    try:
        values = make(*numbers)
        too_many = len(values) > MOST_MEMBERS
    except (TypeError, ValueError, OverflowError) as error:
        if name != "range" or not isinstance(error, OverflowError):
            raise UserError(f"config.sweep: found {part!r} in {line!r}; needs {usage}") from None
        too_many = True
    if too_many:
        raise UserError(f"config.sweep: found {part!r} in {line!r}; needs at most {MOST_MEMBERS:,} values")
    return values


def _linspace(first: float, last: float, count: int) -> Sequence[float]:
    a, b = (Fraction(repr(end)) for end in (first, last))  # exactly the decimals that were typed
    return _between(first, last, count, lambda t: float(a + (b - a) * t))


def _geom(first: float, last: float, count: int) -> Sequence[float]:
    if not first or not last or (first > 0) != (last > 0):
        raise ValueError("ends of one sign, not zero")
    sign = math.copysign(1, first)
    return _between(first, last, count, lambda t: sign * abs(first) ** float(1 - t) * abs(last) ** float(t))


def _between(first: float, last: float, count: int, value: Callable[[Fraction], float]) -> Sequence[float]:
    """Return both ends exactly, and the values between them rounded to twelve digits, as they are shown."""
    if type(count) is not int or count < 2:
        raise ValueError("at least two values")
    within = range(1, min(count, MOST_MEMBERS + 1) - 1)
    return [float(first), *(rounded(value(Fraction(k, count - 1))) for k in within), float(last)]


FUNCTIONS: Mapping[str, tuple[str, Callable[..., Sequence[Any]]]] = {
    "range": ("range(n) or range(a,b) of whole numbers", range),
    "linspace": ("linspace(a,b,n): n of 2 or more numbers from a to b", _linspace),
    "geom": ("geom(a,b,n): n of 2 or more numbers from a to b, both of one sign and not 0", _geom),
}


def _literal(line: str, part: str, asked: str = "config.sweep") -> Any:
    try:
        return ast.literal_eval(part)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        if re.fullmatch(r"[A-Za-z_]\w*", part):
            return part
        raise UserError(f"{asked}: found {part!r} in {line!r}; needs a number or a name") from None
