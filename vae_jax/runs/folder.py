"""The folder of a run: its files, checks before it is used, and atomic writes."""

import errno
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from vae_jax.config import outside_parts
from vae_jax.config.checks import Role
from vae_jax.config.fields import adopt, differences, fields_of
from vae_jax.config.growth import growth_faults
from vae_jax.config.schema import Config, from_json, to_json
from vae_jax.config.sweep_language import expand, swept_fields
from vae_jax.core.atomic_files import write_text
from vae_jax.core.errors import UserError
from vae_jax.core.locks import OccupiedError, alone_in
from vae_jax.training.plain_paths import check_path

SPLITS = ("train", "validation", "test")  # with metrics in a summary; validation only where there are such images
LONGEST = 256  # bytes of a path below the run folder, at most

# Errors of the disk: full, read-only, gone, failing.
DISK_ERRORS = frozenset(
    getattr(errno, name)
    for name in ("ENOSPC", "EDQUOT", "EFBIG", "EROFS", "EACCES", "EPERM", "ENOENT", "ENOTDIR", "EIO", "ESTALE", "ENXIO")
    if hasattr(errno, name)
)


@contextmanager
def disk_errors_reported(path: Path) -> Iterator[None]:
    """Report in one line what ends a run: a full disk, a folder read-only or gone, or another error of the system.

    Raises:
        UserError: an operation of the system failed.
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        if error.errno in DISK_ERRORS:
            raise UserError(
                f"{path}: can't be written any more ({reason}); what was saved before is whole: with room and rights "
                "to write, the same command goes on"
            ) from None
        raise UserError(
            f"{path}: stopped by an error ({reason}); what was saved before is whole, and the same command goes on"
        ) from error


def _is_whole(summary: Any) -> bool:
    """Whether a summary has all parts that are read from it."""
    return (
        isinstance(summary, dict)
        and all(isinstance(summary.get(name), dict) for name in ("data", "seconds", "versions"))
        and all(_is_number(summary["seconds"].get(name)) for name in ("compile", "train", "total"))
        and isinstance(summary.get("members"), list)
        and all(map(_is_whole_member, summary["members"]))
    )


def _is_whole_member(member: Any) -> bool:
    return (
        isinstance(member, dict)
        and all(_is_number(member.get(name)) for name in ("member", "parameters"))
        and "failed_in_step" in member
        and (member["failed_in_step"] is None or _is_number(member["failed_in_step"]))
        and all(isinstance(member.get(name), dict) for name in ("values", "train", "test"))
        and isinstance(member.get("validation", {}), dict)
        and all(_is_number(value) for name in SPLITS for value in member.get(name, {}).values())
    )


def _is_number(value: Any) -> bool:
    return type(value) in (int, float)


class RunFolder:
    """Paths of a run folder, and its small files."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.config = path / "config.json"
        self.parts = path / "parts.json"
        self.metrics = path / "metrics.jsonl"
        self.summary = path / "summary.json"
        self.checkpoints = path / "checkpoints"
        self.figures = path / "figures"
        self.samplers = path / "samplers"
        self.report = path / "report.html"
        self.members = path / "members.csv"
        self.tensorboard = path / "tensorboard"

    def data(self, config: Config, member: Config) -> Path:
        """Return the file for the test images of a member, whose data settings may differ from the run's."""
        swept = swept_fields(config)
        places = [name for name in fields_of(Role.PLACE) if name not in swept]  # a continued run may change these
        images = adopt(member, Config(), places).data.images
        if images == adopt(config, Config(), places).data.images:
            return self.path / "data.npz"
        settings = json.dumps(asdict(images), sort_keys=True)
        return self.path / f"data_{hashlib.sha256(settings.encode()).hexdigest()[:8]}.npz"

    def check(self, config: Config) -> None:
        """Make sure that the folder can be used for this run; nothing is written.

        Raises:
            UserError: the folder can't be written, or has other files, or a run with another config.
        """
        self._check_writable()
        check_path(self.path)
        if self.config.exists():
            changed = growth_faults(self.read_config(), config)
            if changed:
                raise UserError(
                    f"{self.path}: holds a run with another config ({'; '.join(changed)}); "
                    "use another workdir, or the same config to continue it"
                )
        elif self.path.is_dir() and any(self.path.iterdir()):
            raise UserError(f"{self.path}: not empty and not a run folder (no config.json); use another workdir")

    def _check_writable(self) -> None:
        nearest = self.path
        try:
            while not nearest.exists() and nearest != nearest.parent:
                nearest = nearest.parent
        except (OSError, ValueError) as error:  # such as a name of 300 letters
            reason = getattr(error, "strerror", None) or error
            raise UserError(f"{str(self.path)[:200]}: can't be used ({reason}); use another workdir") from None
        if hasattr(os, "pathconf") and nearest.is_dir():
            longest = os.pathconf(nearest, "PC_PATH_MAX") - LONGEST
            if (length := len(os.fsencode(self.path.absolute()))) > longest:
                raise UserError(
                    f"{str(self.path)[:200]}: found a path of {length:,} bytes; needs {longest:,} at most, as the "
                    "run's files lie below it; use another workdir"
                )
        if not nearest.is_dir():
            raise UserError(f"{self.path}: {nearest} is not a folder; use another workdir")
        try:
            with tempfile.NamedTemporaryFile(dir=nearest, prefix=".vae_jax_"):
                pass
        except OSError as error:
            raise UserError(
                f"{self.path}: can't be written ({error.strerror} in {nearest}); use another workdir"
            ) from None

    def is_finished(self, config: Config) -> bool:
        """Whether the run finished with this config, or one that differs in upkeep only."""
        if self.read_summary() is None or not self.report.is_file():
            return False
        return not any(differences(self.read_config(), config, *set(Role) - {Role.UPKEEP}))

    @contextmanager
    def occupied(self) -> Iterator[None]:
        """Lock the folder against other runs while a run is written.

        Raises:
            UserError: another run has locked it, or the disk fails.
        """
        try:
            with disk_errors_reported(self.path):
                self.path.mkdir(parents=True, exist_ok=True)
                with alone_in(self.path, wait=False):
                    yield
        except OccupiedError:
            raise UserError(
                f"{self.path}: another run is at work in this folder; wait for its end, or use another workdir"
            ) from None

    def create(self, config: Config) -> None:
        """Make the folder and write the config into it; a run that grows is no longer finished."""
        self.path.mkdir(parents=True, exist_ok=True)
        before = self.read_config() if self.config.exists() else None
        if before != config:
            if before is None or any(differences(before, config, *set(Role) - {Role.PLACE, Role.UPKEEP})):
                self.summary.unlink(missing_ok=True)
            write_text(self.config, to_json(config))
        if note := outside_parts.note_of(expand(config) if outside_parts.any_registered() else ()):
            write_text(self.parts, json.dumps(note, indent=2) + "\n")

    def read_config(self) -> Config:
        """Read the run's config.

        Raises:
            UserError: there is none, or it can't be read, or a part from outside is not registered.
        """
        if not self.config.is_file():
            raise UserError(f"{self.path}: no run here (no config.json); train one first, or give the workdir of one")
        self.check_parts()
        try:
            return from_json(self.config.read_text(encoding="utf-8"))
        except UserError as error:
            raise UserError(f"{self.config}: {error}") from None
        except UnicodeDecodeError as error:
            raise UserError(f"{self.config}: not text ({error}); restore the file or use another workdir") from None

    def check_parts(self) -> None:
        """Make sure that the run's parts from outside are registered.

        Raises:
            UserError: one is not; the line says what to import.
        """
        if self.parts.is_file():
            outside_parts.check_noted(self.parts.read_text(encoding="utf-8", errors="replace"), str(self.path))

    def read_summary(self) -> dict[str, Any] | None:
        """Read `summary.json`; None if the run is not finished, or the file is damaged, and will be written again."""
        if not self.summary.is_file():
            return None
        try:
            summary = json.loads(self.summary.read_text(encoding="utf-8"))
        except (ValueError, RecursionError):
            return None
        return summary if _is_whole(summary) else None

    def write_summary(self, summary: dict[str, Any]) -> None:
        """Write `summary.json`."""
        write_text(self.summary, json.dumps(summary, indent=2) + "\n")
