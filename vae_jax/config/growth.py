"""Whether a run can be continued with other settings: members and epochs may grow, what is learned stays the same."""

from collections import Counter

from vae_jax.config.checks import Role
from vae_jax.config.fields import adopt, differences, fields_of
from vae_jax.config.schema import Config
from vae_jax.config.sweep_language import expand
from vae_jax.config.values import rounded_fields


def growth_faults(before: Config, now: Config) -> list[str]:
    """Say what prevents a run from being continued with other settings.

    What is learned must be the same; members and epochs may only grow; the rest may change. Whether another folder
    holds the same images is not checked here.

    Args:
        before: the run's settings.
        now: the settings to continue with.

    Returns:
        a phrase for each obstacle; empty if the run can be continued.
    """
    if any(differences(before, now, Role.LEARNED)):
        return list(differences(before, now, Role.LEARNED, Role.EXTENT))
    if now.train.epochs < before.train.epochs:
        return [f"train.epochs: {before.train.epochs} -> {now.train.epochs}"]
    members = expand(before)
    lost = Counter(map(identity, members)) - Counter(map(identity, expand(now)))
    if lost:
        lacks = f"lacks {lost.total()} of its members"
        return [f"sweep: {before.sweep!r} -> {now.sweep!r} {lacks}, and a sweep can only grow"]
    if now.train.epochs > before.train.epochs and any(map(warmup_follows_epochs, members)):
        return ["train.epochs: more of them would move the warm-up of beta_KL, which was set by the run's length"]
    if now.train.epochs > before.train.epochs and any(map(rate_follows_epochs, members)):
        return ["train.epochs: more of them would move the fall of the learning rate, set by the run's length"]
    if now.log != before.log and any(member.train.on_nan == "restore" for member in members):
        changed = differences(before, adopt(before, now, ["log.every_steps"]))
        return [f"{line}, and on_nan=restore goes back to the last logged moment" for line in changed]
    return []


def identity(member: Config, *roles: Role) -> Config:
    """Return the settings by which a member is recognised when its run is continued, rounded to twelve digits.

    Args:
        member: its settings.
        roles: of the fields that may change; by default all but what is learned.
    """
    free = roles or [role for role in Role if role is not Role.LEARNED]
    return rounded_fields(adopt(member, Config(), fields_of(*free)))


def warmup_follows_epochs(member: Config) -> bool:
    """Whether the warm-up of beta_KL depends on the length of the run."""
    objective = member.objective
    if objective.warmup == "constant":
        return False
    return not objective.warmup_steps or (objective.warmup == "delayed" and not objective.warmup_delay)


def rate_follows_epochs(member: Config) -> bool:
    """Whether the decay of the learning rate depends on the length of the run."""
    return member.optimiser.schedule != "constant" and not member.optimiser.schedule_steps
