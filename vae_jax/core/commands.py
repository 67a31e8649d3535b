"""What all commands share: flags, and errors printed in one line."""

import argparse
import sys
from collections.abc import Callable
from typing import NoReturn

from vae_jax.core.errors import NoResultError, UserError
from vae_jax.core.signals import StoppedError


class Flags(argparse.ArgumentParser):
    """An argument parser that raises `UserError` where argparse would print its usage and exit."""

    def __init__(self, command: str, description: str) -> None:
        super().__init__(command, description=description, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        """Raise `UserError`."""
        raise UserError(f"{' '.join(message.removeprefix('argument ').split())}; see --help")


def exit_status(work: Callable[[], object], command: str = "vae_jax", interrupted: str = "interrupted") -> int:
    """Run a command and print errors in one line on standard error.

    Args:
        work: what the command does.
        command: the name that the line begins with.
        interrupted: the message after Ctrl-C.

    Returns:
        the exit status: 0, 1 without a result, 2 after a `UserError`, 128 + its number after a signal.
    """
    try:
        work()
    except UserError as error:
        message, status = f"error: {error}", 2
    except NoResultError as error:
        message, status = f"error: {error}", 1
    except StoppedError as stopped:
        message, status = str(stopped), stopped.status
    except KeyboardInterrupt:
        message, status = interrupted, 130
    else:
        return 0
    print(f"{command}: {message}", file=sys.stderr)
    return status
