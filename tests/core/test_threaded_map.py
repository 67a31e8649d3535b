"""A map by several threads: in order, in bounded memory, and no error is lost."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vae_jax.core.threaded_map import AHEAD, threaded_map


@given(st.lists(st.integers(), max_size=3 * AHEAD))
def test_the_results_are_those_of_map(numbers):
    assert list(threaded_map(lambda number: 2 * number, numbers)) == [2 * number for number in numbers]


def test_items_are_taken_at_most_ahead():
    taken = []
    made = threaded_map(lambda number: number, (taken.append(k) or k for k in range(10 * AHEAD)))
    assert next(made) == 0
    assert len(taken) == AHEAD
    made.close()
    assert len(taken) == AHEAD


def test_the_function_runs_in_other_threads():
    assert threading.get_ident() not in set(threaded_map(lambda _: threading.get_ident(), range(50)))


def test_errors_are_raised_in_order():
    made = threaded_map(lambda number: 6 // number, [3, 2, 0, 1])
    assert [next(made), next(made)] == [2, 3]
    with pytest.raises(ZeroDivisionError):
        next(made)
