"""What all commands share."""

import pytest

from vae_jax.core.commands import Flags, exit_status
from vae_jax.core.errors import NoResultError, UserError
from vae_jax.core.signals import StoppedError


def raising(error):
    def work():
        raise error

    return work


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (UserError("x: found 1; needs 2"), 2, "name: error: x: found 1; needs 2"),
        (NoResultError("none came"), 1, "name: error: none came"),
        (StoppedError(15, saved=True), 143, "name: stopped; saved; the same command goes on from here"),
        (KeyboardInterrupt(), 130, "name: interrupted"),
    ],
)
def test_an_error_is_one_line_with_its_exit_status(error, status, message, capsys):
    assert exit_status(raising(error), "name") == status
    assert capsys.readouterr() == ("", message + "\n")


def test_success_prints_nothing(capsys):
    assert exit_status(lambda: None) == 0
    assert capsys.readouterr() == ("", "")


def test_other_errors_are_not_caught():
    with pytest.raises(ZeroDivisionError):
        exit_status(raising(ZeroDivisionError()))


def test_a_wrong_flag_is_a_user_error():
    with pytest.raises(UserError, match=r"unrecognized arguments: --y; see --help"):
        Flags("name", "what it does").parse_args(["--y"])
