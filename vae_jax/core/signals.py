"""Ending a run early: the first signal saves and exits, the second exits at once."""

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
from typing import NoReturn, TypeVar

log = logging.getLogger("vae_jax")

SIGNALS = (signal.SIGINT, signal.SIGTERM)
GOES_ON = "the same command goes on from the newest checkpoint"
T = TypeVar("T")
MOST_WAIT = 3.0  # seconds after a signal until the steps being computed are given up


class StoppedError(KeyboardInterrupt):
    """A signal ended the run; the message says how to go on.

    Attributes:
        status: the exit status, by convention 128 + the signal's number.
    """

    def __init__(self, number: int, *, saved: bool) -> None:
        how = "saved; the same command goes on from here" if saved else GOES_ON
        super().__init__(f"stopped; {how}")
        self.status = 128 + number


class Stop:
    """Whether a signal asked the run to end; checked between blocks of steps.

    Attributes:
        patient: whether `asked` will be checked; if not, a signal ends the program at once.
    """

    def __init__(self) -> None:
        self.patient = False
        self._asked: int | None = None

    def __call__(self, number: int, frame: FrameType | None = None) -> None:
        """Handle a signal.

        Raises:
            StoppedError: `asked` would not be checked, or this is the second signal.
        """
        del frame
        first, self._asked = self._asked is None, number  # known even where Python drops the error, as in a finalizer
        if not self.patient or not first:
            raise StoppedError(number, saved=False)
        log.warning("stopping: what is trained is being saved (once more leaves at once)")

    def wait(self, arrival: Callable[[], object], may_be_given_up: bool) -> bool:
        """Wait for the devices in another thread, because Python handles no signal inside a compiled program.

        Args:
            arrival: blocks until the result has arrived. Its errors are ignored here: using the result raises them.
            may_be_given_up: whether to stop waiting `MOST_WAIT` seconds after a signal.

        Returns:
            whether the result has arrived.
        """

        def block() -> None:
            with suppress(Exception):
                arrival()

        waiting, noticed = threading.Thread(target=block, daemon=True), math.inf
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
        """End the run, after everything was saved.

        Raises:
            StoppedError: always.
        """
        raise StoppedError(self._asked or signal.SIGINT, saved=True)


@contextmanager
def signals_noted(stop: Stop) -> Iterator[None]:
    """Handle SIGINT and SIGTERM by `stop`; only the main thread can handle signals, in others this does nothing."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, stop) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def interruptible(work: Callable[[], T]) -> T:
    """Do some work in another thread and wait for it, because Python handles no signal inside a compilation.

    Raises:
        StoppedError: a signal came for which nobody checks; the work is left to itself.
        BaseException: whatever the work raises.
    """
    results: list[T] = []
    errors: list[BaseException] = []

    def attempt() -> None:
        try:
            results.append(work())
        except BaseException as error:  # raised again below, in the thread that waits
            errors.append(error)

    working = threading.Thread(target=attempt, daemon=True)
    working.start()
    while working.is_alive():
        working.join(0.1)
    if errors:
        raise errors[0]
    return results[0]


def leave(status: int) -> NoReturn:
    """End the process; after a signal without waiting for the devices."""
    if status > 128:
        logging.shutdown()
        sys.stderr.flush()
        sys.stdout.flush()
        os._exit(status)
    gc.freeze()  # else the collection of all objects at exit takes half a second
    sys.exit(status)
