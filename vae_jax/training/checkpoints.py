"""Checkpoints: written by Orbax beside the training, checked leaf by leaf when they are read."""

import errno
import hashlib
import json
import logging
import os
import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import jax
import numpy as np

from vae_jax.errors import UserError

Tree = TypeVar("Tree")
log = logging.getLogger("vae_jax")

# Orbax names what it does by a number that the whole process shares: runs in several threads begin in turn.
_BEGINNING = threading.Lock()


class Checkpoints:
    """The checkpoints of one run folder.

    Orbax makes a step appear whole or not at all, but reads a damaged array file without complaint. So a hash of
    every leaf is kept in the step's metadata and compared on reading.
    """

    def __init__(self, folder: Path, keep: int, *, tidy: bool = True) -> None:
        """Open the folder.

        Args:
            folder: holds a folder for each step; it must be there when a step is saved.
            keep: how many of the newest steps stay.
            tidy: clear away what is half written or damaged; not for a mere reader, as another program may be writing.
        """
        self.folder = folder
        self._keep, self._tidy = keep, tidy
        self._opened: Any = None
        self._inode: int | None = None  # of the folder that was first written into

    @property
    def _checkpointer(self) -> Any:
        # Orbax takes as long to import as JAX does: only when there is something to read or write.
        if self._opened is None:
            from orbax.checkpoint import v1 as ocp

            logging.getLogger("absl").setLevel(logging.CRITICAL)  # it logs what it raises
            policy = ocp.training.preservation_policies.LatestN(self._keep)
            self._opened = ocp.training.Checkpointer(
                self.folder.absolute(), preservation_policy=policy, cleanup_tmp_directories=self._tidy
            )
        return self._opened

    def save(self, step: int, state: Any, record: dict[str, Any]) -> None:
        """Begin to write a step and return; the state may be donated at once.

        Args:
            step: how many steps were taken.
            state: a pytree of arrays.
            record: JSON values kept with it.

        Raises:
            OSError: this or the step before can't be written.
        """
        leaves = {name: np.array(leaf) for name, leaf in _named_leaves(jax.device_get(state))}
        self._check_room(sum(leaf.nbytes for leaf in leaves.values()))
        hashes = {name: _hash(leaf) for name, leaf in leaves.items()}
        with _faults_of_the_disk(), _BEGINNING:
            self._checkpointer.save_async(
                step, leaves, custom_metadata={"record": record, "hashes": hashes}, force=True
            )

    def _check_room(self, size: int) -> None:
        """See that the folder is still the same, as Orbax would make it anew, and that there is room.

        Raises:
            OSError: it is not, or there is none.
        """
        inode = self.folder.stat().st_ino
        if inode != (self._inode or inode):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        self._inode = inode
        if shutil.disk_usage(self.folder).free < 3 * size:  # it writes pieces, and then merges them
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def steps(self) -> list[int]:
        """Return the steps that there are checkpoints of, the newest last."""
        if not self.folder.is_dir():
            return []
        return sorted(int(path.name) for path in self.folder.iterdir() if path.name.isdigit())

    def restore(self, template: Tree, step: int | None = None) -> tuple[Tree, dict[str, Any]] | None:
        """Read the newest step that is whole, or a certain one.

        A damaged step is named in the log, moved aside to `damaged_checkpoints` if tidy, and never deleted.

        Args:
            template: a pytree with the shapes and types that must be found.
            step: the only one that will do.

        Returns:
            the state and its record, or None where there is no checkpoint.

        Raises:
            UserError: there are checkpoints and none of them can be read.
        """
        steps = [each for each in reversed(self.steps()) if step in (None, each)]
        for each in steps:
            try:
                return self._read(each, template)
            except (ValueError, KeyError, OSError, TypeError, json.JSONDecodeError) as error:
                reason = str(error).splitlines()[0] if str(error) else type(error).__name__
                log.warning("%s: can't be used (%s); trying the checkpoint before it", self.folder / str(each), reason)
                if self._tidy:
                    self._move_aside(each)
        if steps:
            raise UserError(f"{self.folder}: none of the checkpoints {steps} can be read; use another workdir")
        return None

    def _read(self, step: int, template: Tree) -> tuple[Tree, dict[str, Any]]:
        with _BEGINNING:
            metadata = self._checkpointer.metadata(step).custom_metadata
        if not isinstance(metadata, dict) or not {"record", "hashes"} <= set(metadata):
            raise ValueError("its metadata are missing")
        wanted = {name: np.empty(leaf.shape, leaf.dtype) for name, leaf in _named_leaves(template)}
        with _BEGINNING:
            leaves = self._checkpointer.load(step, wanted)
        for name, leaf in leaves.items():
            if leaf.shape != wanted[name].shape:  # Orbax gives what is there
                raise ValueError(f"{name} has the shape {leaf.shape}; needs {wanted[name].shape}")
            if _hash(np.asarray(leaf)) != metadata["hashes"].get(name):
                raise ValueError(f"{name} is not what was written")
        restored = [jax.numpy.asarray(leaves[name]) for name, _ in _named_leaves(template)]
        return jax.tree.unflatten(jax.tree.structure(template), restored), metadata["record"]

    def _move_aside(self, step: int) -> None:
        aside = self.folder.parent / "damaged_checkpoints"
        aside.mkdir(exist_ok=True)
        taken = sum(1 for _ in aside.glob(f"{step}*"))
        (self.folder / str(step)).rename(aside / (f"{step}" if not taken else f"{step}_{taken}"))
        self.close()

    def close(self) -> None:
        """Wait until all that was saved is on the disk.

        Raises:
            OSError: the newest step can't be written.
        """
        opened, self._opened = self._opened, None
        if opened is not None:
            with _faults_of_the_disk():
                opened.close()


@contextmanager
def _faults_of_the_disk() -> Iterator[None]:
    """Raise whatever Orbax raises as an `OSError`: the disk's where it says so, else without a number."""
    try:
        yield
    except OSError:
        raise
    except Exception as error:  # of many kinds, from other threads
        said = str(error)
        code = re.search(r"os_error_code='(\d+)'", said)
        if code:
            raise OSError(int(code[1]), os.strerror(int(code[1]))) from error
        raise OSError((said.splitlines() or [type(error).__name__])[0][:200]) from error


def _named_leaves(tree: Any) -> list[tuple[str, Any]]:
    leaves = jax.tree_util.tree_leaves_with_path(tree)
    return [(jax.tree_util.keystr(path, simple=True, separator="."), leaf) for path, leaf in leaves]


def _hash(leaf: np.ndarray) -> str:
    digest = hashlib.sha256(f"{leaf.dtype}{leaf.shape}".encode())
    digest.update(np.ascontiguousarray(leaf).reshape(-1).view(np.uint8).data)
    return digest.hexdigest()
