"""Flags of the small commands, whose faults are one line as everywhere."""

import argparse
from typing import NoReturn

from vae_jax.core.errors import UserError


class Flags(argparse.ArgumentParser):
    """An argument parser that raises `UserError` where argparse would print its usage and leave."""

    def __init__(self, command: str, description: str) -> None:
        super().__init__(command, description=description, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        """Raise the fault."""
        raise UserError(f"{' '.join(message.removeprefix('argument ').split())}; see --help")
