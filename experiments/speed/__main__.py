"""Measure, print the table and keep it: `python -m experiments.speed [--quick]`."""

import argparse
import platform
import tempfile
from pathlib import Path

import jax

from experiments.speed import hot_path, members, preparation, start, table, whole_run


def main() -> None:
    """Run every benchmark, one after another, and write results.csv beside this file unless it was a quick look."""
    parser = argparse.ArgumentParser(prog="python -m experiments.speed", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a look in two minutes, not kept")
    quick = parser.parse_args().quick
    rows = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        rows += hot_path.measure(rounds=3 if quick else 15)
        rows += members.measure(rounds=1 if quick else 5)
        rows += start.measure(1 if quick else 5, folder / "start")
        rows += preparation.measure(250 if quick else 2000, folder / "photographs")
        rows += whole_run.measure(10 if quick else 100, 1 if quick else 3, folder / "whole")
    print(f"{platform.machine()}, jax {jax.__version__} on {jax.devices()[0].device_kind}")
    print(table.text(rows))
    if not quick:
        table.save(rows, Path(__file__).with_name("results.csv"))


if __name__ == "__main__":
    main()
