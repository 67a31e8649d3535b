"""The results of a run: `summary.json`, `members.csv`, and the closing line."""

import csv
import io
import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from vae_jax.config.fields import field_of, short_name
from vae_jax.config.schema import Config
from vae_jax.config.sweep_language import swept_fields
from vae_jax.config.values import shown
from vae_jax.core.provenance import environment
from vae_jax.data.collection import DataCollection
from vae_jax.data.dataset import Dataset
from vae_jax.reports.collapse import collapsed_units
from vae_jax.reports.comparable import Measured, group_by_unit
from vae_jax.runs.folder import SPLITS
from vae_jax.training.grey_pixels import grey_pixels
from vae_jax.training.member import parameters_of
from vae_jax.training.spec import Spec, standard_beta_kl

OF_MEMBER = ("beta_kl_in_nats", "parameters", "failed_in_step", "best_step", "ended_in_step")
NOT_IN_HEADLINE = ("step", "epoch", "active_units", "nll_samples", "nll_standard_error", "information_images")
ALWAYS = ("seed", "objective.beta_kl", "model.latent_dim")


def member_values(config: Config, member: Config) -> dict[str, Any]:
    """Return the member's seed, beta_kl, latent_dim and all other swept fields, by short names."""
    names = [*ALWAYS, *(name for name in swept_fields(config) if name not in ALWAYS)]
    return {short_name(name): field_of(member, name) for name in names}


def member_title(config: Config, member: Config) -> str:
    """Return a title such as `digits · 2 latent · beta_KL 1 · seed 0`."""
    values = {name: shown(value) for name, value in member_values(config, member).items()}
    words = [member.data.name, f"{values.pop('latent_dim')} latent", f"beta_KL {values.pop('beta_kl')}"]
    return " · ".join([*words, *(f"{name} {value}" for name, value in values.items())])


class MemberResult(NamedTuple):
    """The result of one member.

    Attributes:
        number: the member's in the run.
        config: its settings, as in a run of this member alone.
        spec: as in a run of this member alone.
        train, test: its metrics in its best step where that is kept, else its last ones.
        failed: the step in which it failed, or None.
        validation: the same on the validation images, if there are any.
        best: its best step, where that is kept.
        ended: the step after which it was out of patience, or None.
        lines: its logged lines of the test images, in the order of steps.
    """

    number: int
    config: Config
    spec: Spec
    train: dict[str, Any]
    test: dict[str, Any]
    failed: int | None
    validation: dict[str, Any] = {}  # noqa: RUF012 (a named tuple's default)
    best: int | None = None
    ended: int | None = None
    lines: Sequence[dict[str, Any]] = ()


