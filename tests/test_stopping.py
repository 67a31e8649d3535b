"""Signals: the first is noted, the second leaves."""

import os
import signal
import threading
import time

import pytest

from vae_jax.stopping import Stop, StoppedError, signals_noted


def test_the_first_signal_is_noted_where_somebody_asks():
    stop = Stop()
    stop.patient = True
    with signals_noted(stop):
        assert not stop.asked
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop.asked
    with pytest.raises(StoppedError) as left:
        stop.leave()
    assert (left.value.status, left.value.saved) == (143, True)


def test_the_second_signal_leaves_at_once():
    stop = Stop()
    stop.patient = True
    with signals_noted(stop):
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(StoppedError) as left:
            os.kill(os.getpid(), signal.SIGINT)
    assert (left.value.status, left.value.saved) == (130, False)


def test_where_nobody_asks_the_first_leaves():
    with signals_noted(Stop()), pytest.raises(StoppedError):
        os.kill(os.getpid(), signal.SIGTERM)


def test_the_handlers_are_put_back():
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with signals_noted(Stop()):
        pass
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_what_is_computed_is_waited_for():
    done = []
    Stop().wait(lambda: (time.sleep(0.2), done.append(1)))
    assert done
    Stop().wait(lambda: 1 / 0)  # whoever uses the result hears of it


def test_after_a_signal_it_is_not_waited_for_long(monkeypatch):
    monkeypatch.setattr("vae_jax.stopping.MOST_WAIT", 0.05)
    stop, never = Stop(), threading.Event()
    stop.patient = True
    with signals_noted(stop):
        threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGTERM)).start()
        with pytest.raises(StoppedError) as left:
            stop.wait(lambda: never.wait(20))
    never.set()
    assert (left.value.status, left.value.saved) == (143, False)
