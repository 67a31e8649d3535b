"""Checks of a part when it is registered, before it is used.

The methods that a kind needs are those of its protocol, and are listed nowhere else.
"""

import dataclasses
import inspect
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, NamedTuple

from ml_collections import ConfigDict

from vae_jax.config.checks import checked_section
from vae_jax.config.parts import settings_class
from vae_jax.core.errors import UserError

SETTING_TYPES = (bool, int, float, str, tuple)


class ClassKind(NamedTuple):
    """A kind whose parts are classes, or functions that return an instance.

    Attributes:
        arguments: of the constructor.
        contract: `module:NAME` of the protocol that an instance implements.
        of_class: attributes that the class itself must have.
        module: whether it must be a `flax.nnx.Module`, as parameters are found only there.
    """

    arguments: tuple[str, ...]
    contract: str
    of_class: tuple[str, ...] = ()
    module: bool = True


_BUILT = ("settings", "build", "key")

CLASSES: Mapping[str, ClassKind] = {
    "model": ClassKind(_BUILT, "vae_jax.models.contracts:Model"),
    "encoder": ClassKind(_BUILT, "vae_jax.models.contracts:Encoder"),
    "decoder": ClassKind(_BUILT, "vae_jax.models.contracts:Decoder"),
    "posterior": ClassKind(_BUILT, "vae_jax.models.contracts:Posterior"),
    "prior": ClassKind(_BUILT, "vae_jax.models.contracts:Prior"),
    "likelihood": ClassKind(_BUILT, "vae_jax.models.contracts:Likelihood", ("outputs", "constant", "support")),
    "objective": ClassKind(("settings", "build"), "vae_jax.objectives.contracts:Objective", module=False),
}

# Kinds whose parts are dataclasses of their settings, with the methods that are called and their arguments.
DATACLASSES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "optimiser": {"transformation": ("self", "rate")},
    "sampler": {
        "fit": ("self", "codes", "labels", "classes", "seed"),
        "sample": ("self", "fitted", "count", "labels", "seed"),
    },
}

# Kinds whose parts are functions, with their arguments.
FUNCTIONS: Mapping[str, tuple[str, ...]] = {
    "source": ("config",),
    "contrast": ("face",),
    "transform": ("x", "noise"),
    "activation": ("x",),
    "schedule": ("t", "cycles"),
    "rate": ("t", "end"),
    "path": ("start", "end", "steps"),
    "figure": ("member_arrays",),
}


def checked_part(kind: str, name: str, part: Any) -> Any:
    """Return a part as its registry holds it.

    Raises:
        UserError: it lacks something that its kind needs.
    """
    asked = f"register: {kind} {name!r}"
    _check_in_configs(asked, name)
    if kind == "initialiser":
        return _checked_initialiser(asked, part)
    if not callable(part) or getattr(part, "__hash__", None) is None:
        hashable = ", hashable" if callable(part) else ""
        raise UserError(f"{asked}: found {part!r}; needs {_wanted(kind)}{hashable}")
    if kind in CLASSES:
        _check_class(asked, part, CLASSES[kind])
    elif kind in DATACLASSES:
        _check_dataclass(asked, part, DATACLASSES[kind])
    else:
        _check_arguments(asked, part, FUNCTIONS[kind], part)
    _check_settings(asked, part)
    if kind == "figure":
        return (inspect.getdoc(part) or name).partition("\n\n")[0].replace("\n", " "), part
    return part


def _check_in_configs(asked: str, name: str) -> None:
    """Make sure that `config.SECTION.NAME` doesn't hide a method of configs, such as `items`."""
    if hasattr(ConfigDict, name):
        raise UserError(f"{asked}: found the name {name!r}, which configs have a method of; use another name")


def _wanted(kind: str) -> str:
    if kind in CLASSES:
        return "a class"
    return "a dataclass of its settings" if kind in DATACLASSES else f"a function of ({', '.join(FUNCTIONS[kind])})"


