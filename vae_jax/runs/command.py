"""What is asked of a run folder."""

from dataclasses import dataclass
from pathlib import Path

from vae_jax.config.schema import Config

MODES = ("train", "evaluate", "figures", "export")


@dataclass(frozen=True)
class Pick:
    """Which member of a sweep is meant: exactly one of these, or `where` and `best`.

    Attributes:
        member: its number.
        where: `FIELD=VALUE,FIELD=VALUE` that only it has; with `best`, that those have among which it is the best.
        best: the metric in which it is the best, such as `test.elbo`.
    """

    member: int | None = None
    where: str | None = None
    best: str | None = None


@dataclass(frozen=True)
class Command:
    """What the user asked for.

    Attributes:
        config: the settings, checked; None where the run folder's own are meant.
        workdir: the run folder.
        mode: one of `MODES`.
        dry_run: only say what would be trained.
        pick: whom to export.
        out: where to export to; None means beside the run.
    """

    config: Config | None
    workdir: Path
    mode: str
    dry_run: bool = False
    pick: Pick = Pick()
    out: Path | None = None
