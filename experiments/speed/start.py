"""From the command to the first training step, against importing the libraries; and what a second start compiles."""

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from experiments.speed.table import Row

BARE = "import jax, flax.nnx, optax; jax.numpy.ones(1).block_until_ready()"
WAIT = 300  # seconds until a start counts as hung


def first_line(folder: Path, cache: Path) -> tuple[float, float]:
    """Start a run of one step at a time; return the seconds to its first line of metrics and those of compiling."""
    command = [sys.executable, "-m", "vae_jax.main", "--config=configs/digits.py", f"--workdir={folder}"]
    shorter = ["--config.train.steps_per_epoch=1", "--config.train.epochs=1"]
    metrics = folder / "metrics.jsonl"
    start = time.perf_counter()
    with subprocess.Popen(
        [*command, *shorter],
        env={**os.environ, "JAX_COMPILATION_CACHE_DIR": str(cache)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        while not (metrics.is_file() and metrics.stat().st_size):
            if process.poll() is not None or time.perf_counter() - start > WAIT:
                process.kill()
                raise RuntimeError(f"{' '.join(command)}: no first step")
            time.sleep(0.005)
        reached = time.perf_counter() - start
    return reached, float(json.loads((folder / "summary.json").read_text())["seconds"]["compile"])


def bare_import() -> float:
    """Seconds to import the libraries and make one array."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", BARE], check=True)
    return time.perf_counter() - start


def measure(rounds: int, folder: Path) -> list[Row]:
    """Start runs and bare imports in turn.

    Args:
        rounds: how many of each.
        folder: where the runs go; it must be empty.
    """
    bare_import()  # the first reads the libraries from the disk
    cold, warm, bare = [], [], []
    for k in range(rounds):
        bare.append(bare_import())
        cold.append(first_line(folder / f"cold_{k}", folder / f"cache_{k}"))
        kept = sorted(path.name for path in (folder / f"cache_{k}").iterdir())
        warm.append(first_line(folder / f"warm_{k}", folder / f"cache_{k}"))
        if {path.name for path in (folder / f"cache_{k}").iterdir() if path.name.endswith("-cache")} - set(kept):
            raise RuntimeError("the second start compiled something")
    ratios = [(reached - compiled) / least for (reached, compiled), least in zip(cold, bare, strict=True)]
    again = [compiled / before for (_, compiled), (_, before) in zip(warm, cold, strict=True)]
    return [
        Row(
            "from the command to the first step, compile left out",
            f"{statistics.median(a - b for a, b in cold):.2f} s",
            f"importing jax, flax.nnx, optax {statistics.median(bare):.2f} s",
            statistics.median(ratios),
            2.5,
        ),
        Row(
            "compile of the second start (nothing new in the cache)",
            f"{statistics.median(b for _, b in warm):.2f} s",
            f"the first's {statistics.median(b for _, b in cold):.2f} s",
            statistics.median(again),
        ),
    ]
