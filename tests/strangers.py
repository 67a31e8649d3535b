"""The parts of `tests/extensions`, registered as a stranger's are, and forgotten again."""

import contextlib
import re
import sys
from importlib import import_module
from pathlib import Path

from vae_jax.config.outside_parts import import_parts
from vae_jax.core.registry import KINDS, UNCHOSEN, registry_of

FILES = sorted((Path(__file__).parent / "extensions").glob("*.py"))

# By kind, the names that the files register.
NAMES = [
    match for file in FILES for match in re.findall(r'^@vae_jax\.register\("(\w+)", "(\w+)"\)', file.read_text(), re.M)
]


def names_of(kind):
    """The package's parts of a kind, and the strangers'."""
    return [*registry_of(kind), *(name for of, name in NAMES if of == kind)]


@contextlib.contextmanager
def registered():
    """Register the strangers' parts; whatever was registered within is forgotten at the end."""
    with none_left():
        import_parts(map(str, FILES))
        yield


@contextlib.contextmanager
def none_left():
    """Forget what is registered within."""
    registries = [registry_of(kind) for kind in (*KINDS, *UNCHOSEN)]
    before = [set(registry.from_outside()) for registry in registries]
    try:
        yield
    finally:
        for registry, known in zip(registries, before, strict=True):
            for name in set(registry.from_outside()) - known:
                registry.forget(name)


@contextlib.contextmanager
def experiment(name):
    """An experiment, whose module may register parts of its own; they are forgotten afterwards."""
    module = f"experiments.{name}.__main__"
    with none_left():
        if hasattr(sys.modules.get(module), "register"):
            del sys.modules[module]  # its parts were forgotten since it was imported
        found = import_module(module)
        yield found.EXPERIMENT
