"""How the training is waited for, and who is told what it does."""

from collections.abc import Callable
from typing import Protocol, runtime_checkable

from vae_jax.training.blocks import Begun

# Calls what returns when a result is there, and says whether it is; only where it may be given up is it ever not.
Wait = Callable[[Callable[[], object], bool], bool]


@runtime_checkable
class Watch(Protocol):
    """Is told what is being done, and of every few steps that were taken."""

    def say(self, doing: str, *, counts: bool = True) -> None:
        """Called with what is being done from now on, and whether its time comes again with every step."""

    def advance(self, count: int = 1) -> None:
        """Called from another thread with the number of steps that were taken."""


class Unwatched:
    """Watches nothing."""

    def say(self, doing: str, *, counts: bool = True) -> None:
        """Do nothing."""

    def advance(self, count: int = 1) -> None:
        """Do nothing."""


def wait_for_all(arrival: Callable[[], object], may_be_given_up: bool) -> bool:
    """Wait for every result, however long it takes."""
    del may_be_given_up
    arrival()
    return True


def arrive(begun: Begun, watch: Watch) -> None:
    """Wait for a block of steps, and tell of every part of it."""
    for steps, there in begun.parts:
        there.block_until_ready()
        watch.advance(steps)
    begun.state.step.block_until_ready()
