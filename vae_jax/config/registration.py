"""Registering a part from outside the package."""

import keyword
import sys
from collections.abc import Callable
from typing import TypeVar

from vae_jax.config.part_checks import checked_part
from vae_jax.core.errors import UserError
from vae_jax.core.registry import Origin, registry_of

T = TypeVar("T")


def register(kind: str, name: str) -> Callable[[T], T]:
    """Return a decorator that adds a part: `@vae_jax.register("posterior", "mine")`.

    Running the same code again, such as a notebook's cell, replaces the part.

    Args:
        kind: such as `posterior`, `prior`, `encoder`, `objective`.
        name: the value of the kind's config field that chooses the part.

    Raises:
        UserError: there is no such kind, the name is not an identifier, or other code has registered it; or, from
            the decorator, the part lacks something that its kind needs.
    """
    registry, origin = registry_of(kind), _caller()
    if not isinstance(name, str) or not name.isidentifier() or keyword.iskeyword(name):
        raise UserError(f"register: found the name {name!r}; needs letters, digits and underscores, as mine_2")

    def add(part: T) -> T:
        registry.add(name, checked_part(kind, name, part), origin)
        return part

    return add


def _caller() -> Origin:
    """Return the module that calls `register`, skipping the frames of run-time type checkers."""
    depth = 2
    while True:
        scope = sys._getframe(depth).f_globals
        module = str(scope.get("__name__", "__main__"))
        if module != __name__ and module.partition(".")[0] not in ("jaxtyping", "beartype"):
            return Origin(module, str(scope.get("__file__") or ""))
        depth += 1
