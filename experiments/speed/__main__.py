"""Measure, print the table and keep it: `python -m experiments.speed [--quick]`."""

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

from experiments.speed import hot_path, members, preparation, samples, spread, start, table, whole_run
from vae_jax.core.atomic_files import write_text
from vae_jax.core.provenance import environment

HERE = Path(__file__).parent
COMMAND = "python -m experiments.speed"


def provenance() -> dict[str, Any]:
    """Say what it takes to repeat a measurement: the command, the config, the machine and the versions."""
    return {"command": COMMAND, "config": "mnist_blog", **environment()}


def main() -> None:
    """Run every benchmark, one after another, and write the results beside this file unless it was a quick look."""
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a look in three minutes, not kept")
    quick = parser.parse_args().quick
    rows = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        rows += hot_path.measure(rounds=3 if quick else 15)
        rows += members.measure(rounds=1 if quick else 5)
        rows += samples.measure(1 if quick else 5)
        rows += spread.measure(1 if quick else 7)
        rows += start.measure(1 if quick else 5, folder / "start")
        rows += preparation.measure(250 if quick else 2000, folder / "photographs")
        rows += whole_run.measure(10 if quick else 100, 1 if quick else 3, folder / "whole")
    made = provenance()
    print(f"{made['processor']}, {made['cores']} cores, jax {made['versions']['jax']} on {made['device']}")
    print(table.text(rows))
    if not quick:
        table.save(rows, HERE / "results.csv")
        write_text(HERE / "provenance.json", json.dumps(made, indent=1) + "\n")


if __name__ == "__main__":
    main()
