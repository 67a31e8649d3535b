"""The running time of a run."""

import time
from dataclasses import dataclass


@dataclass
class Clock:
    """Seconds of a run, with those before it was interrupted and continued."""

    started: float
    before: float = 0.0

    def __call__(self) -> float:
        """Return the seconds since the command started plus those up to the checkpoint that it continued from."""
        return self.before + time.perf_counter() - self.started

    def resume(self, total: float) -> None:
        """Add the seconds that a checkpoint records."""
        self.before = max(self.before, total)
