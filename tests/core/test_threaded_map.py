"""Work by several threads: in order, bounded, and no fault is lost."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vae_jax.core.threaded_map import AHEAD, threaded_map


@given(st.lists(st.integers(), max_size=3 * AHEAD))
def test_it_is_a_map(numbers):
    assert list(threaded_map(lambda number: 2 * number, numbers)) == [2 * number for number in numbers]


def test_it_takes_no_more_than_so_many_ahead():
    taken = []
    made = threaded_map(lambda number: number, (taken.append(k) or k for k in range(10 * AHEAD)))
    assert next(made) == 0
    assert len(taken) == AHEAD
    made.close()
    assert len(taken) == AHEAD


def test_other_threads_do_it():
    assert threading.get_ident() not in set(threaded_map(lambda _: threading.get_ident(), range(50)))


def test_what_goes_wrong_is_raised_in_its_turn():
    made = threaded_map(lambda number: 6 // number, [3, 2, 0, 1])
    assert [next(made), next(made)] == [2, 3]
    with pytest.raises(ZeroDivisionError):
        next(made)
