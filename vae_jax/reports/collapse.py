"""Latent units whose posterior has collapsed to the prior: they carry nothing about the image."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

# Nats: a unit with a smaller mean KL has collapsed. An active unit has more: its KL is at least half of the variance of
# its posterior mean, which is over 0.01.
COLLAPSED = 0.005
MOST_NAMED = 12  # units in a sentence

ADVICE = (
    "a warm-up of beta_KL (config.objective.warmup=linear), free bits (config.objective.free_bits=0.1) or a smaller "
    "config.objective.beta_kl may prevent it"
)


def collapsed_units(rates: Sequence[float], lines: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Find the units whose mean KL is below `COLLAPSED`.

    Args:
        rates: the mean KL by unit (or group, level, code position), in nats, of the trained member.
        lines: the member's logged lines of the same split, in the order of steps.

    Returns:
        for each such unit `unit`, counted from 0, and `since_step`: the first evaluated step since which its KL was
        below that in every evaluation; None if no line has rates by unit.
    """
    known = [line for line in lines if len(line.get("rates", ())) == len(rates)]
    return [{"unit": unit, "since_step": _since(unit, known)} for unit, rate in enumerate(rates) if rate < COLLAPSED]


def _since(unit: int, lines: Sequence[Mapping[str, Any]]) -> int | None:
    since: int | None = None
    for line in lines:
        if line["rates"][unit] >= COLLAPSED:
            since = None
        elif since is None:
            since = int(line["step"])
    return since


def collapse_sentence(member: Mapping[str, Any]) -> str:
    """Say which units of a member of a summary have collapsed, since when, and what to try; '' if none has."""
    found, rates = member.get("collapsed", []), member.get("rates", [])
    if not found:
        return ""
    if len(found) == len(rates):
        which = "the posterior has collapsed: " + ("its" if len(rates) == 1 else f"all {len(rates)} latent units'")
    else:
        which = f"{len(found)} of {len(rates)} latent units " + (
            "has collapsed: its" if len(found) == 1 else "have collapsed: their"
        )
    steps = dict.fromkeys(each["since_step"] for each in found)
    since = {step: [each["unit"] for each in found if each["since_step"] == step] for step in steps}
    named = [
        f"{_listed(units) if len(rates) > 1 else ''}{'' if step is None else f' since step {step:,}'}".strip()
        for step, units in since.items()
    ]
    told = f" ({'; '.join(filter(None, named))})" if any(named) else ""
    return f"{which} KL to the prior is below {COLLAPSED} nats{told}; {ADVICE}"


def _listed(units: Sequence[int]) -> str:
    more = f" and {len(units) - MOST_NAMED} more" if len(units) > MOST_NAMED else ""
    return f"unit{'s' if len(units) > 1 else ''} {', '.join(map(str, units[:MOST_NAMED]))}{more}"


def collapse_line(summary: Mapping[str, Any]) -> str:
    """Say in one line which members of a summary have collapsed units; '' if none has."""
    members = summary["members"]
    found = [member for member in members if member.get("collapsed")]
    if not found:
        return ""
    if len(members) == 1:
        return collapse_sentence(found[0])
    numbers = ", ".join(str(member["member"]) for member in found[:MOST_NAMED]) + (
        ", ..." if len(found) > MOST_NAMED else ""
    )
    worst = max(found, key=lambda member: len(member["collapsed"]) / len(member["rates"]))
    return (
        f"latent units have collapsed in {len(found)} of {len(members)} members ({numbers}); most of all in member "
        f"{worst['member']}: {collapse_sentence(worst)}"
    )
