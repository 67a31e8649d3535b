"""A long run: memory does not grow, and the log has one line per logged moment."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from small_runs import digits_command

EPOCHS, STEPS = 200, 1000


def resident(process):
    """Bytes of memory that a process holds."""
    words = Path(f"/proc/{process.pid}/statm").read_text().split()
    return int(words[1]) * os.sysconf("SC_PAGE_SIZE")


def lines(run):
    file = run / "metrics.jsonl"
    return file.read_text().splitlines() if file.is_file() else []


@pytest.mark.release
@pytest.mark.skipif(not Path("/proc/self/statm").is_file(), reason="memory is read from /proc")
def test_200000_steps_keep_the_memory_and_the_log_bounded(tmp_path):
    run = tmp_path / "run"
    longer = [f"--config.train.epochs={EPOCHS}", f"--config.train.steps_per_epoch={STEPS}"]
    command = [sys.executable, "-m", *digits_command(run, *longer)]
    command[2] = "vae_jax.main"
    seen = []
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None:
            if lines(run):
                seen.append((len(lines(run)), resident(process)))
            time.sleep(0.5)
    assert process.returncode == 0
    early = [held for count, held in seen if EPOCHS // 10 < count < EPOCHS // 4]
    late = [held for count, held in seen if count > 3 * EPOCHS // 4]
    assert early
    assert late
    assert max(late) < 1.05 * max(early)
    found = [json.loads(line) for line in lines(run)]
    assert found[-1]["step"] == EPOCHS * STEPS
    assert len(found) <= EPOCHS + 10
    assert (run / "metrics.jsonl").stat().st_size < 400 * len(found)
