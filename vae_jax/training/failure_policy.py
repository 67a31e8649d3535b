"""What happens to members with a non-finite step: they stop, skip such steps, or go back (`train.on_nan`)."""

import logging

import jax

from vae_jax.data.dataset import Dataset
from vae_jax.training.groups import Group
from vae_jax.training.non_finite import faulty_quantity, put_back
from vae_jax.training.steps import NEVER, TrainState

log = logging.getLogger("vae_jax")

MOST_SETBACKS = 3  # of one member; then it stops, or its further skipped steps are not logged


def note_failures(
    group: Group,
    dataset: Dataset,
    step: int,
    known: list[int],
    setbacks: list[int],
    state: TrainState,
    before: TrainState | None,
) -> tuple[TrainState, list[int]]:
    """Log which members failed in the last block, and restore those that go back.

    Args:
        group: the members.
        dataset: the data they are trained on.
        step: how many steps were taken.
        known: the step in which each member had failed before the block, or `NEVER`.
        setbacks: how often each member was found to have failed; updated here.
        state: of all members.
        before: the state before the block, where a member may go back to it.

    Returns:
        the state to continue with, and the step in which each member failed.
    """
    failed: list[int] = jax.device_get(state.failed)[: len(known)].tolist()
    for k, (config, number) in enumerate(zip(group.configs, group.numbers, strict=True)):
        if failed[k] == known[k]:
            continue
        setbacks[k] += 1
        goes_on = setbacks[k] <= MOST_SETBACKS
        if config.train.on_nan == "skip" and not goes_on:
            continue
        quantity = faulty_quantity(group, k, dataset, state)
        found = f"member {number}: in step {failed[k]:,} {quantity}"
        if config.train.on_nan == "skip":
            last = "; further ones are not logged" if setbacks[k] == MOST_SETBACKS else ""
            log.warning("%s; such steps are skipped%s", found, last)
        elif config.train.on_nan == "restore" and goes_on and before is not None:
            failed[k] = NEVER
            state = put_back(state, before, k)
            back = f"{step - group.block:,}"
            log.warning("%s; it continues from step %s (%s of %s)", found, back, setbacks[k], MOST_SETBACKS)
        else:
            log.warning("%s; it stops with the weights from before this step", found)
    return state, failed
