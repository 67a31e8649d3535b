"""Ending a run early: the first signal saves and leaves, the second leaves at once."""

import gc
import logging
import math
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import NoReturn

log = logging.getLogger("vae_jax")

SIGNALS = (signal.SIGINT, signal.SIGTERM)
GOES_ON = "the same command goes on from the newest checkpoint"
MOST_WAIT = 3.0  # seconds after a signal, for what is being computed to end


class StoppedError(KeyboardInterrupt):
    """A signal ended the run; says how to go on.

    Attributes:
        status: that a process ends with by custom, 128 and the signal's number.
    """

    def __init__(self, number: int, *, saved: bool) -> None:
        how = "saved; the same command goes on from here" if saved else GOES_ON
        super().__init__(f"stopped; {how}")
        self.status = 128 + number


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
        log.warning("stopping: what is trained is being saved (once more leaves at once)")

    def wait(self, arrival: Callable[[], object], may_be_given_up: bool) -> bool:
        """Wait for what the devices compute in another thread: no signal is handled inside a compiled program.

        Args:
            arrival: returns when it is there. What it raises is not raised here: who uses the result hears of it.
            may_be_given_up: whether it is not waited for any more `MOST_WAIT` seconds after a signal.

        Returns:
            whether it is there.
        """

        def until_it_is_there() -> None:
            with suppress(Exception):
                arrival()

        waiting, noticed = threading.Thread(target=until_it_is_there, daemon=True), math.inf
        waiting.start()
        while waiting.is_alive():
            waiting.join(0.1)
            if self.asked:
                noticed = min(noticed, time.monotonic())
            if may_be_given_up and time.monotonic() - noticed > MOST_WAIT:
                return False
        return True

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
    """Let SIGINT and SIGTERM be noted; in the main thread, as others note_metrics of none."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, stop) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def leave(status: int) -> NoReturn:
    """End the process; after a signal without waiting for what the devices still compute."""
    if status > 128:
        logging.shutdown()
        sys.stderr.flush()
        sys.stdout.flush()
        os._exit(status)
    gc.freeze()  # the interpreter looks through all that there is as it ends, which takes half a second
    sys.exit(status)
