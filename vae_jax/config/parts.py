"""The settings of registered parts: a config section for each kind, with one section for each part with settings."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ml_collections import ConfigDict

from vae_jax.config.checks import checked_section
from vae_jax.core.errors import UserError, nearest
from vae_jax.core.registry import KINDS, registered, registry_of


@dataclass(frozen=True)
class PartSettings:
    """Settings of parts that differ from their defaults, by section and name; hashable, as keys of programs must be.

    Attributes:
        changed: `((section, name), settings)`, in the order of the names.
    """

    changed: tuple[tuple[tuple[str, str], Any], ...] = ()


def settings_class(part: Any) -> type[Any] | None:
    """Return the dataclass of a part's own settings: its attribute `Settings`, or itself; None where it has none."""
    if isinstance(part, type) and dataclasses.is_dataclass(part):
        return part
    found: type[Any] | None = getattr(part, "Settings", None)
    return found


def default_settings() -> Mapping[tuple[str, str], Any]:
    """Return the default settings of every registered part that has some, by section and name."""
    return _default_settings(registered())


@lru_cache(4)
def _default_settings(changes: tuple[int, ...]) -> Mapping[tuple[str, str], Any]:
    del changes
    found = {}
    for kind, of in KINDS.items():
        for name, part in registry_of(kind).items():
            if (own := settings_class(part)) is not None:
                found[of.section, name] = own()
    return found


def all_settings(parts: PartSettings) -> dict[tuple[str, str], Any]:
    """Return the settings of every registered part that has some, by section and name."""
    return {**default_settings(), **dict(parts.changed)}


def part_sections() -> list[str]:
    """Return the config sections of the kinds that have parts with settings."""
    return list(dict.fromkeys(section for section, _ in default_settings()))


def checked_parts(values: Mapping[str, Any]) -> PartSettings:
    """Make settings from nested dicts, `{section: {name: {field: value}}}`; missing parts have their defaults.

    Raises:
        UserError: a part or a field is unknown, or a value can't be used.
    """
    defaults, changed = default_settings(), {}
    for section, named in values.items():
        known = [name for where, name in defaults if where == section]
        if not isinstance(named, (ConfigDict, dict)):
            raise UserError(f"config.{section}: found {named!r}; needs the parts {', '.join(known)}")
        for name, found in named.items():
            if name not in known:
                raise UserError(
                    f"config.{section}.{name}: no such part; known are {', '.join(known)}{nearest(name, known)}; "
                    "a part of yours is known once its module is imported (--import=FILE)"
                )
            kind = type(defaults[section, name])
            if not isinstance(found, (ConfigDict, dict)):
                fields = ", ".join(field.name for field in dataclasses.fields(kind))
                raise UserError(f"config.{section}.{name}: found {found!r}; needs the fields {fields}")
            complete = {**dataclasses.asdict(defaults[section, name]), **dict(found)}
            settings = checked_section(kind, complete, f"config.{section}.{name}")
            if settings != defaults[section, name]:
                changed[section, name] = settings
    return PartSettings(tuple(sorted(changed.items(), key=lambda item: item[0])))


def chosen_part(config: Any, kind: str) -> str:
    """Return the name of the part of a kind that a config chooses."""
    section, last = KINDS[kind].field.split(".")
    name: str = getattr(getattr(config, section), last)
    return name


def chosen_parts(config: Any) -> dict[str, str]:
    """Return the name of the part of each kind that a config chooses, by kind."""
    return {kind: chosen_part(config, kind) for kind in KINDS}


def settings_of(config: Any, kind: str) -> Any:
    """Return the settings of the part of a kind that a config chooses; None where it has none of its own."""
    section, name = KINDS[kind].section, chosen_part(config, kind)
    changed = dict(config.parts.changed)
    if (section, name) in changed:
        return changed[section, name]
    own = settings_class(registry_of(kind)[name])
    return None if own is None else own()


def without_unused(config: Any, *, trains: bool = False) -> PartSettings:
    """Return the settings of the chosen parts only: those of others don't affect a member.

    Args:
        config: the member's settings.
        trains: leave out also those of parts that training does not depend on.
    """
    kinds = [kind for kind, of in KINDS.items() if of.trains or not trains]
    used = {(KINDS[kind].section, chosen_part(config, kind)) for kind in kinds}
    return PartSettings(tuple((key, value) for key, value in config.parts.changed if key in used))
