"""Registries of parts: the names that a config may choose, and what each stands for.

Each kind of part has one registry, in the package of its kind. `vae_jax.register` adds to it from outside.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from typing import Any, Generic, NamedTuple, TypeVar

from vae_jax.core.errors import UserError, nearest

T = TypeVar("T")


class Kind(NamedTuple):
    """A kind of part.

    Attributes:
        field: the config field that chooses a part of this kind.
        section: the config section that holds a section of settings for each part.
        registry: `module:NAME` of its registry.
        trains: whether what is learned depends on the choice; else it concerns trained models only.
    """

    field: str
    section: str
    registry: str
    trains: bool = True


KINDS: Mapping[str, Kind] = {
    "source": Kind("data.name", "sources", "vae_jax.data.sources.registry:SOURCES"),
    "contrast": Kind("data.contrast", "contrasts", "vae_jax.data.contrast:CONTRASTS"),
    "transform": Kind("data.binarise", "transforms", "vae_jax.data.transforms:TRANSFORMS"),
    "model": Kind("model.name", "models", "vae_jax.models.build:MODELS"),
    "encoder": Kind("model.encoder", "encoders", "vae_jax.models.encoders:ENCODERS"),
    "decoder": Kind("model.decoder", "decoders", "vae_jax.models.decoders:DECODERS"),
    "activation": Kind("model.activation", "activations", "vae_jax.models.dense:ACTIVATIONS"),
    "initialiser": Kind("model.init", "initialisers", "vae_jax.models.initialisers:INITIALISERS"),
    "posterior": Kind("model.posterior", "posteriors", "vae_jax.models.posteriors:POSTERIORS"),
    "prior": Kind("model.prior", "priors", "vae_jax.models.priors:PRIORS"),
    "likelihood": Kind("model.likelihood", "likelihoods", "vae_jax.models.likelihoods:LIKELIHOODS"),
    "objective": Kind("objective.name", "objectives", "vae_jax.objectives:OBJECTIVES"),
    "optimiser": Kind("optimiser.name", "optimisers", "vae_jax.optimisers:OPTIMISERS"),
    "schedule": Kind("objective.warmup", "schedules", "vae_jax.schedules.warmups:SCHEDULES"),
    "rate": Kind("optimiser.schedule", "rates", "vae_jax.schedules.rates:RATES"),
    "sampler": Kind("sampler.name", "samplers", "vae_jax.samplers:SAMPLERS", trains=False),
}

# Kinds of which no config field chooses a part: `module:NAME` of their registries.
UNCHOSEN: Mapping[str, str] = {"path": "vae_jax.interpolation.paths:PATHS", "figure": "vae_jax.figures.gallery:FIGURES"}


class Origin(NamedTuple):
    """The code that registered a part.

    Attributes:
        module: its name; `__main__` in a notebook.
        file: its path; '' where it has none, as in a notebook.
    """

    module: str
    file: str

    @property
    def named(self) -> str:
        """A name for error messages: the file, the module or `a notebook`."""
        if "." in self.module or not self.file:
            return "a notebook" if self.module == "__main__" else self.module
        return self.file


class Registry(Mapping[str, T], Generic[T]):
    """A mapping from the names that one config field may hold to parts.

    Looking up an unknown name raises a `UserError` that names the field and the choices.
    """

    def __init__(self, field: str, entries: Mapping[str, T], families: Mapping[str, T] | None = None) -> None:
        """Make a registry.

        Args:
            field: the config field.
            entries: parts by name.
            families: parts by prefix, such as `tfds:`; each serves all names with the prefix.
        """
        self.field = field
        self._entries = dict(entries)
        self._families = dict(families or {})
        self.changes = 0  # a count, by which callers know that what they cached is out of date
        self._origins: dict[str, Origin] = {}  # of the parts added from outside

    def __getitem__(self, name: str) -> T:
        if (prefix := self._family(name)) is not None:
            return self._families[prefix]
        if not isinstance(name, str) or name not in self._entries:
            choices = ", ".join([*sorted(self._entries), *(f"{prefix}NAME" for prefix in self._families)])
            raise UserError(f"{self.field}: found {name!r}; known are {choices}{nearest(str(name), self._entries)}")
        return self._entries[name]

    def __contains__(self, name: object) -> bool:
        return name in self._entries or self._family(name) is not None

    def _family(self, name: object) -> str | None:
        """Return the prefix of the name's family, if it has one."""
        return next((p for p in self._families if isinstance(name, str) and name.startswith(p)), None)

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, name: str, part: T, origin: Origin) -> None:
        """Add a part; it replaces one of the same origin, as when a notebook's cell is run again.

        Raises:
            UserError: a part of another origin has the name.
        """
        if name in self._entries and not self._is_of(name, origin):
            owner = self._origins[name].named if name in self._origins else "vae_jax"
            raise UserError(f"register: {self.field}={name} is a part of {owner} already; use another name")
        self.changes += 1
        self._entries[name] = part
        self._origins[name] = origin

    def _is_of(self, name: str, origin: Origin) -> bool:
        before = self._origins.get(name)
        if before and before.file and origin.file:
            return before.file == origin.file
        return before == origin

    def origin(self, name: str) -> Origin | None:
        """Return the origin of a part that was registered from outside; None for the package's own."""
        return self._origins.get(name)

    def forget(self, name: str) -> None:
        """Remove a part that was registered from outside."""
        self.changes += 1
        del self._origins[name], self._entries[name]

    def from_outside(self) -> dict[str, T]:
        """Return the parts that were registered from outside."""
        return {name: self._entries[name] for name in self._origins}


def registered() -> tuple[int, ...]:
    """Return how often each registry changed; equal results mean the same parts."""
    return tuple(_found(kind).changes for kind in KINDS)


def registry_of(kind: str) -> Registry[Any]:
    """Return the registry of a kind.

    Raises:
        UserError: there is no such kind.
    """
    if kind not in KINDS and kind not in UNCHOSEN:
        known = [*KINDS, *UNCHOSEN]
        raise UserError(f"register: found the kind {kind!r}; known are {', '.join(known)}{nearest(str(kind), known)}")
    return _found(kind)


@cache
def _found(kind: str) -> Registry[Any]:
    module, _, name = (KINDS[kind].registry if kind in KINDS else UNCHOSEN[kind]).partition(":")
    registry: Registry[Any] = getattr(import_module(module), name)
    return registry
