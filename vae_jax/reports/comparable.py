"""Which members' numbers compare: the one rule for whatever ranks, averages or draws them on one axis.

A number has a unit: the images that it was measured on, the kind of likelihood, the normalisation. Numbers of one unit
share an axis. They are ranked where they also weigh the same terms alike.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from vae_jax.config.fields import leaf_fields, short_name
from vae_jax.config.values import shown
from vae_jax.models.likelihoods import LIKELIHOODS


class Measured(NamedTuple):
    """What a member's metrics are measured by.

    Attributes:
        data: the fingerprint of the images.
        values: of the fields in which the run's members differ, by short names.
        reduction: of the run, where it is not swept.
    """

    data: str
    values: Mapping[str, Any]
    reduction: str


_IMAGES, _DENSITY = ("images",), ("density",)
_OWN = ("reduction", "train.batch_size", "constant")
_TERMS = {"kl": ("objective.free_bits",), "loss": ("objective.free_bits", "objective.beta_kl", "objective.name")}

# What the unit of a metric consists of; of an unknown one, everything.
_UNITS: Mapping[str, tuple[str, ...]] = {
    "step": (),
    "epoch": (),
    "beta_kl": (),
    "rate": _IMAGES,
    "distortion": _IMAGES + _DENSITY,
    "elbo": _IMAGES + _DENSITY,
    "recon": (*_IMAGES, *_DENSITY, "reduction", "constant"),
    "kl": (*_IMAGES, "reduction", "train.batch_size"),
}
_EVERYTHING = _IMAGES + _DENSITY + _OWN


def unit_of(metric: str, of: Measured) -> dict[str, Any]:
    """Return what must be the same for two members' numbers to be on one axis.

    Args:
        metric: a name in `metrics.jsonl`, such as `elbo`.
        of: the member.
    """
    return {part: _part(part, of) for part in _UNITS.get(metric, _EVERYTHING)}


def weights_of(metric: str, of: Measured) -> dict[str, Any]:
    """Return what else must be the same for the less of two numbers of one unit to be the better."""
    return {part: _part(part, of) for part in _TERMS.get(metric, () if metric in _UNITS else _TERMS["loss"])}


def group_by_unit(metrics: Sequence[str], members: Sequence[Measured], *, ranked: bool = False) -> list[str]:
    """Say for each member which others it compares with: those of the same words.

    Args:
        metrics: in all of which they shall compare.
        members: of a run.
        ranked: whether they are ranked, and not only shown on one axis.

    Returns:
        a few words a member, such as `likelihood over the reals`; all '' where all compare.
    """
    found: list[dict[str, Any]] = []
    for of in members:
        parts: dict[str, Any] = {}
        for metric in metrics:
            parts |= unit_of(metric, of) | (weights_of(metric, of) if ranked else {})
        found.append(parts)
    differing = [part for part in (found[0] if found else ()) if len({repr(each[part]) for each in found}) > 1]
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
    """Name a part of a unit by the fields that it follows from."""
    if part == "images":
        names = [short for name in leaf_fields() if name.startswith("data.") and (short := _short(name)) in of.values]
        return ", ".join(f"{name} {shown(of.values[name])}" for name in names) or f"images {of.data}"
    if part == "density":
        return f"likelihood over {value}"
    if part == "constant":
        return f"likelihood {of.values.get(_short('model.likelihood'))}"
    return f"{_short(part) if part != 'reduction' else part} {shown(value)}"


@cache
def _short(name: str) -> str:
    return short_name(name)
