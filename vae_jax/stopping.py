"""Ending a run early: the first signal saves and leaves, the second leaves at once."""

import logging
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

log = logging.getLogger("vae_jax")

SIGNALS = (signal.SIGINT, signal.SIGTERM)
MOST_WAIT = 5.0  # seconds after a signal, for the steps under way to end


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
        wait = f"{MOST_WAIT:.0f} s"
        log.warning("stopping: saving after the steps under way, if they end in %s (once more leaves at once)", wait)

    def wait(self, block: Callable[[], object]) -> None:
        """Wait for what the devices compute in another thread: no signal is heard inside of a compiled program.

        Args:
            block: returns when it is there. What it raises is not raised here: who uses the result hears of it.

        Raises:
            StoppedError: a signal came, and it is not there after `MOST_WAIT` seconds.
        """

        def until_it_is_there() -> None:
            with suppress(Exception):
                block()

        waiting, heard = threading.Thread(target=until_it_is_there, daemon=True), None
        waiting.start()
        while waiting.is_alive():
            waiting.join(0.1)
            if self._asked is not None:
                heard = time.monotonic() if heard is None else heard
                if time.monotonic() - heard > MOST_WAIT:
                    raise StoppedError(self._asked, saved=False)

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
