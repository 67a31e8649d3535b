"""Signals: the first is recorded, the second ends the run."""

import os
import signal
import threading
import time
from contextlib import suppress

import pytest

from vae_jax.core.signals import Stop, StoppedError, interruptible, signals_noted


def test_the_first_signal_is_recorded_if_it_will_be_checked():
    stop = Stop()
    stop.patient = True
    with signals_noted(stop):
        assert not stop.asked
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop.asked
    with pytest.raises(StoppedError) as left:
        stop.leave()
    assert (left.value.status, str(left.value)) == (143, "stopped; saved; the same command goes on from here")


def test_the_second_signal_ends_the_run_at_once():
    stop = Stop()
    stop.patient = True
    with signals_noted(stop):
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(StoppedError) as left:
            os.kill(os.getpid(), signal.SIGINT)
    assert left.value.status == 130
    assert str(left.value) == "stopped; the same command goes on from the newest checkpoint"


def test_the_first_signal_ends_the_program_if_nobody_checks():
    with signals_noted(Stop()), pytest.raises(StoppedError):
        os.kill(os.getpid(), signal.SIGTERM)


def test_a_signal_is_known_even_if_its_error_is_dropped():
    """Python drops errors in finalizers and in callbacks of its garbage collector."""
    stop = Stop()
    with signals_noted(stop), suppress(StoppedError):
        os.kill(os.getpid(), signal.SIGTERM)
    assert stop.asked


def test_the_handlers_are_restored():
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with signals_noted(Stop()):
        pass
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_wait_returns_when_the_result_arrives():
    done = []
    assert Stop().wait(lambda: (time.sleep(0.2), done.append(1)), True)
    assert done
    assert Stop().wait(lambda: 1 / 0, True), "whoever uses the result hears of it"


@pytest.mark.parametrize("may_be_given_up", [True, False])
def test_after_a_signal_waiting_ends_soon_if_allowed(monkeypatch, may_be_given_up):
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


def test_work_that_a_signal_interrupts_is_left_to_itself():
    end = threading.Event()
    with signals_noted(Stop()):
        threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGTERM)).start()
        with pytest.raises(StoppedError):
            interruptible(lambda: end.wait(20))
    end.set()


def test_interruptible_work_returns_and_raises_what_it_does():
    assert interruptible(lambda: 3) == 3
    with pytest.raises(ZeroDivisionError):
        interruptible(lambda: 1 / 0)


def test_training_in_another_thread_does_not_touch_signals():
    before, heard = signal.getsignal(signal.SIGINT), []

    def elsewhere():
        with signals_noted(Stop()):
            heard.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert heard == [before]
