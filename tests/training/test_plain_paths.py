"""Paths of plain characters, which no library misreads."""

import tempfile
from pathlib import Path

import pytest

from vae_jax.core.errors import UserError
from vae_jax.training.plain_paths import PlainPath, check_path, is_plain


@pytest.mark.parametrize("path", ["/home/me/runs/beta_kl=1,2/a-b.c", "C:/Users/me/runs", "/a b/~x", "/gsx/s3"])
def test_plain_paths_are_used_directly(path):
    assert is_plain(Path(path))


@pytest.mark.parametrize("path", ["/a[b", "/a*", "/a?", "/a\\b", "/gs:/x", "/gs/x", "/s3", "/猫", "/a\nb", "/\udcff"])
def test_other_paths_are_not_plain(path):
    assert not is_plain(Path(path))


def test_a_link_leads_to_the_folder_until_it_is_closed(tmp_path):
    folder = tmp_path / "a[b]"
    folder.mkdir()
    plain = PlainPath(folder)
    (plain.path / "file").write_text("there")
    assert is_plain(plain.path)
    assert (folder / "file").read_text() == "there"
    plain.close()
    assert not plain.path.parent.exists()
    assert (folder / "file").read_text() == "there"


def test_a_path_without_a_plain_link_is_refused_first(tmp_path, monkeypatch):
    temporary = tmp_path / "t[m]p"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    check_path(tmp_path / "plain")
    with pytest.raises(UserError, match="use another workdir, or set TMPDIR"):
        check_path(tmp_path / "a[b]")
    with pytest.raises(UserError, match="use another workdir, or set TMPDIR"):
        PlainPath(tmp_path / "a[b]")
