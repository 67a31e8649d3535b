"""The bar that a run shows while it trains."""

import contextlib
import io

from vae_jax.progress import Progress


class Screen(io.StringIO):
    """A standard error output that is a terminal, or is none."""

    def __init__(self, watched):
        super().__init__()
        self.isatty = lambda: watched


def line(step, member=0, split="train"):
    return {"step": step, "member": member, "split": split, "loss": 12.3456, "recon": 10.0, "kl": 2.0, "beta_kl": 1.0}


def shown(*lines, done=0, watched=True):
    """What stands on the screen at last, before the bar is removed."""
    with contextlib.redirect_stderr(Screen(watched)) as screen:
        bar = Progress(100, done)
        for each in lines:
            bar.show(each)
        bar._bar.refresh()
        said = screen.getvalue().rpartition("\r")[2]
        bar.close()
    return said


def test_the_bar_stands_at_the_newest_step_and_says_the_losses():
    said = shown(line(10), line(30))
    assert "30/100" in said
    assert "loss=12.35" in said
    assert "beta_kl=1" in said


def test_nothing_is_said_where_there_is_no_terminal():
    assert shown(line(10), line(20), watched=False) == ""


def test_only_the_first_members_training_moves_the_bar():
    assert "10/100" in shown(line(10), line(20, member=1), line(30, split="test"))


def test_a_continued_run_starts_where_it_stopped():
    assert "40/100" in shown(done=40)
    assert "50/100" in shown(line(50), done=40)
