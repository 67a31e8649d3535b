"""Parts from outside the package: importing their files, and recording them in a run folder."""

import json
import sys
import traceback
import zlib
from collections.abc import Iterable, Sequence
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from vae_jax.config.parts import chosen_parts
from vae_jax.config.schema import Config
from vae_jax.core.errors import UserError
from vae_jax.core.plain_text import reason
from vae_jax.core.registry import KINDS, Origin, registry_of
from vae_jax.core.user_paths import from_home

# By kind and name, the `module` and the `file` that registered the part.
Note = dict[str, dict[str, dict[str, str]]]


def imports_in(arguments: Sequence[str]) -> list[str]:
    """Return what a command line asks to import: `--import=WHAT` or `--import WHAT`, any number of times.

    Raises:
        UserError: one has no value.
    """
    found = []
    for k, argument in enumerate(arguments):
        flag, equals, value = argument.partition("=")
        if flag in ("--import", "-import"):
            value = value if equals else "".join(arguments[k + 1 : k + 2])
            if not value:
                raise UserError("--import: found nothing; needs a Python file or a module, as --import=my_parts.py")
            found.append(value)
    return found


def import_parts(given: Iterable[str]) -> None:
    """Run files or modules that register parts.

    Args:
        given: paths of Python files, or names of modules, with or without dots. A file can import those beside it.

    Raises:
        UserError: there is no such file or module, or it raises an error.
    """
    for each in given:
        path = from_home(each)
        is_file = path.suffix == ".py" or path.is_file()
        if is_file and not path.is_file():
            raise UserError(f"--import: found no file {each!r}; needs a Python file or a module, as my_parts.py")
        try:
            _run_file(path.resolve()) if is_file else import_module(each)
        except (Exception, SystemExit) as error:  # a user's file can raise anything
            if isinstance(error, ModuleNotFoundError) and error.name and f"{each}.".startswith(f"{error.name}."):
                raise UserError(f"--import: found no module {each!r}; needs a Python file or a module") from None
            said = str(error) if isinstance(error, UserError) else reason(error, 400)
            raise UserError(f"--import: {each}{_line_of(error, path.resolve())}: {said}") from error


def _run_file(path: Path) -> None:
    """Run a Python file as a module with a unique name."""
    name = f"{path.stem}_{zlib.crc32(str(path).encode()):08x}".replace(".", "_")
    if (folder := str(path.parent)) not in sys.path:
        sys.path.append(folder)
    spec = spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise UserError("not a Python file")
    module = module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)


def _line_of(error: BaseException, path: Path) -> str:
    """Name the line of the user's file that raised an error."""
    if isinstance(error, SyntaxError):
        return f", line {error.lineno}"
    lines = [
        frame.lineno for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).name == path.name
    ]
    return f", line {lines[-1]}" if lines else ""


def any_registered() -> bool:
    """Whether any part was registered from outside."""
    return any(registry_of(kind).from_outside() for kind in KINDS)


def note_of(configs: Iterable[Config]) -> Note:
    """Return the parts from outside that these members use, with the module and the file that registered them."""
    note: Note = {}
    chosen = {pair for config in configs for pair in chosen_parts(config).items()}
    for kind, name in sorted(chosen):
        origin = registry_of(kind).origin(name)
        if origin is not None:
            file = str(Path(origin.file).resolve()) if origin.file else ""
            note.setdefault(kind, {})[name] = {"module": origin.module, "file": file}
    return note


def check_noted(text: str, asked: str) -> None:
    """Make sure that all parts of a run folder's note are registered.

    Args:
        text: the note as JSON; an unreadable one counts as empty.
        asked: the folder, for the error's text.

    Raises:
        UserError: one is not registered; the line says what to import.
    """
    for kind, name, origin in _read(text):
        if kind in KINDS and name not in registry_of(kind):
            named = origin.named if origin.named != origin.file else _nearest_path(origin.file)
            how = "run its cell" if origin.named == "a notebook" else f"import it first (--import={named})"
            raise UserError(f"{asked}: {kind} {name!r} of {named} is not registered: {how}")


def _read(text: str) -> Iterable[tuple[str, str, Origin]]:
    try:
        note: Any = json.loads(text)
        return [
            (str(kind), str(name), Origin(str(by["module"]), str(by["file"])))
            for kind, names in note.items()
            for name, by in names.items()
        ]
    except (ValueError, RecursionError, AttributeError, KeyError, TypeError):
        return []


def _nearest_path(file: str) -> str:
    """Return a file's path, relative to the working directory where possible; only its name if the file is gone."""
    path = Path(file)
    if not path.is_file():
        return path.name
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else file
