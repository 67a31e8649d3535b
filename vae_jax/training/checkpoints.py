"""Checkpoints: written by Orbax in the background, and verified array by array when they are read."""

import errno
import hashlib
import logging
import os
import re
import shutil
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import jax
import numpy as np

from vae_jax.core.errors import UserError
from vae_jax.training.plain_paths import PlainPath

Tree = TypeVar("Tree")
log = logging.getLogger("vae_jax")

DAMAGED = (ValueError, KeyError, OSError, TypeError, AttributeError)  # raised by reading a damaged step

# Orbax numbers its operations with a counter of the whole process: threads start them one at a time.
_STARTING = threading.Lock()


class Checkpoints:
    """The checkpoints of one group.

    Orbax writes a step atomically, but reads a damaged array file without an error. So the hash of every array is
    kept in the step's metadata and compared on reading.
    """

    def __init__(self, folder: Path, keep: int, *, tidy: bool = True) -> None:
        """Open the folder.

        Args:
            folder: has a subfolder for each step; it must exist when a step is saved.
            keep: how many of the newest steps are kept.
            tidy: remove unfinished steps and move damaged ones aside; not for readers, as another process may be
                writing.
        """
        self.folder = folder
        self._keep, self._tidy = keep, tidy
        self._opened: tuple[PlainPath, Any] | None = None
        self._inode: int | None = None  # of the folder at the first save

    @property
    def _checkpointer(self) -> Any:
        # Orbax takes as long to import as JAX: it is only imported to read or write a step.
        if self._opened is None:
            from orbax.checkpoint import v1 as ocp

            logging.getLogger("absl").setLevel(logging.CRITICAL)  # Orbax logs errors that it also raises
            policy, plain = ocp.training.preservation_policies.LatestN(self._keep), PlainPath(self.folder)
            checkpointer = ocp.training.Checkpointer(
                plain.path, preservation_policy=policy, cleanup_tmp_directories=self._tidy
            )
            self._opened = plain, checkpointer
        return self._opened[1]

    def save(self, step: int, state: Any, record: dict[str, Any]) -> None:
        """Start to write a step in the background; the state may be donated when this returns.

        Args:
            step: how many steps were taken.
            state: a pytree of arrays.
            record: JSON values saved with it.

        Raises:
            OSError: this or the step before can't be written.
        """
        leaves = {name: np.array(leaf) for name, leaf in _named_leaves(jax.device_get(state))}
        self._check_room(sum(leaf.nbytes for leaf in leaves.values()))
        metadata = {"record": record, "hashes": {name: _hash(leaf) for name, leaf in leaves.items()}}
        with _errors_as_oserror(), _STARTING:
            self._checkpointer.save_async(step, leaves, custom_metadata=metadata, force=True)

    def _check_room(self, size: int) -> None:
        """Make sure that the folder is still there (Orbax would create a new one), and that the disk has room.

        Raises:
            OSError: the folder was removed or replaced, or the disk is full.
        """
        inode = self.folder.stat().st_ino
        if inode != (self._inode or inode):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        self._inode = inode
        if shutil.disk_usage(self.folder).free < 3 * size:  # Orbax writes pieces, and then merges them
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def steps(self) -> list[int]:
        """Return the steps that have a checkpoint, the newest last."""
        if not self.folder.is_dir():
            return []
        return sorted(int(path.name) for path in self.folder.iterdir() if path.name.isdigit())

    def restore(
        self, template: Tree, step: int | None = None, *, cast: bool = False
    ) -> tuple[Tree, dict[str, Any]] | None:
        """Read the newest undamaged step, or a given one.

        A damaged step is logged, moved to `damaged_checkpoints` if tidy, and never deleted.

        Args:
            template: a pytree with the names, shapes and types that are needed.
            step: the step to read; None means the newest.
            cast: whether numbers of another precision may be rounded to that of the template.

        Returns:
            the state and its record, or None where there is no checkpoint.

        Raises:
            UserError: there are checkpoints and none of them can be read, or the newest undamaged one has other
                arrays than the template.
        """
        steps = [each for each in reversed(self.steps()) if step in (None, each)]
        for each in steps:
            try:
                leaves, record = self._read(each)
            except DAMAGED as error:
                log.warning(
                    "%s: can't be used (%s); trying the checkpoint before it", self.folder / str(each), _reason(error)
                )
                if self._tidy:
                    self._move_aside(each)
                continue
            _check_like(template, leaves, self.folder / str(each), cast=cast)
            arrays = [jax.numpy.asarray(leaves[name].astype(leaf.dtype)) for name, leaf in _named_leaves(template)]
            return jax.tree.unflatten(jax.tree.structure(template), arrays), record
        if steps:
            raise UserError(f"{self.folder}: none of the checkpoints {steps} can be read; use another workdir")
        return None

    def read_back(self, step: int) -> None:
        """Make sure that a saved step can be read.

        Raises:
            UserError: it can't.
        """
        try:
            self._read(step)
        except DAMAGED as error:
            raise UserError(
                f"{self.folder / str(step)}: was saved but can't be read back ({_reason(error)}), so the run is not "
                "finished; the same command goes on from the checkpoint before it, or use another workdir"
            ) from None
        finally:
            self.close()

    def newest_record(self, template: Any) -> dict[str, Any] | None:
        """Return the record of the newest step that has one, or None; no array is read.

        Args:
            template: a pytree with the names, shapes and types that are needed.

        Raises:
            UserError: the step has other arrays.
        """
        for step in reversed(self.steps()):
            try:
                record, _, stored = self._metadata(step)
            except DAMAGED:  # `restore` will report it
                continue
            _check_like(template, stored, self.folder / str(step), cast=False)
            return record
        return None

    def _metadata(self, step: int) -> tuple[dict[str, Any], dict[str, str], Any]:
        """Return a step's record, the hash of each array, and Orbax's metadata of each."""
        with _STARTING:
            found = self._checkpointer.metadata(step)
        kept = found.custom_metadata
        if not isinstance(kept, dict) or not {"record", "hashes"} <= set(kept) or not isinstance(found.metadata, dict):
            raise ValueError("its metadata are missing")
        return kept["record"], kept["hashes"], found.metadata

    def _read(self, step: int) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Read the arrays and the record of a step; raises one of `DAMAGED` if they are not as they were written."""
        record, hashes, stored = self._metadata(step)
        if set(stored) != set(hashes):
            raise ValueError("arrays are missing")
        wanted = {name: np.empty(leaf.shape, leaf.dtype) for name, leaf in stored.items()}
        with _STARTING:
            loaded = self._checkpointer.load(step, wanted)
        leaves = {name: np.asarray(leaf) for name, leaf in loaded.items()}
        for name, leaf in leaves.items():
            if _hash(leaf) != hashes[name]:
                raise ValueError(f"{name} is not what was written")
        return leaves, record

    def _move_aside(self, step: int) -> None:
        aside = self.folder.parent / "damaged_checkpoints"
        aside.mkdir(exist_ok=True)
        taken = sum(1 for _ in aside.glob(f"{step}*"))
        (self.folder / str(step)).rename(aside / (f"{step}" if not taken else f"{step}_{taken}"))
        self.close()

    def close(self) -> None:
        """Wait until all saved steps are on the disk.

        Raises:
            OSError: the newest step can't be written.
        """
        opened, self._opened = self._opened, None
        if opened is not None:
            plain, checkpointer = opened
            try:
                with _errors_as_oserror():
                    checkpointer.close()
            finally:
                plain.close()


@contextmanager
def _errors_as_oserror() -> Iterator[None]:
    """Turn all errors of Orbax into an `OSError`, with the error number that the text names, if any."""
    try:
        yield
    except OSError:
        raise
    except Exception as error:  # of many types, from other threads
        code = re.search(r"os_error_code='(\d+)'", str(error))
        if code:
            raise OSError(int(code[1]), os.strerror(int(code[1]))) from error
        raise OSError(_reason(error)[:200]) from error


def _reason(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def _check_like(template: Any, found: Mapping[str, Any], step: Path, *, cast: bool) -> None:
    """Raise a `UserError` if a step has other arrays than the template; `cast` accepts another precision."""
    other = "the checkpoint is not damaged, but of another version of vae_jax: use that version, or another workdir"
    wanted = dict(_named_leaves(template))
    for name in sorted(set(wanted) ^ set(found)):
        raise UserError(f"{step}: found {'no' if name in wanted else 'an'} array {name}; {other}")
    for name, leaf in found.items():
        shape, kind = wanted[name].shape, np.dtype(wanted[name].dtype)
        if leaf.shape != shape or leaf.dtype.kind != kind.kind:
            raise UserError(f"{step}: found {name} as {leaf.dtype}{leaf.shape}, needs {kind}{shape}; {other}")
        if leaf.dtype != kind and not cast:
            setting = "set" if leaf.dtype.itemsize > kind.itemsize else "unset"
            raise UserError(
                f"{step}: was trained in {leaf.dtype}, and this process computes in {kind}; {setting} JAX_ENABLE_X64 "
                "to go on, or use another workdir"
            )


def _named_leaves(tree: Any) -> list[tuple[str, Any]]:
    leaves = jax.tree_util.tree_leaves_with_path(tree)
    return [(jax.tree_util.keystr(path, simple=True, separator="."), leaf) for path, leaf in leaves]


def _hash(leaf: np.ndarray) -> str:
    digest = hashlib.sha256(f"{leaf.dtype}{leaf.shape}".encode())
    digest.update(np.ascontiguousarray(leaf).reshape(-1).view(np.uint8).data)
    return digest.hexdigest()
