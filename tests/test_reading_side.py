"""Files are read as data, never as code: nothing in the package unpickles or evaluates."""

import ast
from pathlib import Path

import pytest

import vae_jax

FILES = sorted(Path(vae_jax.__file__).parent.rglob("*.py"))
CODE = {"pickle", "cloudpickle", "dill", "joblib", "shelve", "marshal", "eval", "exec", "compile_command", "yaml"}
RUNS_A_CONFIG_FILE = {"api.py"}  # what a user names as a config file is a program of theirs


def words_of(file):
    tree = ast.parse(file.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").split(".")[0]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id
        elif isinstance(node, ast.keyword) and node.arg == "allow_pickle":
            assert isinstance(node.value, ast.Constant), file
            assert node.value.value is False, file


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(FILES[0].parent)))
def test_no_code_in_what_is_read_can_run(file):
    words = set(words_of(file))
    assert not words & CODE
    assert "runpy" not in words or file.name in RUNS_A_CONFIG_FILE
