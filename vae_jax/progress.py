"""What a run says while it trains."""

import sys
from typing import Any

from tqdm import tqdm


class Progress:
    """A bar with the losses and the time left; silent where nobody watches (no terminal)."""

    def __init__(self, total: int, done: int) -> None:
        """Start a bar.

        Args:
            total: steps of the run.
            done: steps taken already.
        """
        self._bar = tqdm(
            total=total,
            initial=done,
            unit="step",
            disable=not sys.stderr.isatty(),
            dynamic_ncols=True,
            leave=False,
        )

    def show(self, line: dict[str, Any]) -> None:
        """Show one line of metrics (the first member's)."""
        if line["member"] or line["split"] != "train":
            return
        losses = {name: f"{line[name]:.4g}" for name in ("loss", "recon", "kl", "beta_kl")}
        self._bar.set_postfix(losses, refresh=False)
        self._bar.update(line["step"] - self._bar.n)

    def close(self) -> None:
        """Remove the bar."""
        self._bar.close()
