"""Parts by name: what a config may say, and what it stands for.

Each kind of part has one registry, in the room of its kind. `register` adds to it, from the package or from outside.
"""

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import Any, Generic, NamedTuple, TypeVar

from vae_jax.errors import UserError, nearest

T = TypeVar("T")


class Kind(NamedTuple):
    """A kind of part.

    Attributes:
        field: the config field that chooses a part of this kind.
        section: the config section that holds the settings of its parts, a section each.
        registry: `module:NAME` of its registry.
    """

    field: str
    section: str
    registry: str


KINDS: Mapping[str, Kind] = {
    "source": Kind("data.name", "sources", "vae_jax.data.sources:SOURCES"),
    "transform": Kind("data.binarise", "transforms", "vae_jax.data.transforms:TRANSFORMS"),
    "model": Kind("model.name", "models", "vae_jax.models.build:MODELS"),
    "encoder": Kind("model.encoder", "encoders", "vae_jax.models.encoders:ENCODERS"),
    "decoder": Kind("model.decoder", "decoders", "vae_jax.models.decoders:DECODERS"),
    "posterior": Kind("model.posterior", "posteriors", "vae_jax.models.posteriors:POSTERIORS"),
    "prior": Kind("model.prior", "priors", "vae_jax.models.priors:PRIORS"),
    "likelihood": Kind("model.likelihood", "likelihoods", "vae_jax.models.likelihoods:LIKELIHOODS"),
    "objective": Kind("objective.name", "objectives", "vae_jax.objectives:OBJECTIVES"),
    "optimiser": Kind("optimiser.name", "optimisers", "vae_jax.optimisers:OPTIMISERS"),
    "schedule": Kind("objective.warmup", "schedules", "vae_jax.schedules.warmups:SCHEDULES"),
    "rate": Kind("optimiser.schedule", "rates", "vae_jax.schedules.rates:RATES"),
}


class Registry(Mapping[str, T], Generic[T]):
    """A mapping from the names that one config field may hold to what they stand for.

    Looking up a name that isn't there raises a `UserError` that names the field and the choices.
    """

    def __init__(self, field: str, entries: Mapping[str, T], families: Mapping[str, T] | None = None) -> None:
        """Make a registry.

        Args:
            field: that holds the names.
            entries: what each stands for.
            families: what all names with a prefix, such as `tfds:`, stand for; they are not listed one by one.
        """
        self.field = field
        self._entries = dict(entries)
        self._families = dict(families or {})
        self._origins: dict[str, str] = {}  # of the parts that were added from outside

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
        """Return the prefix of the family that a name belongs to."""
        return next((p for p in self._families if isinstance(name, str) and name.startswith(p)), None)

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, name: str, part: T, origin: str) -> None:
        """Add a part; one of the same origin replaces the one before it, as a notebook's cell is run again.

        Raises:
            UserError: the name is no name, or another part has it.
        """
        if not name.isidentifier():
            raise UserError(f"register: found the name {name!r}; needs letters, digits and underscores")
        if name in self._entries and self._origins.get(name) != origin:
            owner = self._origins.get(name, "vae_jax")
            raise UserError(f"register: {self.field}={name} is a part of {owner} already; use another name")
        self._entries[name] = part
        self._origins[name] = origin

    def origin(self, name: str) -> str | None:
        """Return who registered a part from outside: its module; None for the package's own."""
        return self._origins.get(name)


def registry_of(kind: str) -> Registry[Any]:
    """Return the registry of a kind of parts.

    Raises:
        UserError: there is no such kind.
    """
    if kind not in KINDS:
        raise UserError(f"register: found the kind {kind!r}; known are {', '.join(KINDS)}{nearest(kind, KINDS)}")
    module, _, name = KINDS[kind].registry.partition(":")
    registry: Registry[Any] = getattr(import_module(module), name)
    return registry


def register(kind: str, name: str) -> Callable[[T], T]:
    """Return a decorator that adds a part: `@vae_jax.register("posterior", "mine")`.

    Args:
        kind: such as `posterior`, `prior`, `encoder`, `objective`.
        name: what the config field of the kind then may say.

    Raises:
        UserError: there is no such kind, or another part has the name.
    """
    registry = registry_of(kind)

    def add(part: T) -> T:
        registry.add(name, part, getattr(part, "__module__", "__main__"))
        return part

    return add
