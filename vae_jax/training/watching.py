"""Waiting for blocks of steps, and reporting progress."""

from collections.abc import Callable
from typing import Protocol, runtime_checkable

from vae_jax.training.blocks import RunningBlock

# Calls a function that blocks until a result is ready, and returns whether it is: False only if the result may be
# abandoned (the second argument) and was.
Wait = Callable[[Callable[[], object], bool], bool]


@runtime_checkable
class Watch(Protocol):
    """Receives the progress of a training."""

    def say(self, doing: str, *, counts: bool = True) -> None:
        """Called with what is being done from now on, and whether its time recurs with every step."""

    def advance(self, count: int = 1) -> None:
        """Called from another thread with the number of steps that were taken."""


class Unwatched:
    """Ignores the progress."""

    def say(self, doing: str, *, counts: bool = True) -> None:
        """Do nothing."""

    def advance(self, count: int = 1) -> None:
        """Do nothing."""


def wait_for_all(arrival: Callable[[], object], may_be_abandoned: bool) -> bool:
    """Wait for every result, however long it takes."""
    del may_be_abandoned
    arrival()
    return True


def arrive(running: RunningBlock, watch: Watch) -> None:
    """Wait for a block of steps, and report each of its parts."""
    for steps, ready in running.parts:
        ready.block_until_ready()
        watch.advance(steps)
    running.state.step.block_until_ready()
