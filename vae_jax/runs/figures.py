"""The figures of a run: which members are drawn, and the files of the figures."""

import logging
import re
from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jax

from vae_jax.config.fields import short_name
from vae_jax.config.sweep_language import swept_fields
from vae_jax.core.plain_text import reason
from vae_jax.reports.comparable import Measured, group_by_unit
from vae_jax.reports.summary import comparable_groups, member_title, member_values
from vae_jax.runs.kept_sampler import fitted_to
from vae_jax.runs.plan import Plan
from vae_jax.training.extraction import spec_alone, state_alone
from vae_jax.training.groups import Group
from vae_jax.training.metrics_log import read_metrics
from vae_jax.training.non_finite import failed_for_good
from vae_jax.training.steps import TrainState

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from vae_jax.evaluation.member_arrays import MemberArrays
    from vae_jax.reports.report import MemberPage, Picture

log = logging.getLogger("vae_jax")

MOST_TOGETHER = 16  # members side by side

# Matplotlib takes a second to import: each method imports what it draws with.


class RunFigures:
    """Draws a run's figures into its folder.

    A figure that fails is named in one line, and the others are drawn. Only an OSError ends the run.

    Attributes:
        failed: the names of the files that were not drawn, and why.
    """

    def __init__(self, plan: Plan, say: Callable[[str], object] = lambda doing: None) -> None:
        """Choose the members to draw: the first ones in full, and one seed of each setting side by side.

        Args:
            plan: the run's.
            say: called with what is being drawn.
        """
        self.say = say
        self.folder, self.config, self.collection = plan.folder, plan.config, plan.collection
        self.members = plan.members
        self.alone = len(self.members) == 1
        self.in_full = self._first_members()
        self.first_of_setting: dict[str, int] = {}
        for number in self.members:
            self.first_of_setting.setdefault(self.setting_of(number), number)
        self.together = [*self.first_of_setting.values()][:MOST_TOGETHER] if not self.alone else []
        self.failed: dict[str, str] = {}
        self.empty = not self.in_full or not self._can_draw()  # nothing is to be drawn
        self._member_arrays: dict[int, MemberArrays] = {}
        self._drawn: set[Path] = set()
        self._whole = False  # whether all figures were drawn again

    def _can_draw(self) -> bool:
        """Import Matplotlib; a broken installation, or a matplotlibrc that can't be read, is reported once."""
        try:
            import_module("vae_jax.figures.gallery")
        except Exception as error:
            self.note_failure("figures", f"matplotlib can't be used: {reason(error)}")
            return False
        return True

    def note_failure(self, name: str, why: str) -> None:
        """Log and remember a figure that was not drawn."""
        self.failed[name] = why
        log.warning("%s: not made (%s); the trained model is saved, and --mode=figures draws again", name, why)

    def _draw(self, drawings: "Mapping[str, Callable[[], Figure | None]]", suffix: str = "") -> None:
        """Draw figures into the folder; those that fail are reported."""
        from vae_jax.figures.gallery import draw_figures

        self._drawn.update(self.folder.figures / f"{name}{suffix}.png" for name in drawings)
        for name, why in draw_figures(drawings, self.folder.figures, suffix).items():
            self.note_failure(f"figures/{name}{suffix}.png", why)

    def _first_members(self) -> list[int]:
        """Choose the members that are drawn in full: the first `eval.figure_members`, for each value of that field."""
        counts = [config.eval.figure_members for config in self.members.values()]
        return [number for k, number in enumerate(self.members) if counts[:k].count(counts[k]) < counts[k]]

    def title_of(self, number: int) -> str:
        """Return a short description of a member."""
        return member_title(self.config, self.members[number])

    def setting_of(self, number: int) -> str:
        """Return the description of a member without its seed."""
        words = self.title_of(number).split(" · ")
        return ", ".join(word for word in words[1:] if not word.startswith("seed "))

    def draw_each(self, group: Group, state: TrainState) -> None:
        """Draw the chosen members of a group, except those that failed."""
        if self.empty:
            return
        self.say("drawing")
        from vae_jax.figures.gallery import gallery_of

        for k, number in enumerate(group.numbers):
            wanted = number in self.in_full or number in self.together
            if not wanted or failed_for_good(group.configs[k], int(state.failed[k])):
                continue
            self.say("drawing" if self.alone else f"drawing member {number}")
            try:
                member_arrays = self._gather(group, k, state)
            except Exception as error:
                log.debug("member %d", number, exc_info=True)
                self.note_failure(f"figures of member {number}", reason(error))
                continue
            if number in self.in_full:
                self._draw(gallery_of(member_arrays), self._suffix(number))
            if number in self.together:
                self._member_arrays[number] = member_arrays

    def _gather(self, group: Group, k: int, state: TrainState) -> "MemberArrays":
        """Compute the arrays that the figures of a member show."""
        from vae_jax.evaluation.gathering import gather_member_arrays

        weights = jax.tree.map(lambda leaf: leaf[0], state_alone(group, k, state).at_best().weights)
        config, number, spec = group.configs[k], group.numbers[k], spec_alone(group, k)
        dataset, sampler = self.collection.of(config), None
        if number in self.in_full:
            try:
                sampler = fitted_to(self.folder, number, config, spec, weights, dataset)
            except OSError:
                raise
            except Exception as error:
                self.note_failure(f"samplers/{config.sampler.name}_member{number}.npz", reason(error))
        title = self.title_of(number)
        return gather_member_arrays(spec, weights, dataset, seed=int(config.seed), title=title, sampler=sampler)

    def draw_together(self) -> None:
        """Draw the losses of all members, and in a sweep the chosen members side by side."""
        self._whole = True
        if self.empty:
            return
        self.say("drawing the losses" if self.alone else "drawing all members together")
        from vae_jax.figures.gallery import LOSS_CURVES
        from vae_jax.figures.losses import loss_curves
        from vae_jax.figures.side_by_side import MEMBER_FIGURES

        lines, notice = read_metrics(self.folder.metrics), self.collection.notice
        title = (
            self.title_of(self.in_full[0]) if self.alone else f"{self.collection.names}, {len(self.members)} members"
        )
        groups = None if self.alone else {number: self.setting_of(number) for number in self.members}
        together = [self._member_arrays[number] for number in sorted(self._member_arrays)]
        count = len(self.first_of_setting)
        left_out = f"from the first {MOST_TOGETHER} of {count} settings" if count > MOST_TOGETHER else ""
        notice_together = "\n".join(filter(None, (left_out, notice)))
        self._draw(
            {
                LOSS_CURVES[0]: partial(loss_curves, lines, title, notice, groups, *self._units()),
                **{name: partial(draw, together, notice_together) for name, (_, draw) in MEMBER_FIGURES.items()},
            }
        )

    def _units(self) -> tuple[dict[int, str], str]:
        """Return the unit of each member's losses, and a note if losses of one unit don't compare."""
        measured = [
            Measured(
                self.collection.of(member).fingerprint,
                member_values(self.config, member),
                self.config.objective.reduction,
            )
            for member in self.members.values()
        ]
        units = dict(zip(self.members, group_by_unit(["recon", "kl"], measured), strict=True))
        for words in dict.fromkeys(units.values()):
            of_unit = [each for each, unit in zip(measured, units.values(), strict=True) if unit == words]
            if len(set(group_by_unit(["loss"], of_unit, ranked=True))) > 1:
                return units, "each by its own weights: heights don't compare"
        return units, ""

    def draw_table(self, summary: dict[str, Any]) -> None:
        """Draw the metrics of all members against the swept fields."""
        if self.empty:
            return
        from vae_jax.figures.sweep_table import TABLE_FIGURES, SweepTable

        tables = [
            SweepTable(
                title=f"{self.collection.names}, {len(self.members)} members",
                notice=self.collection.notice,
                swept=tuple(map(short_name, swept_fields(self.config))),
                values=tuple(member["values"] for member in group),
                metrics=tuple(member["test"] for member in group),
                group=words,
            )
            for words, group in comparable_groups(summary).items()
        ]
        if tables:
            self._draw({name: partial(draw, *tables) for name, (_, draw) in TABLE_FIGURES.items()})

    def remove_earlier(self) -> None:
        """Remove figures of the run before it grew, once all are drawn again: they would look like current ones."""
        if not self._whole or not self.folder.figures.is_dir():
            return
        from vae_jax.figures.gallery import FIGURES, LOSS_CURVES
        from vae_jax.figures.side_by_side import MEMBER_FIGURES
        from vae_jax.figures.sweep_table import TABLE_FIGURES

        known = {*FIGURES, *MEMBER_FIGURES, *TABLE_FIGURES, LOSS_CURVES[0]}
        earlier = sorted(path for path in self.folder.figures.glob("*.png") if path not in self._drawn)
        earlier = [path for path in earlier if re.sub(r"_member\d+$", "", path.stem) in known]
        for path in earlier:
            path.unlink()
        if earlier:
            names = ", ".join([path.name for path in earlier[:5]] + ["..."] * (len(earlier) > 5))
            log.info("%s: removed %s figures of the earlier run (%s)", self.folder.figures, len(earlier), names)

    def _suffix(self, number: int) -> str:
        return "" if self.alone else f"_member{number}"

    def pages(self) -> "tuple[list[Picture], list[Picture], list[MemberPage]]":
        """Return the figures in the run folder: of the sweep, of the run, and of each member."""
        if self.empty:
            return [], [], []
        from vae_jax.figures.gallery import FIGURES, LOSS_CURVES
        from vae_jax.figures.side_by_side import MEMBER_FIGURES
        from vae_jax.figures.sweep_table import TABLE_FIGURES
        from vae_jax.reports.report import MemberPage, Picture

        def existing(captions: dict[str, str], suffix: str = "") -> "list[Picture]":
            pictures = [Picture(text, self.folder.figures / f"{name}{suffix}.png") for name, text in captions.items()]
            failed = {self.folder.path / name for name in self.failed}  # a file of that name is an earlier figure
            return [picture for picture in pictures if picture.path.is_file() and picture.path not in failed]

        captions = {name: caption for name, (caption, _) in FIGURES.items()}
        together = {name: caption for name, (caption, _) in (TABLE_FIGURES | MEMBER_FIGURES).items()}
        pages = [MemberPage(self.title_of(n), existing(captions, self._suffix(n))) for n in self.members]
        return (
            existing(together) if not self.alone else [],
            existing(dict([LOSS_CURVES])),
            [page for page in pages if page.pictures],
        )
