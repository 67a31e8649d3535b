"""Locks that let one process or thread at a time work in a folder."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vae_jax.core.progress import Progress


class OccupiedError(Exception):
    """Another process or thread holds the lock of the folder."""


@contextmanager
def alone_in(folder: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold an exclusive lock of a folder that exists; nothing is written there for it.

    The lock ends with the process, however that ends. It is not reentrant.

    Args:
        folder: what to lock.
        wait: wait for the lock, and say so; else a held lock is an error.

    Raises:
        OccupiedError: the lock is held, and `wait` is false.
    """
    try:
        import fcntl
    except ImportError:  # not POSIX: no locks
        yield
        return
    opened = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not wait:
                raise OccupiedError(str(folder)) from None
            with Progress(f"waiting for another process that is at work in {folder}"):
                fcntl.flock(opened, fcntl.LOCK_EX)
        except OSError:
            pass  # some network disks have no locks
        yield
    finally:
        os.close(opened)
