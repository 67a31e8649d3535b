"""From photographs to aligned faces: how many a second, and how the memory grows with their number."""

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image

from experiments.speed.table import Row

SIDE = 200  # pixels of a photograph, as UTKFace's
WANTED = 300  # images a second
COLUMNS = "file,class,left_eye_x,left_eye_y,right_eye_x,right_eye_y,nose_x,nose_y"


def write_photographs(folder: Path, count: int) -> None:
    """Write photographs of smooth noise, each with eyes and nose marked, half of them people and half dogs."""
    (folder / "images").mkdir(parents=True)
    noise, rows = np.random.default_rng(0), [COLUMNS]
    for k in range(count):
        coarse = Image.fromarray(noise.integers(0, 256, (25, 25, 3)).astype(np.uint8))
        coarse.resize((SIDE, SIDE), Image.Resampling.BICUBIC).save(folder / "images" / f"{k}.jpg")
        points = np.array([57, 58, 143, 58, 100, 104]) + noise.normal(0, 6, 6)
        rows.append(f"images/{k}.jpg,{('people', 'dogs')[k % 2]},{','.join(f'{value:.2f}' for value in points)}")
    (folder / "landmarks.csv").write_text("\n".join(rows) + "\n")


# The command, and at its end the most that it held: what the kernel says of a child may be of its parent before it.
CODE = """
import sys
from pathlib import Path
from vae_jax.data.prepare import main
status = main(sys.argv[1:])
print(next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")))
sys.exit(status)
"""


def prepare(raw: Path, out: Path) -> tuple[float, int]:
    """Run the command; return seconds, and the most bytes it held in memory."""
    command = [sys.executable, "-c", CODE, "dogpeople", f"--raw_dir={raw}", f"--prepared_dir={out}"]
    start = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return time.perf_counter() - start, 1024 * int(done.stdout.splitlines()[-1].split()[1])


def measure(count: int, folder: Path) -> list[Row]:
    """Prepare some photographs, and four times as many.

    Args:
        count: how many.
        folder: for photographs and what is prepared; it must be empty.
    """
    found = []
    for n in (count, 4 * count):
        write_photographs(folder / str(n), n)
        found.append(prepare(folder / str(n), folder / f"{n}-prepared"))
    (_, few), (seconds, many) = found
    return [
        Row(
            f"preparing {4 * count:,} photographs, 200 to 50 pixels",
            f"{4 * count / seconds:,.0f} a second",
            f"wanted {WANTED}",
            WANTED * seconds / (4 * count),
            1.0,
        ),
        Row(
            f"memory at {4 * count:,} photographs",
            f"{many / 1e6:,.0f} MB",
            f"at {count:,} {few / 1e6:,.0f} MB",
            many / few,
            1.1,
        ),
    ]
