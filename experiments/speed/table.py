"""The rows of the table: what was measured, against what, and what it should reach."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple


class Row(NamedTuple):
    """One figure: a ratio of two costs measured in the same run, and the most that it should be."""

    question: str
    cost: str
    against: str
    ratio: float
    target: float | None = None

    @property
    def verdict(self) -> str:
        """Whether the target is met."""
        if self.target is None:
            return ""
        return f"at most {self.target:g}: {'met' if self.ratio <= self.target else 'MISSED'}"


def text(rows: Sequence[Row]) -> str:
    """Lay the rows out in Markdown."""
    lines = ["| what | cost | against | ratio | target |", "| --- | --- | --- | --- | --- |"]
    lines += [f"| {r.question} | {r.cost} | {r.against} | {r.ratio:.3g} | {r.verdict} |" for r in rows]
    return "\n".join(lines)


def save(rows: Sequence[Row], path: Path) -> None:
    """Write the rows as CSV."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(Row._fields)
        writer.writerows(rows)
