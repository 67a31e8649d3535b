"""The small language of sweeps: `FIELD=VALUES` lines, parsed and never evaluated.

`seed=0,1`, `beta_kl=0,1e-4,1e-3`, `seed=range(3)`: several lines make their cross product, the last line fastest.
"""

import ast
import dataclasses
import itertools
import re
from collections.abc import Sequence
from typing import Any

from vae_jax.config import Config, from_dict, leaf_fields
from vae_jax.errors import UserError, nearest

MOST_MEMBERS = 10_000


def expand(config: Config) -> list[Config]:
    """Return each member's settings, just as it would have them alone (without a sweep).

    Raises:
        UserError: a line can't be read, names no field or an ambiguous one, or gives a value that won't do.
    """
    alone = dataclasses.replace(config, sweep=())
    lines = [_parse_line(line) for line in config.sweep]
    names = [name for name, _ in lines]
    for name in names:
        if names.count(name) > 1:
            raise UserError(f"config.sweep: found {name} twice; give all its values in one line")
    total = 1
    for _, values in lines:
        total *= len(values)
    if total > MOST_MEMBERS:
        raise UserError(f"config.sweep: found {total:,} members; needs at most {MOST_MEMBERS:,}")
    members = []
    for combination in itertools.product(*(values for _, values in lines)):
        settings = dataclasses.asdict(alone)
        for name, value in zip(names, combination, strict=True):
            _put(settings, name, value)
        members.append(from_dict(settings))
    return members


def swept_fields(config: Config) -> list[str]:
    """Return the full names of the fields that a config sweeps."""
    return [_parse_line(line)[0] for line in config.sweep]


def _put(values: dict[str, Any], name: str, value: Any) -> None:
    *sections, last = name.split(".")
    for section in sections:
        values = values[section]
    values[last] = value


def _parse_line(line: str) -> tuple[str, list[Any]]:
    field, equals, text = line.partition("=")
    if not equals or not text.strip():
        raise UserError(f"config.sweep: found {line!r}; needs FIELD=VALUES such as seed=0,1")
    return _full_name(field.strip()), _parse_values(line, text.strip())


def _full_name(found: str) -> str:
    known = [name for name in leaf_fields() if name != "sweep"]
    if found in known:
        return found
    matches = [name for name in known if name.endswith(f".{found}")]
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise UserError(f"config.sweep: found field {found!r}; say which: {' or '.join(matches)}")
    last_names = [name.rpartition(".")[2] for name in known]
    raise UserError(f"config.sweep: found field {found!r}; no such field{nearest(found, known + last_names)}")


def _parse_values(line: str, text: str) -> list[Any]:
    ranged = re.fullmatch(r"range\((-?\d+)(?:,\s*(-?\d+))?\)", text)
    if ranged:
        bounds = [int(bound) for bound in ranged.groups() if bound is not None]
        if len(range(*bounds)) > MOST_MEMBERS:
            raise UserError(f"config.sweep: found {line!r}; needs at most {MOST_MEMBERS:,} values")
        values: Sequence[Any] = range(*bounds)
    else:
        values = [_literal(line, part.strip()) for part in text.split(",")]
    if not values:
        raise UserError(f"config.sweep: found no values in {line!r}; needs at least one")
    return list(values)


def _literal(line: str, part: str) -> Any:
    try:
        return ast.literal_eval(part)
    except (ValueError, SyntaxError):
        if re.fullmatch(r"[A-Za-z_]\w*", part):
            return part
        raise UserError(f"config.sweep: found {part!r} in {line!r}; needs a number or a name") from None
