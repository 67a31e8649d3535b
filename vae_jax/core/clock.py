"""How long a run took."""

import time
from dataclasses import dataclass


@dataclass
class Clock:
    """Seconds of a run over all the times that it was continued."""

    started: float
    before: float = 0.0

    def __call__(self) -> float:
        """Seconds since the command started, and those before the newest checkpoint of a continued run."""
        return self.before + time.perf_counter() - self.started

    def resume(self, total: float) -> None:
        """Count the seconds that a checkpoint says were spent."""
        self.before = max(self.before, total)
