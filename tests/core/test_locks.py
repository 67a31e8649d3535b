"""One process at a time in a folder."""

import subprocess
import sys

import pytest

from vae_jax.core.locks import OccupiedError, alone_in


def test_a_second_process_waits_or_raises(tmp_path):
    with alone_in(tmp_path):
        with pytest.raises(OccupiedError), alone_in(tmp_path, wait=False):
            pass
        code = f"""
from pathlib import Path
from vae_jax.core.locks import alone_in
with alone_in(Path({str(tmp_path)!r})):
    pass
"""
        with subprocess.Popen([sys.executable, "-c", code]) as other:
            with pytest.raises(subprocess.TimeoutExpired):
                other.wait(1)
            other.kill()
    with alone_in(tmp_path, wait=False):
        pass


def test_the_lock_ends_with_its_process(tmp_path):
    code = f"""
import os
from pathlib import Path
from vae_jax.core.locks import alone_in
with alone_in(Path({str(tmp_path)!r})):
    os.kill(os.getpid(), 9)
"""
    assert subprocess.run([sys.executable, "-c", code]).returncode == -9
    with alone_in(tmp_path, wait=False):
        pass


def test_nothing_is_left_in_the_folder(tmp_path):
    with alone_in(tmp_path):
        assert list(tmp_path.iterdir()) == []
