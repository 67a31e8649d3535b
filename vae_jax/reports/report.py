"""`report.html`: a run on one self-contained page."""

import base64
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from vae_jax.config.values import shown
from vae_jax.core.plain_text import printable
from vae_jax.reports.collapse import collapse_sentence
from vae_jax.reports.summary import (
    best_members,
    choosing_split,
    comparable_groups,
    data_sets,
    normalisation_of,
    ranking_metric,
)


class Picture(NamedTuple):
    """A figure on the page: its caption and its PNG file."""

    caption: str
    path: Path

    @property
    def data(self) -> str:
        """The file's content, in base64."""
        return base64.b64encode(self.path.read_bytes()).decode()


class MemberPage(NamedTuple):
    """A member's part of the page."""

    title: str
    pictures: Sequence[Picture]


def render(
    summary: dict[str, Any],
    config_json: str,
    sweep: Sequence[Picture],
    shared: Sequence[Picture],
    members: Sequence[MemberPage],
    failed: Mapping[str, str] | None = None,
) -> str:
    """Return the page.

    Args:
        summary: as in `summary.json`.
        config_json: as in `config.json`.
        sweep: figures that compare the members of a sweep.
        shared: figures of all members together.
        members: those with their own figures.
        failed: the names of figures that were not drawn, and why.

    Returns:
        HTML; all names and values are escaped, and characters that can't be shown are written as escapes.
    """
    from jinja2 import Environment, PackageLoader
    from markupsafe import Markup

    def spelled(value: Any) -> Any:
        return printable(value, "\n") if isinstance(value, str) and not isinstance(value, Markup) else value

    loader = PackageLoader("vae_jax.reports", ".")
    environment = Environment(loader=loader, autoescape=True, trim_blocks=True, finalize=spelled)
    environment.filters["shown"] = shown
    leaders, split = best_members(summary), choosing_split(summary["members"])
    page: str = environment.get_template("report.html.jinja").render(
        summary=summary,
        leaders=leaders,
        chosen_on=split,
        chosen_by="ELBO" if ranking_metric(summary["members"]) == "elbo" else "loss",
        best=next(iter(leaders.values())) if len(leaders) == 1 else None,
        group_of={
            m["member"]: words for words, group in comparable_groups(summary, split=split).items() for m in group
        },
        ways=[normalisation_of(summary, member) for member in summary["members"]],
        data_sets=data_sets(summary),
        versions=json.dumps(summary["versions"], indent=2),
        config=config_json,
        sweep=sweep,
        shared=shared,
        members=members,
        failed=failed or {},
        has_nll=any("nll" in member["test"] for member in summary["members"]),
        has_activity=any("active_units" in member["test"] for member in summary["members"]),
        collapsed={m["member"]: words for m in summary["members"] if (words := collapse_sentence(m))},
    )
    return page
