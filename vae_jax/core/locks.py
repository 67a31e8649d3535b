"""One run at a time in a folder: of several processes, or of several threads of one."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vae_jax.core.progress import Progress


class OccupiedError(Exception):
    """Another run is at work in the folder."""


@contextmanager
def alone_in(folder: Path, *, wait: bool = True) -> Iterator[None]:
    """Keep other processes and threads that ask out of a folder that is there.

    The lock goes with the process, however it ends. It is not for a thread that holds it already.

    Args:
        folder: nothing is written there for it.
        wait: wait for another run to leave, and say so; else it is an error.

    Raises:
        OccupiedError: another run is at work there.
    """
    try:
        import fcntl
    except ImportError:  # no POSIX: no locks
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
            pass  # some network disks know no locks
        yield
    finally:
        os.close(opened)
