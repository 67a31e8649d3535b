"""Train, evaluate and draw variational autoencoders: `python -m vae_jax.main --config=configs/dogpeople.py`."""

import logging
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from vae_jax.core.commands import exit_status
from vae_jax.core.jax_settings import load_jax
from vae_jax.core.progress import Console, Progress
from vae_jax.core.signals import GOES_ON, leave

if TYPE_CHECKING:
    from vae_jax.runs.command import Command

log = logging.getLogger("vae_jax")


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line, by default `sys.argv`.

    Returns:
        the exit status: 0; 1 if no member came to a result; 2 after an error in one line; 128 plus a signal's number.
        A figure that could not be drawn is named in one line; the status is then 1 with --mode=figures, and unchanged
        for a training.
    """
    started = time.perf_counter()
    arguments = list(sys.argv if argv is None else argv)
    logging.basicConfig(format="%(message)s", handlers=[Console()])
    log.setLevel(logging.INFO)

    def work() -> None:
        load_jax()  # a config has the settings of all parts, which need JAX
        from vae_jax.cli.command_line import asked_for_help, help_for, parse

        if asked_for_help(arguments):
            print(help_for(arguments))
        else:
            run(parse(arguments), started)

    return exit_status(work, interrupted=f"stopped; {GOES_ON}")


def run(command: "Command", started: float) -> None:
    """Run a parsed command line; `started` is `time.perf_counter()` at the start, for the total seconds.

    Raises:
        UserError: an argument can't be used.
    """
    from vae_jax.config.sweep_language import expand
    from vae_jax.core.jax_settings import check_jax, offer_cores

    if command.config is not None:
        offer_cores(len(expand(command.config)))
    check_jax()
    with Progress("loading JAX"):
        from vae_jax.runs.dry_run import forecast
        from vae_jax.runs.evaluate_again import evaluate_run, figures_of_run
        from vae_jax.runs.export import export_member
        from vae_jax.runs.sample import sample_run
        from vae_jax.runs.training import train_run

    if command.dry_run:
        forecast(command)
        return
    if command.mode == "train":
        assert command.config is not None, "the command line requires it"
        train_run(command.config, command.workdir, started)
        return
    modes = {"evaluate": evaluate_run, "figures": figures_of_run, "export": export_member, "sample": sample_run}
    modes[command.mode](command, started)


if __name__ == "__main__":
    leave(main())
