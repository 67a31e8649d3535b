"""The metrics of a run on the disk: JSON lines as the truth, TensorBoard events for those who like them."""

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any


class Recorder:
    """Appends lines to `metrics.jsonl` and, if asked, to TensorBoard events."""

    def __init__(
        self, metrics: Path, tensorboard: Path | None, *, from_step: int, members: Collection[int] = (0,)
    ) -> None:
        """Open the files, forgetting what was written after the step that the run continues from.

        Args:
            metrics: the JSON lines.
            tensorboard: the events' folder, or None.
            from_step: steps already taken; later lines of these members come again.
            members: whose lines will be written; those of others stay.
        """
        kept = _kept_lines(metrics, from_step, members)
        partial = metrics.with_name(f".{metrics.name}.partial")
        partial.write_text("".join(kept), encoding="utf-8")
        partial.replace(metrics)
        self._file = metrics.open("a", encoding="utf-8")
        self._tensorboard = tensorboard
        self._from_step = from_step
        self._events: Any = None

    def write(self, line: dict[str, Any]) -> None:
        """Write one line: one member, one split, one moment."""
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()
        if self._tensorboard is None:
            return
        if self._events is None:
            from tensorboardX import SummaryWriter

            # Readers forget what an earlier writer left after the step that the run continues from.
            purge = self._from_step + 1 if self._tensorboard.is_dir() else None
            self._events = SummaryWriter(str(self._tensorboard), purge_step=purge)
        for name, value in line.items():
            if isinstance(value, float) and name != "epoch":
                tag = f"member_{line['member']}/{line['split']}/{name}"
                self._events.add_scalar(tag, value, line["step"])

    def close(self) -> None:
        """Close the files."""
        self._file.close()
        if self._events is not None:
            self._events.close()


def _kept_lines(metrics: Path, step: int, members: Collection[int]) -> list[str]:
    if not metrics.is_file():
        return []
    kept = []
    for text in metrics.read_text(encoding="utf-8").splitlines():
        try:
            line = json.loads(text)
        except json.JSONDecodeError:  # cut short by a crash: it comes again
            continue
        if line["step"] <= step or line["member"] not in members:
            kept.append(text + "\n")
    return kept
