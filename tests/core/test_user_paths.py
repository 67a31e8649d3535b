"""Paths as users write them."""

from pathlib import Path

import pytest

from vae_jax.core.errors import UserError
from vae_jax.core.user_paths import from_home


def test_a_tilde_is_the_home_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert from_home("~/runs/first") == tmp_path / "runs" / "first"
    assert from_home(Path("runs/~first")) == Path("runs/~first")


def test_an_unknown_user_is_an_error():
    with pytest.raises(UserError, match=r"^~nobody of here/runs: found no home folder of ~nobody of here"):
        from_home("~nobody of here/runs")
