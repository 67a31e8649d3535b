"""Progress of long work: a bar in a terminal, elsewhere a plain line every ten seconds."""

import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Sequence

from tqdm import tqdm

log = logging.getLogger("vae_jax.core.progress")

# Seconds: until the first plain line, between two lines, between two at logged moments, between two updates.
FIRST, EVERY, EVERY_MOMENT, BEAT = 2.0, 10.0, 5.0, 1.0
REDRAWN = 0.1  # seconds, at least, between two drawings of the bar

COUNTED = "{desc}: {percentage:3.0f}%|{bar:20}| {n_fmt}/{total_fmt} [{elapsed}{postfix}]"
UNCOUNTED = "{desc} [{elapsed}]"


class Console(logging.StreamHandler):  # type: ignore[type-arg]
    """Writes log lines to standard error, above a bar that is shown there."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        with tqdm.external_write_mode(file=self.stream):
            super().emit(record)


class Pace:
    """Estimates the time that remaining work takes from the time that finished work took.

    Attributes:
        paused: seconds without work.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._mark = clock()
        self._work = self._seconds = self.paused = 0.0

    def work(self, amount: float) -> None:
        """Count work, which took the time since the last call of `work` or `apart`."""
        self._seconds += self._since()
        self._work += amount

    def apart(self) -> None:
        """Count the time since the last call of `work` or `apart` as a pause, such as compiling."""
        self.paused += self._since()

    def _since(self) -> float:
        before, self._mark = self._mark, self._clock()
        return self._mark - before

    def left(self, work: float) -> float | None:
        """Return the seconds that an amount of work will take; None before any was done."""
        return work * self._seconds / self._work if self._work else None


class Progress:
    """Shows what is being done, how much of it is done, and how long the rest will take.

    In a terminal it is a bar, removed at the end. Elsewhere it is lines on the logger `vae_jax.core.progress`, the
    first after two seconds.
    """

    def __init__(
        self, doing: str, total: int = 0, *, unit: str = "step", clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Start to show progress.

        Args:
            doing: what is being done, such as `compiling`.
            total: number of units to do; 0 where it is unknown.
            unit: name of a unit.
            clock: returns seconds.
        """
        self._doing, self._total, self._unit, self._done = doing, total, unit, 0
        self._clock, self._pace = clock, Pace(clock)
        self._label, self._note, self._weight, self._later = "", "", 1.0, 0.0
        self._groups, self._group, self._paused_before = 1, 0, 0.0
        self._counts = True
        self._started = clock()
        self._next = self._started + FIRST
        self._last_line = self._shown = self._started
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._bar = tqdm(
            total=total or None,
            desc=self._heading(),
            bar_format=COUNTED if total else UNCOUNTED,
            unit_scale=unit == "byte",
            disable=not _shows_bars(),
            dynamic_ncols=True,
            leave=False,
        )
        self._beats = threading.Thread(target=self._beat_on, daemon=True)
        self._beats.start()

    def group(self, place: int, totals: Sequence[int], weights: Sequence[float]) -> None:
        """Start a group (of members of a sweep).

        Args:
            place: index of the group, from 0.
            totals: number of units to do in each group.
            weights: the work of one unit in each group.
        """
        work = [total * weight for total, weight in zip(totals, weights, strict=True)]
        total = totals[place]
        with self._lock:
            self._label = f"group {place + 1} of {len(totals)}" if len(totals) > 1 else ""
            self._total, self._done, self._note = total, 0, ""
            self._weight, self._later = weights[place], sum(work[place + 1 :])
            self._groups, self._group, self._paused_before = len(totals), place, self._pace.paused
        self._bar.total = total
        self._bar.n = self._bar.last_print_n = 0

    def skip(self, count: int) -> None:
        """Count units that were done by an earlier run: they took no time."""
        with self._lock:
            self._done += count
        self._bar.n += count

    def say(self, doing: str, *, counts: bool = True) -> None:
        """Set what is being done.

        Args:
            doing: such as `compiling`.
            counts: whether its time counts as work, on which the estimate of the time left is based.
        """
        with self._lock:
            if not self._counts:
                self._pace.apart()
            self._doing, self._counts = doing, counts
        self._show()

    def advance(self, count: int = 1) -> None:
        """Count units that were done; may be called from any thread."""
        if self._closed.is_set():
            return
        with self._lock:
            self._done += count
            self._pace.work(count * self._weight)
        self._bar.update(count)

    def moment(self, note: str) -> None:
        """Show a note, such as the newest losses; as a line if the last line is `EVERY_MOMENT` seconds old."""
        with self._lock:
            self._note = note
        if self._clock() - self._last_line >= EVERY_MOMENT:
            self._write_line()
        self._show()

    def beat(self) -> None:
        """Update the bar's clock, and write a line if one is due."""
        if self._clock() >= self._next:
            self._write_line()
        self._show(at_once=True)

    def close(self) -> None:
        """Remove the bar; nothing is shown any more."""
        self._closed.set()
        self._beats.join()
        self._bar.close()

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def line(self) -> str:
        """Return the state as one plain line."""
        counted = f": {self._done:,} of {self._total:,} {self._unit}s" if self._total else ""
        elapsed = f"{duration(self._clock() - self._started)} so far"
        return ", ".join(filter(None, [self._heading() + counted, self._note, elapsed, self._left()]))

    def _heading(self) -> str:
        return ": ".join(filter(None, [self._label, self._doing]))

    def _left(self) -> str:
        with self._lock:
            work = (self._total - self._done) * self._weight + self._later
            left = self._pace.left(work) if work else None
            # Each group that has not started will pause (compile) as long as the earlier ones did on average.
            mean = self._paused_before / self._group if self._group else self._pace.paused
            pauses = self._groups - self._group - (1 if self._done else 0)
        return f"about {duration(left + pauses * mean)} left" if left is not None else ""

    def _show(self, *, at_once: bool = False) -> None:
        now = self._clock()
        if self._bar.disable or self._closed.is_set() or not (at_once or now - self._shown >= REDRAWN):
            return
        self._shown = now
        self._bar.set_description_str(self._heading(), refresh=False)
        self._bar.set_postfix_str(", ".join(filter(None, [self._left(), self._note])), refresh=False)
        self._bar.refresh()

    def _write_line(self) -> None:
        self._last_line = self._clock()
        self._next = self._last_line + EVERY
        if self._bar.disable:
            log.info("%s", self.line())

    def _beat_on(self) -> None:
        while not self._closed.wait(BEAT):
            self.beat()


def _shows_bars() -> bool:
    """Whether standard error is a terminal with a known width; in one without, no bar would be visible."""
    if not sys.stderr.isatty():
        return False
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns > 0
    except (OSError, ValueError):  # not a terminal of the system's
        return True


def duration(seconds: float) -> str:
    """Format seconds as `1:05` or `2:03:00`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
