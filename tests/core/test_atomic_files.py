"""Files and folders that are written atomically."""

import pytest

from vae_jax.core.atomic_files import write_text, written_atomically


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_replaced_when_it_is_complete(tmp_path):
    path = tmp_path / "a.txt"
    write_text(path, "before")
    with written_atomically(path) as partial:
        partial.write_text("now")
        assert path.read_text() == "before"
        assert partial.suffix == ".txt"
    assert path.read_text() == "now"
    assert names(tmp_path) == ["a.txt"]


def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "a.txt"
    write_text(path, "before")
    with pytest.raises(ZeroDivisionError), written_atomically(path) as partial:
        partial.write_text(str(partial.write_text("half") / 0))
    assert path.read_text() == "before"
    assert names(tmp_path) == ["a.txt"]


def test_a_folder_appears_when_it_is_complete_without_remains_of_a_killed_process(tmp_path):
    (tmp_path / ".partial_run").mkdir()
    (tmp_path / ".partial_run" / "half").write_text("half")
    with written_atomically(tmp_path / "run") as partial:
        partial.mkdir()
        (partial / "whole").write_text("whole")
        assert not (tmp_path / "run").exists()
    assert names(tmp_path) == ["run"]
    assert names(tmp_path / "run") == ["whole"]
