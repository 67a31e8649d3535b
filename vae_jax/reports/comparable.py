"""Which members' metrics compare: the rule for all that ranks or averages them, or draws them on one axis.

The unit of a metric is made of the images that it was measured on, the kind of likelihood and the normalisation.
Numbers of one unit share an axis. They can be ranked if they also give the same weight to the same terms.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from vae_jax.config.fields import leaf_fields, short_name
from vae_jax.config.values import shown
from vae_jax.models.likelihoods import LIKELIHOODS


class Measured(NamedTuple):
    """What the unit of a member's metrics depends on.

    Attributes:
        data: the fingerprint of the images.
        values: of the fields in which the run's members differ, by short names.
        reduction: of the run, if it is not swept.
    """

    data: str
    values: Mapping[str, Any]
    reduction: str


# The parts of a metric's unit.
_UNITS: Mapping[str, tuple[str, ...]] = {
    "step": (),
    "epoch": (),
    "beta_kl": (),
    "rate": ("images",),
    "distortion": ("images", "density"),
    "elbo": ("images", "density"),
    "nll": ("images", "density", "eval.nll_samples"),
    "nll_standard_error": ("images", "density", "eval.nll_samples"),
    "nll_samples": (),
    "bits_per_dimension": ("images", "density", "eval.nll_samples"),
    "active_units": (),
    "mutual_information": ("images",),
    "aggregate_kl": ("images",),
    "information_images": (),
    "recon": ("images", "density", "reduction", "constant"),
    "kl": ("images", "reduction", "train.batch_size"),
}
# The parts of all other metrics' units.
_EVERYTHING = ("images", "density", "reduction", "train.batch_size", "constant")
# What else must be the same for members to be ranked; for metrics that are not listed here or above, as for `loss`.
_TERMS = {"kl": ("objective.free_bits",), "loss": ("objective.free_bits", "objective.beta_kl", "objective.name")}


def group_by_unit(metrics: Sequence[str], members: Sequence[Measured], *, ranked: bool = False) -> list[str]:
    """Return a description for each member; members with the same description compare.

    Args:
        metrics: names in `metrics.jsonl`, such as `elbo`; members must compare in all of them.
        members: of a run.
        ranked: whether they are ranked, not only drawn on one axis.

    Returns:
        a few words for each member, such as `likelihood over the reals`; '' for each if all compare.
    """
    parts = [part for metric in metrics for part in _UNITS.get(metric, _EVERYTHING)]
    if ranked:
        parts += [part for metric in metrics for part in _TERMS.get(metric, () if metric in _UNITS else _TERMS["loss"])]
    found = [{part: _part(part, of) for part in parts} for of in members]
    differing = [part for part in dict.fromkeys(parts) if len({repr(each[part]) for each in found}) > 1]
    return [
        ", ".join(_words(part, each[part], of) for part in differing if each[part] is not None)
        for each, of in zip(found, members, strict=True)
    ]


def _part(part: str, of: Measured) -> Any:
    reduction = of.values.get(_short("objective.reduction"), of.reduction)
    if part == "images":
        return of.data, *(of.values.get(_short(f"data.{name}")) for name in ("levels", "binarise", "condition"))
    if part == "reduction":
        return reduction
    if part in ("density", "constant"):
        name = of.values.get(_short("model.likelihood"))
        known = LIKELIHOODS[name] if isinstance(name, str) and name in LIKELIHOODS else None
        if part == "density":
            return known.support if known else name
        return (known.constant if known else name) if reduction == "blog" else None  # else recon has it too
    if part == "train.batch_size" and reduction != "blog":
        return None
    return of.values.get(_short(part))


def _words(part: str, value: Any, of: Measured) -> str:
    """Describe a part of a unit by the fields that it depends on."""
    if part == "images":
        names = [short for name in leaf_fields() if name.startswith("data.") and (short := _short(name)) in of.values]
        return ", ".join(f"{name} {shown(of.values[name])}" for name in names) or f"images {of.data}"
    if part == "density":
        return f"likelihood over {value}"
    if part == "constant":
        return f"likelihood {of.values.get(_short('model.likelihood'))}"
    return f"{_short(part) if part != 'reduction' else part} {shown(value)}"


_short = cache(short_name)
