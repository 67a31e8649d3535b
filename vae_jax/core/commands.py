"""What all commands share: flags, and faults told in one line."""

import argparse
import sys
from collections.abc import Callable
from typing import NoReturn

from vae_jax.core.errors import NoResultError, UserError
from vae_jax.core.signals import StoppedError


class Flags(argparse.ArgumentParser):
    """An argument parser that raises `UserError` where argparse would print its usage and leave."""

    def __init__(self, command: str, description: str) -> None:
        super().__init__(command, description=description, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        """Raise the fault."""
        raise UserError(f"{' '.join(message.removeprefix('argument ').split())}; see --help")


def exit_status(work: Callable[[], object], command: str = "vae_jax", interrupted: str = "interrupted") -> int:
    """Do what a command is for, and tell a fault in one line on standard error.

    Args:
        work: what it does.
        command: the name that a fault begins with.
        interrupted: what is said after Ctrl-C.

    Returns:
        the exit status: 0, or 1 where there is no result, or 2 after something that can't be done, or 128 and a
        signal's number.
    """
    try:
        work()
    except UserError as error:
        said, status = f"error: {error}", 2
    except NoResultError as error:
        said, status = f"error: {error}", 1
    except StoppedError as stopped:
        said, status = str(stopped), stopped.status
    except KeyboardInterrupt:
        said, status = interrupted, 130
    else:
        return 0
    print(f"{command}: {said}", file=sys.stderr)
    return status
