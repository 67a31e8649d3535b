"""Provenance of results."""

import shutil
import subprocess

import pytest

from vae_jax.core.provenance import ENVIRONMENT, commit, environment


def test_the_machine_and_the_libraries_are_recorded():
    found = environment()
    assert tuple(found) == ENVIRONMENT
    assert found["processor"]
    assert found["cores"] >= 1
    assert {"python", "vae_jax", "jax", "numpy", "pillow"} <= set(found["versions"])


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not there")
def test_the_commit_is_recorded_and_whether_the_code_was_changed(tmp_path, monkeypatch):
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)

    def git(*command):
        named = ("git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b")
        return subprocess.run([*named, *command], check=True, capture_output=True, text=True).stdout.strip()

    package = tmp_path / "package"
    package.mkdir()
    code = package / "code.py"
    code.write_text("x = 1")
    assert commit(package) is None
    git("init", "-q")
    assert commit(package) is None  # some repository, but not the code's
    git("add", ".")
    git("commit", "-q", "-m", "first")
    assert commit(package) == git("rev-parse", "HEAD")
    (package / "results.csv").write_text("no code")
    assert commit(package) == git("rev-parse", "HEAD")
    code.write_text("x = 2")
    assert commit(package) == git("rev-parse", "HEAD") + "-dirty"
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    assert (
        commit(package) == git("-C", str(tmp_path), "--git-dir", str(tmp_path / ".git"), "rev-parse", "HEAD") + "-dirty"
    )
