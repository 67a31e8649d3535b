"""Progress: a bar in a terminal, plain lines elsewhere, with a clock that the tests control."""

import contextlib
import io
import logging
import os
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vae_jax.core.progress import EVERY, EVERY_MOMENT, FIRST, Console, Pace, Progress, duration


class Clock:
    """A clock that a test moves."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now

    def wait(self, seconds):
        self.now += seconds


class Screen(io.StringIO):
    """Standard error that is a terminal or not."""

    def __init__(self, watched):
        super().__init__()
        self.isatty = lambda: watched


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def lines(caplog):
    """The plain lines that were logged."""
    caplog.set_level(logging.INFO, "vae_jax.core.progress")
    return lambda: [record.getMessage() for record in caplog.records if record.name == "vae_jax.core.progress"]


@contextlib.contextmanager
def watched(clock, total=100, doing="training"):
    """A bar in a terminal, and a function that returns what it shows."""
    with contextlib.redirect_stderr(Screen(watched=True)) as screen, Progress(doing, total, clock=clock) as bar:

        def shown():
            bar.beat()
            return screen.getvalue().rpartition("\r")[2]

        yield bar, shown


def test_the_bar_moves_with_steps_and_not_only_at_logged_moments(clock):
    with watched(clock) as (bar, shown):
        for steps in (5, 10, 15):
            bar.advance(5)
            assert f"{steps}/100" in shown()
        bar.moment("loss 12.35")
        assert "15/100" in shown()
        assert "loss 12.35" in shown()


def test_compiling_is_shown_and_does_not_count_in_the_estimate(clock):
    """A block of 10 steps in 1 s, after 60 s of compiling: the 90 steps that are left take 9 s, not 10 minutes."""
    with watched(clock) as (bar, shown):
        bar.say("compiling", counts=False)
        clock.wait(60)
        assert "compiling: " in shown()
        assert "left" not in shown()
        bar.say("training")
        clock.wait(1)
        bar.advance(10)
        assert "training: " in shown()
        assert "about 0:09 left" in shown()


def test_the_bar_is_removed_at_the_end(clock):
    with contextlib.redirect_stderr(Screen(watched=True)) as screen:
        with Progress("reading", clock=clock) as bar:
            bar.beat()
            assert "reading [" in screen.getvalue()
        *_, last, end = screen.getvalue().split("\r")
    assert (last.strip(), end) == ("", "")


def test_without_a_terminal_plain_lines_are_logged_at_intervals(clock, lines):
    with Progress("writing", 1000, unit="picture", clock=clock) as progress:
        progress.beat()
        assert lines() == [], "what is quick says nothing"
        clock.wait(FIRST)
        progress.advance(200)
        progress.beat()
        progress.beat()
        assert lines() == ["writing: 200 of 1,000 pictures, 0:02 so far, about 0:08 left"]
        clock.wait(EVERY)
        progress.beat()
        assert len(lines()) == 2
    assert all(line.isprintable() for line in lines())


@pytest.mark.parametrize("columns", [0, 80])
def test_a_terminal_without_a_width_gets_plain_lines(clock, lines, monkeypatch, columns):
    monkeypatch.setattr("os.get_terminal_size", lambda number: os.terminal_size((columns, 24)))
    screen = Screen(watched=True)
    screen.fileno = lambda: 2
    with contextlib.redirect_stderr(screen), Progress("training", 10, clock=clock) as progress:
        clock.wait(FIRST)
        progress.beat()
    assert bool(lines()) is (columns == 0)
    assert bool(screen.getvalue()) is (columns > 0)


def test_a_logged_moment_is_a_plain_line_if_the_last_line_is_old_enough(clock, lines):
    with Progress("training", 100, clock=clock) as progress:
        progress.moment("loss 1")
        clock.wait(EVERY_MOMENT)
        progress.moment("loss 2")
        progress.moment("loss 3")
        assert lines() == ["training: 0 of 100 steps, loss 2, 0:05 so far"]


def test_nothing_is_written_to_a_pipe_but_lines(clock):
    with contextlib.redirect_stderr(Screen(watched=False)) as screen, Progress("training", 10, clock=clock) as progress:
        progress.advance(3)
        progress.moment("loss 1")
        clock.wait(100)
        progress.beat()
    assert screen.getvalue() == ""


def test_the_time_left_includes_all_groups_and_their_compiling(clock, lines):
    """Two groups of 10 steps, the second of three times the work a step: 10 s left of the first, 60 s and a pause."""
    with Progress("compiling", clock=clock) as progress:
        progress.group(0, [10, 10], [2.0, 6.0])
        progress.say("compiling", counts=False)
        clock.wait(20)
        progress.say("training")
        clock.wait(10)
        progress.advance(5)
        assert progress.line() == "group 1 of 2: training: 5 of 10 steps, 0:30 so far, about 1:30 left"
        clock.wait(10)
        progress.advance(5)
        progress.group(1, [10, 10], [2.0, 6.0])
        assert progress.line().endswith("about 1:20 left"), "it will compile too"
        progress.say("compiling", counts=False)
        clock.wait(20)
        progress.say("training")
        clock.wait(6)
        progress.advance(1)
        assert progress.line() == "group 2 of 2: training: 1 of 10 steps, 1:06 so far, about 0:54 left"


def test_skipped_steps_took_no_time(clock):
    with Progress("training", 100, clock=clock) as progress:
        progress.skip(80)
        clock.wait(1)
        progress.advance(10)
        assert progress.line() == "training: 90 of 100 steps, 0:01 so far, about 0:01 left"


def test_updates_after_the_end_are_ignored(clock):
    """A block of steps that was given up may still end, in its thread."""
    with watched(clock) as (bar, _):
        late = threading.Thread(target=lambda: bar.advance(10))
    late.start()
    late.join()
    assert "0 of 100" in bar.line()


def test_a_log_line_stands_above_the_bar(clock):
    with contextlib.redirect_stderr(Screen(watched=True)) as screen, Progress("training", 10, clock=clock):
        Console(screen).handle(logging.makeLogRecord({"msg": "a warning"}))
        rows = screen.getvalue().split("\n")
    assert rows[0].rpartition("\r")[2] == "a warning"
    assert "training" in rows[1]


@given(st.lists(st.tuples(st.floats(0.01, 1e3), st.floats(0.01, 1e3)), min_size=1), st.floats(0, 1e6))
def test_the_pace_is_the_mean_of_all_work_so_far(done, left):
    clock = Clock()
    pace = Pace(clock)
    for amount, seconds in done:
        clock.wait(seconds)
        pace.work(amount)
        clock.wait(7)
        pace.apart()
    amounts, seconds = zip(*done, strict=True)
    assert pace.left(left) == pytest.approx(left * sum(seconds) / sum(amounts), rel=1e-6)
    assert pace.paused == pytest.approx(7 * len(done))


def test_durations_are_formatted_like_clocks():
    assert [duration(seconds) for seconds in (0.4, 65, 3599.7, 7384)] == ["0:00", "1:05", "1:00:00", "2:03:04"]
