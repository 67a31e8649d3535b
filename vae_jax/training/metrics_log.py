"""The metrics of a run on disk: JSON lines, which the package reads, and optional TensorBoard events."""

import json
import logging
from collections.abc import Collection
from pathlib import Path
from typing import Any

import jax
import numpy as np

from vae_jax.core.atomic_files import write_text
from vae_jax.objectives.contracts import Metrics

log = logging.getLogger("vae_jax")

OF_EVERY_LINE: dict[str, Any] = {"step": int, "epoch": (int, float), "member": int, "split": str}


class MetricsLog:
    """Appends lines to `metrics.jsonl` and, if asked, to TensorBoard events."""

    def __init__(
        self, metrics: Path, tensorboard: Path | None, *, from_step: int, members: Collection[int] = (0,)
    ) -> None:
        """Open the files, and drop what was written after the step that the run continues from.

        Args:
            metrics: the JSON lines.
            tensorboard: the folder of events, or None.
            from_step: steps already taken; later lines of these members are dropped and will be written again.
            members: whose lines will be written; those of others are kept.
        """
        lines = _whole_lines(metrics)
        kept = [text for text, line in lines if line["step"] <= from_step or line["member"] not in members]
        write_text(metrics, "".join(f"{text}\n" for text in kept))
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

            # Readers drop what an earlier writer wrote after the step that the run continues from.
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


def metric_lines(metrics: Metrics) -> list[dict[str, Any]]:
    """Turn metrics, each `[members]`, into one dict of plain floats a member; `rates`, `[members, parts]`, into lists.

    Each is the shortest decimal that is the same float32: a beta_kl of 0.1 is written as 0.1.
    """
    table = jax.device_get(metrics)

    def plain(found: Any) -> Any:
        return [plain(each) for each in found] if found.ndim else float(np.format_float_scientific(found))

    return [{name: plain(each[member]) for name, each in table.items()} for member in range(len(table["loss"]))]


def read_metrics(path: Path) -> list[dict[str, Any]]:
    """Read the lines of a `metrics.jsonl`, without those that are damaged or cut short by a crash."""
    return [line for _, line in _whole_lines(path)]


def _whole_lines(path: Path) -> list[tuple[str, dict[str, Any]]]:
    if not path.is_file():
        return []
    texts = path.read_text(encoding="utf-8", errors="replace").split("\n")
    found = [(text, _line(text)) for text in texts if text]
    damaged = sum(line is None for _, line in found) - (bool(texts[-1]) and found[-1][1] is None)
    if damaged:
        log.warning("%s: %d of %d lines can't be read and are left out", path, damaged, len(found))
    return [(text, line) for text, line in found if line is not None]


def _line(text: str) -> dict[str, Any] | None:
    try:
        line = json.loads(text)
    except (ValueError, RecursionError):
        return None
    whole = isinstance(line, dict) and all(isinstance(line.get(name), kind) for name, kind in OF_EVERY_LINE.items())
    return line if whole else None
