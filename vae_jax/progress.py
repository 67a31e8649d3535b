"""What a run says while it trains."""

import sys
from typing import Any

from tqdm import tqdm


class Progress:
    """A bar with the losses and the time left; silent where nobody watches (no terminal)."""

    def __init__(self, total: int, done: int, *, member: int = 0, label: str = "") -> None:
        """Start a bar.

        Args:
            total: steps of the run.
            done: steps taken already.
            member: whose losses are shown.
            label: what stands before the bar.
        """
        self._member = member
        self._bar = tqdm(
            total=total,
            initial=done,
            unit="step",
            desc=label or None,
            disable=not sys.stderr.isatty(),
            dynamic_ncols=True,
            leave=False,
        )

    def show(self, line: dict[str, Any]) -> None:
        """Show one line of metrics (those of one member)."""
        if line["member"] != self._member or line["split"] != "train":
            return
        losses = {name: f"{line[name]:.4g}" for name in ("loss", "recon", "kl", "beta_kl")}
        self._bar.set_postfix(losses, refresh=False)
        self._bar.update(line["step"] - self._bar.n)

    def close(self) -> None:
        """Remove the bar."""
        self._bar.close()
