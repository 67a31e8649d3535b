"""Signals: the first is noted, the second leaves."""

import os
import signal
import threading
import time

import pytest

from vae_jax.core.signals import Stop, StoppedError, signals_noted


def test_the_first_signal_is_noted_where_somebody_asks():
    stop = Stop()
    stop.patient = True
    with signals_noted(stop):
        assert not stop.asked
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop.asked
    with pytest.raises(StoppedError) as left:
        stop.leave()
    assert (left.value.status, str(left.value)) == (143, "stopped; saved; the same command goes on from here")


def test_the_second_signal_leaves_at_once():
    stop = Stop()
    stop.patient = True
    with signals_noted(stop):
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(StoppedError) as left:
            os.kill(os.getpid(), signal.SIGINT)
    assert left.value.status == 130
    assert str(left.value) == "stopped; the same command goes on from the newest checkpoint"


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
    assert Stop().wait(lambda: (time.sleep(0.2), done.append(1)), True)
    assert done
    assert Stop().wait(lambda: 1 / 0, True), "whoever uses the result hears of it"


@pytest.mark.parametrize("may_be_given_up", [True, False])
def test_after_a_signal_it_is_not_waited_for_long_if_it_may_be_given_up(monkeypatch, may_be_given_up):
    monkeypatch.setattr("vae_jax.core.signals.MOST_WAIT", 0.05)
    stop, end = Stop(), threading.Event()
    stop.patient = True
    with signals_noted(stop):
        threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGTERM)).start()
        threading.Timer(1.5, end.set).start()
        assert stop.wait(lambda: end.wait(20), may_be_given_up) is not may_be_given_up
        assert end.is_set() is not may_be_given_up
    with pytest.raises(StoppedError) as left:
        stop.leave()
    assert left.value.status == 143


def test_another_thread_trains_without_a_word_of_signals():
    before, heard = signal.getsignal(signal.SIGINT), []

    def elsewhere():
        with signals_noted(Stop()):
            heard.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert heard == [before]
