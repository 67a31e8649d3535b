"""The pictures of a run: which members are drawn, and where the pictures lie."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import jax

from vae_jax.field_names import short_name
from vae_jax.run_plan import Plan
from vae_jax.summary import member_title
from vae_jax.sweep_language import swept_fields
from vae_jax.training.cohorts import Cohort
from vae_jax.training.failures import failed_for_good
from vae_jax.training.members import program_alone, state_alone
from vae_jax.training.recorder import read_metrics
from vae_jax.training.steps import TrainState

if TYPE_CHECKING:
    from vae_jax.evaluation.portrait import Portrait
    from vae_jax.report import MemberPage, Picture

MOST_TOGETHER = 16  # members side by side

# matplotlib takes a second to import: each method imports what it draws with.


class Album:
    """Draws a run's figures into its folder."""

    def __init__(self, plan: Plan, say: Callable[[str], object] = lambda doing: None) -> None:
        """Choose whom to draw: the first members in full, and one seed of each setting side by side.

        Args:
            plan: the run's.
            say: called with what is being drawn.
        """
        self.say = say
        self.folder, self.config, self.shelf = plan.folder, plan.config, plan.shelf
        self.members = plan.members
        self.alone = len(self.members) == 1
        self.in_full = self._first_members()
        self.empty = not self.in_full  # nothing is to be drawn
        self.names = tuple(map(short_name, swept_fields(self.config)))
        self._portraits: dict[int, Portrait] = {}

    def _first_members(self) -> list[int]:
        """Choose the members that are drawn in full: as many of the first as they themselves say."""
        said = [config.eval.figure_members for config in self.members.values()]
        return [number for k, number in enumerate(self.members) if said[:k].count(said[k]) < said[k]]

    def title_of(self, number: int) -> str:
        """Name a member in a few words."""
        return member_title(self.config, self.members[number])

    def setting_of(self, number: int) -> str:
        """Name what a member has in common with those that differ in their seed alone."""
        words = self.title_of(number).split(" · ")
        return ", ".join(word for word in words[1:] if not word.startswith("seed "))

    def side_by_side(self) -> list[int]:
        """The first member of each setting, as many as a figure has room for."""
        first: dict[str, int] = {}
        for number in self.members:
            first.setdefault(self.setting_of(number), number)
        return list(first.values())[:MOST_TOGETHER] if not self.alone else []

    def draw_each(self, cohort: Cohort, state: TrainState) -> None:
        """Draw those members of a cohort that get figures of their own; one that failed gets none."""
        if self.empty:
            return
        self.say("drawing")
        from vae_jax.evaluation.sitting import sit
        from vae_jax.figures.gallery import draw_gallery, save_figures

        together = self.side_by_side()
        for k, number in enumerate(cohort.numbers):
            wanted = number in self.in_full or number in together
            if not wanted or failed_for_good(cohort.configs[k], int(state.failed[k])):
                continue
            self.say("drawing" if self.alone else f"drawing member {number}")
            params = jax.tree.map(lambda leaf: leaf[0], state_alone(cohort, k, state).params)
            seed, title = cohort.configs[k].seed, self.title_of(number)
            dataset = self.shelf.of(cohort.configs[k])
            portrait = sit(program_alone(cohort, k), params, dataset, seed=seed, title=title)
            if number in self.in_full:
                save_figures(draw_gallery(portrait), self.folder.figures, self._suffix(number))
            if number in together:
                self._portraits[number] = portrait

    def draw_together(self) -> None:
        """Draw the losses of all members and, of several, some of them side by side."""
        if self.empty:
            return
        self.say("drawing the losses" if self.alone else "drawing all members together")
        from vae_jax.figures.gallery import LOSS_CURVES, save_figures
        from vae_jax.figures.losses import loss_curves
        from vae_jax.figures.side_by_side import PORTRAIT_FIGURES

        lines, notice = read_metrics(self.folder.metrics), self.shelf.notice
        title = self.title_of(self.in_full[0]) if self.alone else f"{self.shelf.names}, {len(self.members)} members"
        groups = None if self.alone else {number: self.setting_of(number) for number in self.members}
        figures = {LOSS_CURVES[0]: loss_curves(lines, title, notice, groups)}
        sitters = [self._portraits[number] for number in sorted(self._portraits)]
        drawn = {name: draw(sitters, notice) for name, (_, draw) in PORTRAIT_FIGURES.items()}
        save_figures(figures | {name: figure for name, figure in drawn.items() if figure}, self.folder.figures)

    def draw_table(self, summary: dict[str, Any]) -> None:
        """Draw the metrics of all members against what was swept."""
        if self.empty:
            return
        from vae_jax.figures.gallery import save_figures
        from vae_jax.figures.sweep_table import TABLE_FIGURES, SweepTable

        well = [m for m in summary["members"] if m["failed_in_step"] is None and "elbo" in m["test"]]
        table = SweepTable(
            title=f"{self.shelf.names}, {len(self.members)} members",
            notice=self.shelf.notice,
            swept=self.names,
            values=tuple(member["values"] for member in well),
            metrics=tuple(member["test"] for member in well),
        )
        drawn = {name: draw(table) for name, (_, draw) in TABLE_FIGURES.items()} if well else {}
        save_figures({name: figure for name, figure in drawn.items() if figure}, self.folder.figures)

    def _suffix(self, number: int) -> str:
        return "" if self.alone else f"_member{number}"

    def pages(self) -> "tuple[list[Picture], list[Picture], list[MemberPage]]":
        """Find the pictures in the run folder: of the sweep, of the run, and of each member."""
        if self.empty:
            return [], [], []
        from vae_jax.figures.gallery import FIGURES, LOSS_CURVES
        from vae_jax.figures.side_by_side import PORTRAIT_FIGURES
        from vae_jax.figures.sweep_table import TABLE_FIGURES
        from vae_jax.report import MemberPage, Picture

        def existing(captions: dict[str, str], suffix: str = "") -> "list[Picture]":
            pictures = [Picture(text, self.folder.figures / f"{name}{suffix}.png") for name, text in captions.items()]
            return [picture for picture in pictures if picture.path.is_file()]

        captions = {name: caption for name, (caption, _) in FIGURES.items()}
        together = {name: caption for name, (caption, _) in (TABLE_FIGURES | PORTRAIT_FIGURES).items()}
        pages = [MemberPage(self.title_of(n), existing(captions, self._suffix(n))) for n in self.members]
        return (
            existing(together) if not self.alone else [],
            existing(dict([LOSS_CURVES])),
            [page for page in pages if page.pictures],
        )
