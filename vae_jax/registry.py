"""Names that a config may say, and what they stand for."""

from collections.abc import Iterator, Mapping
from typing import Generic, TypeVar

from vae_jax.errors import UserError, nearest

T = TypeVar("T")


class Registry(Mapping[str, T], Generic[T]):
    """A read-only mapping from the names that one config field may hold to what they stand for.

    Looking up a name that isn't there raises a `UserError` that names the field and the choices.
    """

    def __init__(self, field: str, entries: Mapping[str, T]) -> None:
        self.field = field
        self._entries = dict(entries)

    def __getitem__(self, name: str) -> T:
        if not isinstance(name, str) or name not in self._entries:
            choices = ", ".join(sorted(self._entries))
            raise UserError(f"{self.field}: found {name!r}; known are {choices}{nearest(str(name), self._entries)}")
        return self._entries[name]

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)
