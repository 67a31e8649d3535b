"""The end of a run in numbers: `summary.json`, and the one line that says them."""

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from vae_jax.config.fields import field_of, short_name
from vae_jax.config.schema import Config
from vae_jax.config.sweep_language import swept_fields
from vae_jax.config.values import shown
from vae_jax.core.provenance import environment
from vae_jax.data.collection import DataCollection
from vae_jax.data.dataset import Dataset
from vae_jax.reports.comparable import Measured, group_by_unit
from vae_jax.runs.folder import SPLITS
from vae_jax.training.member import parameters_of
from vae_jax.training.spec import Spec, standard_beta_kl

ALWAYS = ("seed", "objective.beta_kl", "model.latent_dim")


def member_values(config: Config, member: Config) -> dict[str, Any]:
    """Return what tells a member apart: seed, beta_kl, latent_dim and whatever else is swept, by short names."""
    names = [*ALWAYS, *(name for name in swept_fields(config) if name not in ALWAYS)]
    return {short_name(name): field_of(member, name) for name in names}


def member_title(config: Config, member: Config) -> str:
    """Name a member in a few words."""
    values = {name: shown(value) for name, value in member_values(config, member).items()}
    words = [member.data.name, f"{values.pop('latent_dim')} latent", f"beta_KL {values.pop('beta_kl')}"]
    return " · ".join([*words, *(f"{name} {value}" for name, value in values.items())])


class MemberResult(NamedTuple):
    """What became of one member.

    Attributes:
        number: the member's in the run.
        config: its settings, as it would have them alone.
        spec: its own, as it would have it alone.
        train, test: its last metrics.
        failed: the step in which it failed, or None.
        validation: its last metrics on the validation images, where there are some.
    """

    number: int
    config: Config
    spec: Spec
    train: dict[str, Any]
    test: dict[str, Any]
    failed: int | None
    validation: dict[str, Any] = {}  # noqa: RUF012 (a named tuple's default)


def summarise(
    config: Config, results: Sequence[MemberResult], collection: DataCollection, seconds: dict[str, float]
) -> dict[str, Any]:
    """Make the content of `summary.json`.

    Args:
        config: the run's settings.
        results: of every member, in the order of their numbers.
        collection: what was trained on.
        seconds: `compile`, `train`, `total`.
    """
    ways = [_normalisation(result.config) for result in results] or [_normalisation(config)]
    one_way = all(way == ways[0] for way in ways)
    return {
        "data": _data(next(iter(collection.datasets.values()))),
        "seconds": {name: round(value, 3) for name, value in seconds.items()},
        **environment(),
        **({"normalisation": ways[0]} if one_way else {}),
        "members": [
            _member(config, result)
            | ({"data": _data(collection.of(result.config))} if len(collection.datasets) > 1 else {})
            | ({} if one_way else {"normalisation": way})
            for result, way in zip(results, ways, strict=False)
        ],
    }


def _normalisation(config: Config) -> dict[str, str]:
    blog = config.objective.reduction == "blog"
    return {
        "reduction": config.objective.reduction,
        "recon": "mean over pixels and batch" if blog else "nats per image",
        "kl": "nats summed over the batch" if blog else "nats per image",
    }


def _data(dataset: Dataset) -> dict[str, Any]:
    return {
        "name": dataset.name,
        "source": dataset.source,
        "train": len(dataset.train),
        **{name: len(split) for name, split in dataset.held_out.items()},
        "notice": dataset.notice,
        "fingerprint": dataset.fingerprint,
        "test_fingerprint": dataset.test_fingerprint,
        **({"validation_fingerprint": dataset.validation_fingerprint} if len(dataset.validation) else {}),
    }


