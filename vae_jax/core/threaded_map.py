"""Work on many things by several threads, in their order and without holding them all."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Thing = TypeVar("Thing")
Made = TypeVar("Made")

# As many as there are cores, or 4: on two cores six took a third longer than two, as each waits for the others' Python.
THREADS = min(os.cpu_count() or 1, 4)
AHEAD = 256  # things in work, or done and waiting for their turn


def threaded_map(make: Callable[[Thing], Made], things: Iterable[Thing]) -> Iterator[Made]:
    """Give what is made of each thing, in their order; what `make` raises is raised in its turn.

    Args:
        make: called in other threads.
        things: taken one after another, as far ahead as `AHEAD`.
    """
    waiting: deque[Future[Made]] = deque()
    with ThreadPoolExecutor(THREADS) as pool:
        try:
            for thing in things:
                waiting.append(pool.submit(make, thing))
                if len(waiting) >= AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
