"""The fields of a config by full or short name: values, roles, and differences between two configs."""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any

from vae_jax.config.checks import Role
from vae_jax.config.parts import PartSettings, all_settings
from vae_jax.config.schema import Config
from vae_jax.core.registry import KINDS, registered


def differences(before: Config, now: Config, *roles: Role) -> Iterator[str]:
    """Yield `field: before -> now` for each field that differs, only for certain roles if any are given."""
    flat_before, flat_now = _flat(before), _flat(now)
    for name, value in flat_before.items():
        if flat_now[name] != value and (not roles or _role(name) in roles):
            yield f"{name}: {value!r} -> {flat_now[name]!r}"


def fields_of(*roles: Role) -> list[str]:
    """Return the full names of the fields that have one of these roles."""
    return [name for name in leaf_fields() if _role(name) in roles]


def adopt(config: Config, source: Config, names: Iterable[str]) -> Config:
    """Return a config with some fields' values, by their full names, copied from another.

    If a setting of a part is named, the settings of all parts of its section are copied.
    """
    changes: dict[str, Any] = {}
    sections = set()
    for name in names:
        section, _, last = name.rpartition(".")
        if "." in section:
            sections.add(section.partition(".")[0])
        elif section:
            changed = changes.get(section, getattr(config, section))
            changes[section] = dataclasses.replace(changed, **{last: getattr(getattr(source, section), last)})
        else:
            changes[last] = getattr(source, last)
    if sections:
        kept = [entry for entry in config.parts.changed if entry[0][0] not in sections]
        copied = [entry for entry in source.parts.changed if entry[0][0] in sections]
        changes["parts"] = PartSettings(tuple(sorted((*kept, *copied), key=lambda entry: entry[0])))
    return dataclasses.replace(config, **changes)


def _role(name: str) -> Role:
    """Return the role of a field; settings of parts are learned, or concern trained models only."""
    of_trained = {kind.section for kind in KINDS.values() if not kind.trains}
    of_part = Role.EVALUATED if name.partition(".")[0] in of_trained and name.count(".") > 1 else Role.LEARNED
    return _roles().get(name, of_part)


@cache
def _roles() -> dict[str, Role]:
    """Return the role of every field except those of parts."""
    return {name: metadata.get("role", Role.LEARNED) for name, _, metadata in walk(Config())}


def leaf_fields() -> Sequence[str]:
    """Return the full name of every field, such as `model.latent_dim`."""
    return _leaf_fields(registered())


@lru_cache(4)
def _leaf_fields(changes: tuple[int, ...]) -> Sequence[str]:
    del changes
    return tuple(_flat(Config()))


def short_name(name: str) -> str:
    """Return the last part of a field's full name where that is unambiguous, else the full name."""
    last = name.rpartition(".")[2]
    return last if named(last) == [name] else name


def named(last: str) -> list[str]:
    """Return the full names of the fields with this last part; settings of parts only if no other field has it."""
    names = [name for name in leaf_fields() if name.rpartition(".")[2] == last]
    return [name for name in names if name.count(".") < 2] or names


def field_of(config: Config, name: str) -> Any:
    """Return the value of a field by its full name."""
    return _flat(config)[name]


def walk(section: Any, prefix: str = "") -> Iterator[tuple[str, Any, Mapping[str, Any]]]:
    """Yield the full name, value and metadata of each field of settings, nested sections included, without parts."""
    for entry in dataclasses.fields(section):
        value = getattr(section, entry.name)
        if not dataclasses.is_dataclass(value):
            yield f"{prefix}{entry.name}", value, entry.metadata
        elif not isinstance(value, PartSettings):
            yield from walk(value, f"{prefix}{entry.name}.")


def _flat(config: Config) -> dict[str, Any]:
    """Return the value of every field by full name, settings of all parts included."""
    values = {name: value for name, value, _ in walk(config)}
    for (section, name), settings in all_settings(config.parts).items():
        values |= {field: value for field, value, _ in walk(settings, f"{section}.{name}.")}
    return values