def data_sets(summary: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what a summary says about each data set, in the order of the members."""
    found = [member.get("data", summary["data"]) for member in summary["members"]]
    return list({data["fingerprint"]: data for data in found or [summary["data"]]}.values())


def _member(config: Config, result: MemberResult) -> dict[str, Any]:
    spec = result.spec
    return {
        "member": result.number,
        "values": member_values(config, result.config),
        "beta_kl_in_nats": standard_beta_kl(float(result.config.objective.beta_kl), spec),
        "parameters": parameters_of(spec),
        "failed_in_step": result.failed,
        "train": _metrics(result.train),
        **({"validation": _metrics(result.validation)} if result.validation else {}),
        "test": _metrics(result.test),
    }


def _metrics(line: dict[str, Any]) -> dict[str, Any]:
    """Leave out what is no number: JSON has no NaN."""
    values = {name: value for name, value in line.items() if name not in ("member", "split")}
    return {name: value for name, value in values.items() if math.isfinite(value)}


def normalisation_of(summary: dict[str, Any], member: dict[str, Any]) -> dict[str, str]:
    """Return how a member's `recon`, `kl` and `loss` are made."""
    found = member.get("normalisation", summary.get("normalisation"))
    return found if isinstance(found, dict) else {}


def measured(summary: dict[str, Any], member: dict[str, Any], split: str = "test") -> Measured:
    """Return what a member's metrics on a split are measured by."""
    data = member["data"] if isinstance(member.get("data"), dict) else summary["data"]
    images = data.get(f"{split}_fingerprint")
    reduction = normalisation_of(summary, member).get("reduction", "nats")
    return Measured(str(images or data.get("fingerprint")), member["values"], reduction)


def choosing_split(members: Sequence[Mapping[str, Any]]) -> str:
    """Return the split to choose members by: `validation` where all that came to a result have it, else `test`."""
    well = [member for member in members if member["failed_in_step"] is None]
    metric = ranking_metric(members)
    return "validation" if well and all(metric in member.get("validation", {}) for member in well) else "test"


def ranking_metric(members: Sequence[Mapping[str, Any]]) -> str:
    """Return the metric to choose members by: `elbo` where some that came to a result have it, else `loss`."""
    well = [member for member in members if member["failed_in_step"] is None]
    return "elbo" if not well or any("elbo" in member["test"] for member in well) else "loss"


def comparable_groups(
    summary: dict[str, Any], metric: str = "", split: str = "test"
) -> dict[str, list[dict[str, Any]]]:
    """Return the members that came to a result, in groups within which a metric compares, by what is theirs.

    Without a metric it is the one to choose members by.
    """
    metric = metric or ranking_metric(summary["members"])
    ranked = metric == "loss"  # a loss compares where it weighs the same terms alike
    well = [m for m in summary["members"] if m["failed_in_step"] is None]
    well = [m for m in well if metric in m["test"] and metric in m.get(split, {})]  # what is chosen is told on test
    groups: dict[str, list[dict[str, Any]]] = {}
    units = group_by_unit([metric], [measured(summary, m, split) for m in well], ranked=ranked)
    for words, member in zip(units, well, strict=True):
        groups.setdefault(words, []).append(member)
    return groups


def best_members(summary: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the best member of each group that compares, by the group's words; none if all failed.

    It is chosen by the ELBO, or by the loss where no member has one, on validation images where there are some, else on
    test images.
    """
    split = choosing_split(summary["members"])
    groups, metric = comparable_groups(summary, split=split), ranking_metric(summary["members"])
    sign = 1 if metric == "elbo" else -1
    return {words: max(group, key=lambda m: sign * float(m[split][metric])) for words, group in groups.items()}


def closing_line(summary: dict[str, Any]) -> str:
    """Say the result in one line: the test metrics of the only member, or of the best of those that compare."""
    members, leaders = summary["members"], best_members(summary)
    split = choosing_split(members)
    best = next(iter(leaders.values()), None)
    data = data_sets(summary)
    name = ", ".join(dict.fromkeys(each["name"] for each in data))
    among = f" on {len(data)} data sets" if len(data) > 1 else ""
    failed = sum(member["failed_in_step"] is not None for member in members)
    if best is None:
        return f"{name}: no member came to a result; {failed} of {len(members)} failed"
    metric = ranking_metric(summary["members"])
    by_metric = "ELBO" if metric == "elbo" else metric
    if len(leaders) > 1:
        each = "; ".join(
            f"{words}: {leader['member']}, test {_told(leader['test'], (metric,))}" for words, leader in leaders.items()
        )
        lost = f"; {failed} of {len(members)} members failed" if failed else ""
        return (
            f"{name}: {len(members)} members{among}, the {split} {by_metric} compares within {len(leaders)} groups "
            f"only; best of {each}; trained in {summary['seconds']['train']:.1f} s{lost}"
        )
    settings = ", ".join(f"{setting} {shown(value)}" for setting, value in best["values"].items())
    by = f" by their validation {by_metric}" if split == "validation" else ""
    which = f"best of {len(members)} members{among}{by}: {best['member']} ({settings}), " if len(members) > 1 else ""
    lost = f"; {failed} of {len(members)} members failed" if failed else ""
    return (
        f"{name}: {which}test {_metrics_told(best['test'])}; "
        f"trained {best['test']['step']:,} steps in {summary['seconds']['train']:.1f} s{lost}"
    )


def _metrics_told(test: dict[str, Any]) -> str:
    """Say a member's metrics in a few words: those of the ELBO, or all that its objective has."""
    if "elbo" not in test:
        return _told(test, [name for name in test if name not in ("step", "epoch")])
    parts, own = _told(test, ("distortion", "rate")), _told(test, ("recon", "kl"))
    return f"{_told(test, ('elbo',))}{f' ({parts})' if parts else ''}{f', {own}' if own else ''}"


def _told(test: dict[str, Any], names: Iterable[str]) -> str:
    return ", ".join(
        f"{name} {test[name]:.2f}{' nats' if name == 'elbo' else ''}"
        if name in ("elbo", "distortion", "rate")
        else f"{name} {test[name]:.4g}"
        for name in names
        if name in test
    )


def members_table(summary: dict[str, Any]) -> str:
    """Write the members as CSV: a row each, the metrics as `train.elbo`, `test.elbo` and so on."""
    rows = [
        {
            "member": member["member"],
            **member["values"],
            **{name: member[name] for name in ("beta_kl_in_nats", "parameters", "failed_in_step")},
            **{f"{split}.{name}": value for split in SPLITS for name, value in member.get(split, {}).items()},
        }
        for member in summary["members"]
    ]
    text = io.StringIO()
    names = dict.fromkeys(name for row in rows for name in row)
    writer = csv.DictWriter(text, list(names), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
