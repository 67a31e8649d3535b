"""JAX's own settings: they work, or are refused in one line."""

import os
import subprocess
import sys
from pathlib import Path

import jax
import pytest

from vae_jax.core.errors import UserError
from vae_jax.core.jax_settings import NEEDED, check_jax
from vae_jax.main import main

HARMFUL = {
    "jax_disable_jit": True,
    "jax_debug_nans": True,
    "jax_debug_infs": True,
    "jax_numpy_dtype_promotion": "strict",
    "jax_numpy_rank_promotion": "raise",
    "jax_threefry_partitionable": False,
    "jax_default_prng_impl": "rbg",
    "jax_no_tracing": True,
    "jax_transfer_guard": "disallow",
}


@pytest.fixture
def setting():
    before = {}

    def set_to(name, value):
        before.setdefault(name, getattr(jax.config, name))
        jax.config.update(name, value)

    yield set_to
    for name, value in before.items():
        jax.config.update(name, value)


def test_usual_settings_are_accepted():
    assert set(HARMFUL) == set(NEEDED)
    check_jax()


@pytest.mark.parametrize("name", HARMFUL)
def test_a_setting_that_no_run_works_with_is_an_error(name, setting):
    setting(name, HARMFUL[name])
    with pytest.raises(UserError, match=f"{name.upper()}: found {HARMFUL[name]!r}; needs .*; unset it"):
        check_jax()


def test_it_is_refused_before_anything_is_written(tmp_path, setting, capsys):
    setting("jax_disable_jit", True)
    assert main(["vae_jax.main", "--config=configs/digits.py", f"--workdir={tmp_path / 'run'}"]) == 2
    assert "vae_jax: error: JAX_DISABLE_JIT: found True" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("JAX_PLATFORMS", "nowhere", "JAX_PLATFORMS: found 'nowhere'; no such device can be used"),
        ("JAX_DEBUG_NANS", "maybe", "JAX can't be loaded (ValueError: invalid truth value 'maybe'"),
    ],
)
def test_a_variable_that_jax_can_not_use_is_one_line(variable, value, message, tmp_path):
    command = [sys.executable, "-m", "vae_jax.main", "--config=configs/digits.py", f"--workdir={tmp_path / 'run'}"]
    root = Path(__file__).parents[2]
    done = subprocess.run(
        command, cwd=root, env=os.environ | {variable: value}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"vae_jax: error: {message}")
    assert not (tmp_path / "run").exists()