def summarise(
    config: Config, results: Sequence[MemberResult], collection: DataCollection, seconds: dict[str, float]
) -> dict[str, Any]:
    """Return the content of `summary.json`.

    Args:
        config: the run's settings.
        results: of every member, in the order of their numbers.
        collection: the data sets of the run.
        seconds: `compile`, `train`, `total`.
    """
    normalisations = [_normalisation(result.config) for result in results] or [_normalisation(config)]
    shared = all(each == normalisations[0] for each in normalisations)
    notice = grey_pixels([result.config for result in results], collection.of)
    return {
        "data": _data(next(iter(collection.datasets.values()))),
        "seconds": {name: round(value, 3) for name, value in seconds.items()},
        **environment(),
        **({"notice": notice} if notice else {}),
        **({"normalisation": normalisations[0]} if shared else {}),
        "members": [
            _member(config, result)
            | ({"data": _data(collection.of(result.config))} if len(collection.datasets) > 1 else {})
            | ({} if shared else {"normalisation": own})
            for result, own in zip(results, normalisations, strict=False)
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
    """Return the entry of each data set in a summary, in the order of the members."""
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
        **({} if result.best is None else {"best_step": result.best}),
        **({"ended_in_step": result.ended} if result.config.train.patience else {}),
        "train": _metrics(result.train),
        **({"validation": _metrics(result.validation)} if result.validation else {}),
        "test": _metrics(result.test),
        **_by_unit(result),
    }


def _by_unit(result: MemberResult) -> dict[str, Any]:
    """Return the mean KL of each unit (or group, level, code position), and which have collapsed."""
    rates = result.test.get("rates")
    if rates is None or result.failed is not None or not all(map(math.isfinite, rates)):
        return {}
    until = [line for line in result.lines if line["step"] <= result.test["step"]]
    return {"rates": rates, "collapsed": collapsed_units(rates, until)}


def _metrics(line: dict[str, Any]) -> dict[str, Any]:
    """Leave out values that are not finite, which JSON can't hold."""
    values = {name: value for name, value in line.items() if name not in ("member", "split", "rates")}
    return {name: value for name, value in values.items() if math.isfinite(value)}


def normalisation_of(summary: dict[str, Any], member: dict[str, Any]) -> dict[str, str]:
    """Return the normalisation of a member's `recon`, `kl` and `loss`."""
    found = member.get("normalisation", summary.get("normalisation"))
    return found if isinstance(found, dict) else {}


def measured(summary: dict[str, Any], member: dict[str, Any], split: str = "test") -> Measured:
    """Return what the unit of a member's metrics on a split depends on."""
    data = member["data"] if isinstance(member.get("data"), dict) else summary["data"]
    images = data.get(f"{split}_fingerprint")
    reduction = normalisation_of(summary, member).get("reduction", "nats")
    return Measured(str(images or data.get("fingerprint")), member["values"], reduction)


def _not_failed(members: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [member for member in members if member["failed_in_step"] is None]


def choosing_split(members: Sequence[dict[str, Any]]) -> str:
    """Return the split to choose members by: `validation` if all that did not fail have it, else `test`."""
    well, metric = _not_failed(members), ranking_metric(members)
    return "validation" if well and all(metric in member.get("validation", {}) for member in well) else "test"


def ranking_metric(members: Sequence[dict[str, Any]]) -> str:
    """Return the metric to choose members by: `elbo` if a member that did not fail has it, else `loss`."""
    well = _not_failed(members)
    return "elbo" if not well or any("elbo" in member["test"] for member in well) else "loss"


def comparable_groups(
    summary: dict[str, Any], metric: str = "", split: str = "test"
) -> dict[str, list[dict[str, Any]]]:
    """Return the members that did not fail, in groups within which a metric compares, by the groups' descriptions.

    The default is the metric to choose members by.
    """
    metric = metric or ranking_metric(summary["members"])
    ranked = metric == "loss"  # losses compare only if they give the same weight to the same terms
    # Members are chosen on a split, and their test metrics are reported.
    well = [m for m in _not_failed(summary["members"]) if metric in m["test"] and metric in m.get(split, {})]
    groups: dict[str, list[dict[str, Any]]] = {}
    units = group_by_unit([metric], [measured(summary, m, split) for m in well], ranked=ranked)
    for words, member in zip(units, well, strict=True):
        groups.setdefault(words, []).append(member)
    return groups


def best_members(summary: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the best member of each group that compares, by the group's description; none if all failed.

    It is chosen by the ELBO, or by the loss if no member has an ELBO, on the validation images if there are any, else
    on the test images.
    """
    split = choosing_split(summary["members"])
    groups, metric = comparable_groups(summary, split=split), ranking_metric(summary["members"])
    sign = 1 if metric == "elbo" else -1
    return {words: max(group, key=lambda m: sign * float(m[split][metric])) for words, group in groups.items()}


def closing_line(summary: dict[str, Any]) -> str:
    """Return the result in one line: the test metrics of the only member, or of the best of those that compare."""
    members, leaders = summary["members"], best_members(summary)
    split = choosing_split(members)
    best = next(iter(leaders.values()), None)
    data = data_sets(summary)
    name = ", ".join(dict.fromkeys(each["name"] for each in data))
    among = f" on {len(data)} data sets" if len(data) > 1 else ""
    failed = sum(member["failed_in_step"] is not None for member in members)
    if best is None:
        return f"{name}: no member came to a result; {failed} of {len(members)} failed"
    metric = ranking_metric(members)
    by_metric = "ELBO" if metric == "elbo" else metric
    lost = f"; {failed} of {len(members)} members failed" if failed else ""
    if len(leaders) > 1:
        each = "; ".join(
            f"{words}: {leader['member']}, test {_written(leader['test'], (metric,))}"
            for words, leader in leaders.items()
        )
        return (
            f"{name}: {len(members)} members{among}, the {split} {by_metric} compares within {len(leaders)} groups "
            f"only; best of {each}; trained in {summary['seconds']['train']:.1f} s{lost}"
        )
    settings = ", ".join(f"{setting} {shown(value)}" for setting, value in best["values"].items())
    by = f" by their validation {by_metric}" if split == "validation" else ""
    which = f"best of {len(members)} members{among}{by}: {best['member']} ({settings}), " if len(members) > 1 else ""
    return (
        f"{name}: {which}test {_headline(best['test'])}; {_length(best)} in {summary['seconds']['train']:.1f} s{lost}"
    )


def _length(member: dict[str, Any]) -> str:
    """Say how long a member was trained, or which of its steps is reported."""
    steps = f"{member['test']['step']:,}"
    return f"at its best step, {steps}; trained" if "best_step" in member else f"trained {steps} steps"


def _headline(test: dict[str, Any]) -> str:
    """Write a member's metrics: those of the ELBO, or all metrics of an objective without an ELBO."""
    if "elbo" not in test:
        return _written(test, [name for name in test if name not in NOT_IN_HEADLINE])
    parts, own = _written(test, ("distortion", "rate")), _written(test, ("recon", "kl"))
    nll = f", {likelihood_words(test)}" if "nll" in test else ""
    return f"{_written(test, ('elbo',))}{f' ({parts})' if parts else ''}{nll}{f', {own}' if own else ''}"


def likelihood_words(test: dict[str, Any]) -> str:
    """Write a member's negative log-likelihood with its standard error and the samples it was estimated from."""
    error = f" ± {test['nll_standard_error']:.2f}" if "nll_standard_error" in test else ""
    bits = f" = {test['bits_per_dimension']:.3f} bits/dimension" if "bits_per_dimension" in test else ""
    return f"nll {test['nll']:.2f}{error} nats{bits} ({test['nll_samples']:,} samples)"


def _written(test: dict[str, Any], names: Iterable[str]) -> str:
    return ", ".join(
        f"{name} {test[name]:.2f}{' nats' if name == 'elbo' else ''}"
        if name in ("elbo", "distortion", "rate")
        else f"{name} {test[name]:.4g}"
        for name in names
        if name in test
    )


def member_rows(summary: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a row for each member: its number, its values, what is known of it, and metrics as `test.elbo`."""
    return [
        {
            "member": member["member"],
            **member["values"],
            **{name: member[name] for name in OF_MEMBER if name in member},
            **{f"{split}.{name}": value for split in SPLITS for name, value in member.get(split, {}).items()},
        }
        for member in summary["members"]
    ]


def members_table(summary: dict[str, Any]) -> str:
    """Return the members as CSV: the rows of `member_rows`."""
    rows, text = member_rows(summary), io.StringIO()
    names = dict.fromkeys(name for row in rows for name in row)
    writer = csv.DictWriter(text, list(names), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
