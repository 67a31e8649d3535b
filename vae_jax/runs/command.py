"""A parsed command line about a run folder."""

from dataclasses import dataclass
from pathlib import Path

from vae_jax.config.schema import Config

MODES = ("train", "evaluate", "figures", "export", "sample")


@dataclass(frozen=True)
class Pick:
    """Chooses a member of a sweep: by exactly one of these, or by `where` and `best`.

    Attributes:
        member: its number.
        where: `FIELD=VALUE,FIELD=VALUE` that only it has; with `best`, that all members to choose from have.
        best: the metric in which it is the best, such as `test.elbo`.
    """

    member: int | None = None
    where: str | None = None
    best: str | None = None


@dataclass(frozen=True)
class Drawing:
    """What new images to draw.

    Attributes:
        count: how many.
        label: the name or the number of their class; None means any.
        seed: decides the images.
    """

    count: int = 60
    label: str | None = None
    seed: int = 0


@dataclass(frozen=True)
class Command:
    """A parsed command line.

    Attributes:
        config: the settings, checked; None means those of the run folder.
        workdir: the run folder.
        mode: one of `MODES`.
        dry_run: only print what would be trained.
        pick: the member to export, or to draw from.
        out: the folder to export to, None for one beside the run; or the picture of new images, None for one in it.
        drawing: what new images to draw.
    """

    config: Config | None
    workdir: Path
    mode: str
    dry_run: bool = False
    pick: Pick = Pick()
    out: Path | None = None
    drawing: Drawing = Drawing()
