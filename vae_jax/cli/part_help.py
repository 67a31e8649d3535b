"""The pages of `--help`: kinds of parts, the parts of a kind, and a part's settings, made from docstrings."""

import dataclasses
import inspect
import re
from collections.abc import Iterator, Mapping
from typing import Any

from vae_jax.config.checks import CHOICE, NUMBER, SIZE
from vae_jax.config.parts import PartSettings, settings_class
from vae_jax.config.schema import Config
from vae_jax.core.errors import UserError, nearest
from vae_jax.core.registry import KINDS, registry_of


def kinds_listed() -> str:
    """Return a line for each kind of part: its field and its parts."""
    lines = [f"  {kind:12} --config.{KINDS[kind].field}={'|'.join(registry_of(kind))}" for kind in KINDS]
    return "\n".join(["Parts, by kind (--help PART or --help KIND says more):", *lines])


def help_of(word: str) -> str:
    """Return the help page of a part, a kind of parts or a section of the config.

    Args:
        word: such as `iaf`, `posterior` or `train`; or `encoders.conv`, if several kinds have a part of that name.

    Raises:
        UserError: there is no such part, kind or section.
    """
    section, _, name = word.rpartition(".")
    parts = [
        (kind, part)
        for kind in KINDS
        for part in registry_of(kind)
        if part == name and section in ("", kind, KINDS[kind].section)
    ]
    pages = [_part_page(kind, part) for kind, part in parts]
    pages += [_kind_page(kind) for kind in KINDS if word in (kind, KINDS[kind].section)]
    pages += [_section_page(entry.name) for entry in _sections() if entry.name == word]
    if not pages:
        known = [
            *KINDS,
            *(entry.name for entry in _sections()),
            *(part for kind in KINDS for part in registry_of(kind)),
        ]
        hint = nearest(word, known) or f"; kinds of parts are {', '.join(KINDS)}"
        raise UserError(f"--help: found {word!r}, which is no part or kind of parts{hint}")
    return "\n\n".join(pages)


def _sections() -> list[Any]:
    own = [entry for entry in dataclasses.fields(Config) if dataclasses.is_dataclass(entry.default)]
    return [entry for entry in own if not isinstance(entry.default, PartSettings)]


def _part_page(kind: str, name: str) -> str:
    registry = registry_of(kind)
    part, origin = registry[name], registry.origin(name)
    by = f" (of {origin.named})" if origin else ""
    own = settings_class(part)
    lines = [f"{kind} {name}: --config.{KINDS[kind].field}={name}{by}", ""]
    lines += [f"  {line}".rstrip() for line in _about(part).splitlines()]
    if own is not None:
        lines += ["", *_fields(own, f"{KINDS[kind].section}.{name}")]
    return "\n".join(lines)


def _kind_page(kind: str) -> str:
    registry = registry_of(kind)
    width = max(map(len, registry))
    lines = [f"  {name:{width}}  {_about(part).partition(chr(10))[0]}" for name, part in registry.items()]
    return "\n".join([f"{kind}: --config.{KINDS[kind].field}=NAME, one of", "", *lines])


def _section_page(name: str) -> str:
    own = type(getattr(Config(), name))
    return "\n".join([f"config.{name}: {_about(own)}", "", *_fields(own, name)])


def _about(part: Any) -> str:
    """Return a part's docstring without the list of its attributes; '' where it has none."""
    documented = isinstance(part, type) or inspect.isroutine(part)
    text = (inspect.getdoc(part) or "") if documented else ""
    return re.split(r"\n\s*(?:Attributes|Args):\n", text)[0].strip()


def _fields(own: Any, prefix: str) -> Iterator[str]:
    """Yield two lines for each field: its name, default and limits; its meaning."""
    meanings = attributes_of(own)
    for entry in dataclasses.fields(own):
        limits = "; ".join(_limits(entry.metadata))
        yield f"  --config.{prefix}.{entry.name}={entry.default!r}{f'   ({limits})' if limits else ''}"
        if entry.name in meanings:
            yield f"      {meanings[entry.name]}"


def _limits(metadata: Mapping[str, Any]) -> Iterator[str]:
    words = {"low": "at least", "above": "more than", "high": "at most", "below": "less than"}
    found = [f"{word} {metadata[name]:,}" for name, word in words.items() if metadata.get(name) is not None]
    if found:
        yield ", ".join(found)
    if "choices" in metadata:
        yield f"one of {', '.join(metadata['choices'])}"
    if metadata.get("traced") in (NUMBER, SIZE, CHOICE):
        yield "members of one program may differ in it"


def attributes_of(own: Any) -> dict[str, str]:
    """Return the description of each field from the `Attributes:` of a dataclass's docstring."""
    _, _, text = (inspect.getdoc(own) or "").partition("Attributes:\n")
    found: dict[str, str] = {}
    names: list[str] = []
    for line in text.splitlines():
        entry = re.fullmatch(r" {4}(\w+(?:, \w+)*): (.*)", line)
        if entry:
            names = entry[1].split(", ")
        elif not line.startswith("        "):
            break
        for name in names:
            found[name] = f"{found.get(name, '')} {entry[2] if entry else line.strip()}".strip()
    return found
