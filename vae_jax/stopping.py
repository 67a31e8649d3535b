"""Ending a run early: the first signal saves and leaves, the second leaves at once."""

import logging
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

log = logging.getLogger("vae_jax")

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StoppedError(Exception):
    """A signal ended the run; says which, and whether all that was trained is saved."""

    def __init__(self, number: int, *, saved: bool) -> None:
        super().__init__(number)
        self.status = 128 + number
        self.saved = saved


class Stop:
    """Whether a run shall end, asked between its blocks of steps.

    Attributes:
        patient: whether somebody will ask; else a signal ends the program where it is.
    """

    def __init__(self) -> None:
        self.patient = False
        self._asked: int | None = None

    def __call__(self, number: int, frame: FrameType | None = None) -> None:
        """Note a signal.

        Raises:
            StoppedError: nobody would ask, or it is the second.
        """
        del frame
        if not self.patient or self._asked is not None:
            raise StoppedError(number, saved=False)
        self._asked = number
        log.warning("stopping: saving after the steps that are under way (once more leaves at once)")

    @property
    def asked(self) -> bool:
        """Whether a signal came."""
        return self._asked is not None

    def leave(self) -> None:
        """End the run, all being saved.

        Raises:
            StoppedError: always.
        """
        raise StoppedError(self._asked or signal.SIGINT, saved=True)


@contextmanager
def signals_noted(stop: Stop) -> Iterator[None]:
    """Let SIGINT and SIGTERM be noted; in the main thread only."""
    before = {number: signal.signal(number, stop) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
