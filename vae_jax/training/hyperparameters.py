"""The hyperparameters of members: every traced field of their settings, as arrays with a members axis.

A field's metadata says whether it is traced (`vae_jax.config.checks`); there is no other list.
"""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Shaped

from vae_jax.config.checks import CHOICE, NUMBER, is_off
from vae_jax.config.fields import walk
from vae_jax.config.parts import PartSettings, chosen_part, settings_of
from vae_jax.config.schema import Config
from vae_jax.core.registry import KINDS, registry_of
from vae_jax.core.units import Units
from vae_jax.schedules import rates, warmups
from vae_jax.training.spec import Spec

# By the full name of the field, such as `objective.beta_kl`: `[members]`, or a scalar inside a program.
Hyperparameters = dict[str, Shaped[Array, "*members"]]

Section = TypeVar("Section")


def hyperparameters_of(configs: Sequence[Config], steps_per_epoch: int) -> Hyperparameters:
    """Collect the hyperparameters of several members; lengths relative to the run become steps."""
    tables = []
    for config in configs:
        total = config.train.epochs * steps_per_epoch
        tables.append(dict(_traced(rates.with_lengths(warmups.with_lengths(config, total), total))))
    return {
        name: jnp.asarray(np.array([table[name][0] for table in tables], np.dtype(dtype)))
        for name, (_, dtype) in tables[0].items()
    }


def _traced(config: Config) -> Iterator[tuple[str, tuple[float, str]]]:
    """Yield each traced field's name, its number and the type of its array."""
    sections = [(config, "")]
    for kind, of in KINDS.items():
        if of.trains and (settings := settings_of(config, kind)) is not None:
            sections.append((settings, f"{of.section}.{chosen_part(config, kind)}."))
    for name, value, metadata in (found for settings, prefix in sections for found in walk(settings, prefix)):
        traced = metadata.get("traced")
        if traced and not (metadata["off"] is not None and is_off(value)):
            yield name, (_index(name, value, metadata) if traced == CHOICE else value, metadata["dtype"])


def _index(name: str, value: str, metadata: Mapping[str, Any]) -> int:
    """Return the index of a choice in its list, or in its registry."""
    if "choices" in metadata:
        return list(metadata["choices"]).index(value)
    registry = registry_of(next(kind for kind, of in KINDS.items() if of.field == name))
    _ = registry[value]  # an unknown name is a UserError
    return list(registry).index(value)


def bound(settings: Config, numbers: Hyperparameters) -> Config:
    """Return a spec's settings with one member's hyperparameters, for building parts inside a program.

    Sizes of parts become `Units`; `model.latent_dim` stays that of the largest member.
    """
    parts = {}
    for kind, of in KINDS.items():
        own = settings_of(settings, kind)
        if own is not None:
            name = chosen_part(settings, kind)
            parts[of.section, name] = _bound(own, f"{of.section}.{name}.", numbers)
    whole = _bound(settings, "", numbers)
    return dataclasses.replace(whole, parts=PartSettings(tuple(parts.items())))


def _bound(section: Section, prefix: str, numbers: Hyperparameters) -> Section:
    changed: dict[str, Any] = {}
    for entry in dataclasses.fields(section):  # type: ignore[arg-type]
        value, name = getattr(section, entry.name), f"{prefix}{entry.name}"
        if dataclasses.is_dataclass(value) and not isinstance(value, PartSettings):
            changed[entry.name] = _bound(value, f"{name}.", numbers)
        elif name in numbers and name != "model.latent_dim":
            is_number = entry.metadata["traced"] in (NUMBER, CHOICE)
            changed[entry.name] = numbers[name] if is_number else Units(value, numbers[name])
    return dataclasses.replace(section, **changed)  # type: ignore[type-var]


def units_of(spec: Spec, numbers: Hyperparameters) -> Units:
    """Return a member's latent units, out of those of its program."""
    return Units(spec.latent_dim, numbers["model.latent_dim"])
