"""A map over many items by several threads, in order and in bounded memory."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

# The number of cores, at most 4: on two cores six threads took a third longer than two, as Python runs one at a time.
THREADS = min(os.cpu_count() or 1, 4)
AHEAD = 256  # items submitted whose results have not been yielded


def threaded_map(function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """Yield `function(item)` for each item in order, with at most `AHEAD` items in work.

    Args:
        function: called in other threads; its errors are raised where its result would be yielded.
        items: consumed lazily.
    """
    waiting: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(THREADS) as pool:
        try:
            for item in items:
                waiting.append(pool.submit(function, item))
                if len(waiting) >= AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