def _check_class(asked: str, part: Any, kind: ClassKind) -> None:
    if not isinstance(part, type):  # a function: what it returns is only seen when it is called
        _check_arguments(asked, part, kind.arguments, part)
        return
    from flax import nnx

    if kind.module and not issubclass(part, nnx.Module):
        raise UserError(f"{asked}: {part.__name__} is not a flax.nnx.Module, so its parameters would not be found")
    _check_arguments(asked, inspect.getattr_static(part, "__init__"), ("self", *kind.arguments), "__init__")
    for attribute in kind.of_class:
        if not hasattr(part, attribute):
            needed = ", ".join(kind.of_class)
            raise UserError(f"{asked}: {part.__name__} has no {attribute}; its class needs {needed}")
    module, _, contract = kind.contract.partition(":")
    for method, wanted in vars(getattr(import_module(module), contract)).items():
        if method != "__call__" and method.startswith("_"):
            continue
        arguments = () if isinstance(wanted, property) else tuple(inspect.signature(wanted).parameters)
        found = next((vars(base)[method] for base in part.__mro__ if method in vars(base)), None)
        if found is None:
            call = f"({', '.join(arguments)})" if arguments else ""
            raise UserError(f"{asked}: {part.__name__} has no {method}; needs {method}{call}")
        if arguments and inspect.isfunction(found):
            _check_arguments(asked, found, arguments, method)


def _check_dataclass(asked: str, part: Any, methods: Mapping[str, tuple[str, ...]]) -> None:
    if not isinstance(part, type) or not dataclasses.is_dataclass(part):
        raise UserError(f"{asked}: found {_named(part)}; needs a frozen dataclass of its settings")
    for name, arguments in methods.items():
        method = getattr(part, name, None)
        if method is None:
            raise UserError(f"{asked}: {part.__name__} has no {name}; needs {name}({', '.join(arguments)})")
        _check_arguments(asked, method, arguments, name)


def _checked_initialiser(asked: str, part: Any) -> Any:
    if not isinstance(part, tuple) or len(part) != 2 or not all(map(callable, part)):
        raise UserError(f"{asked}: found {part!r}; needs a pair of functions, of the weights and of the biases")
    for draw in part:
        _check_arguments(asked, draw, ("key", "shape", "fan_in"), draw)
    return part


def _check_arguments(asked: str, function: Callable[..., Any], arguments: tuple[str, ...], named: Any) -> None:
    """Make sure that a function takes these positional arguments."""
    try:
        found = inspect.signature(function)
    except (TypeError, ValueError):  # some functions in C have no signature
        return
    try:
        found.bind(*arguments)
    except TypeError:
        wanted = ", ".join(arguments)
        raise UserError(f"{asked}: found {_named(named)}{found}; is called with ({wanted})") from None


def _check_settings(asked: str, part: Any) -> None:
    """Make sure that a part's settings can be a config section."""
    own: Any = settings_class(part)
    if own is None:
        return
    if not (isinstance(own, type) and dataclasses.is_dataclass(own)):
        raise UserError(f"{asked}: Settings is {_named(own)}; needs a frozen dataclass")
    if not own.__dataclass_params__.frozen:  # type: ignore[attr-defined]
        raise UserError(f"{asked}: {own.__name__} is not frozen; needs @dataclass(frozen=True)")
    for entry in dataclasses.fields(own):
        _check_in_configs(f"{asked}: {own.__name__}.{entry.name}", entry.name)
        if type(entry.default) not in SETTING_TYPES:
            missing = entry.default is dataclasses.MISSING
            found = "has no default" if missing else f"has the default {entry.default!r}"
            raise UserError(
                f"{asked}: {own.__name__}.{entry.name} {found}; needs a whole number, a number, a text, True or "
                "False, or a tuple"
            )
    checked_section(own, dataclasses.asdict(own()), f"{asked}: {own.__name__}")


def _named(found: Any) -> str:
    return found if isinstance(found, str) else getattr(found, "__name__", repr(found))
