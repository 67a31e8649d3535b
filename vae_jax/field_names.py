"""Every field of a config by its name, full or short: what it holds, and in which ones two configs differ."""

import dataclasses
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from vae_jax.config import Config
from vae_jax.part_settings import PartSettings, all_settings


def differences(before: Config, now: Config) -> Iterator[str]:
    """Yield `field: before -> now` for each field that differs."""
    flat_before, flat_now = dict(_flat(before)), dict(_flat(now))
    for name, value in flat_before.items():
        if flat_now[name] != value:
            yield f"{name}: {value!r} -> {flat_now[name]!r}"


def leaf_fields() -> list[str]:
    """Return the full name of every field, such as `model.latent_dim`."""
    return [name for name, _ in _flat(Config())]


def short_name(name: str) -> str:
    """Return the last part of a field's full name where that says which is meant, else the full name."""
    last = name.rpartition(".")[2]
    return last if sum(each.rpartition(".")[2] == last for each in leaf_fields()) == 1 else name


def field_of(config: Config, name: str) -> Any:
    """Return the value of the field of that full name."""
    return dict(_flat(config))[name]


def _flat(section: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for entry in fields(section):
        value = getattr(section, entry.name)
        if isinstance(value, PartSettings):
            for (kind, name), settings in all_settings(value).items():
                yield from _flat(settings, f"{kind}.{name}.")
        elif dataclasses.is_dataclass(value):
            yield from _flat(value, f"{prefix}{entry.name}.")
        else:
            yield f"{prefix}{entry.name}", value
