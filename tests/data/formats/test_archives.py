"""Archives: unpacked atomically into their folder, whatever they hold."""

import io
import stat
import tarfile
import zipfile
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vae_jax.core.errors import UserError
from vae_jax.data.formats import archives
from vae_jax.data.formats.archives import unpack

FILES = {"faces/a/1.jpg": b"one", "faces/a/2.jpg": b"two" * 3_000, "faces/list.txt": b"1\n2\n"}
ROOM = 1_000_000


def tar_of(path, *members, mode="w:gz", **files):
    """Write a tar of files and hand-made members."""
    with tarfile.open(path, mode) as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
        for member in members:
            tar.addfile(member, io.BytesIO(bytes(member.size)))
    return path


def zip_of(path, *members, **files):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(name, content)
        for member in members:
            packed.writestr(member, b"/etc/passwd")
    return path


WRITERS = pytest.mark.parametrize(("name", "write"), [("a.tar.gz", tar_of), ("a.tgz", tar_of), ("a.zip", zip_of)])


def special(name, kind, to=""):
    """A member of a tar that is neither a file nor a folder."""
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, to
    return member


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def refused(archive, folder, most_bytes=ROOM, **options):
    """Return the error of an archive that is not unpacked; no files are left."""
    before = contents(folder.parent)
    with pytest.raises(UserError) as error:
        unpack(archive, folder, most_bytes=most_bytes, **options)
    assert contents(folder.parent) == before
    assert not folder.exists()
    assert not folder.with_name(f".{folder.name}.partial").exists()
    assert "\n" not in str(error.value)
    assert str(error.value).startswith(f"{archive}: ")
    return str(error.value)


@WRITERS
def test_an_archive_becomes_a_folder(tmp_path, name, write):
    unpack(write(tmp_path / name, **FILES), tmp_path / "raw" / "set", most_bytes=ROOM)
    assert contents(tmp_path / "raw" / "set") == FILES
    assert [path.name for path in (tmp_path / "raw").iterdir()] == ["set"]


@WRITERS
def test_a_folder_in_the_archive_can_be_unpacked_alone(tmp_path, name, write):
    archive = write(tmp_path / name, **FILES, **{"._faces": b"of a Mac"})
    unpack(archive, tmp_path / "raw" / "set", most_bytes=ROOM, inner="faces")
    assert contents(tmp_path / "raw") == {name.replace("faces", "set"): content for name, content in FILES.items()}


def test_an_uncompressed_tar_named_tar_gz_is_read(tmp_path):
    unpack(tar_of(tmp_path / "a.tar.gz", mode="w", **FILES), tmp_path / "set", most_bytes=ROOM)
    assert contents(tmp_path / "set") == FILES


def test_an_existing_folder_is_left_unchanged(tmp_path):
    (tmp_path / "set").mkdir()
    unpack(tmp_path / "none.zip", tmp_path / "set", most_bytes=ROOM)
    assert list((tmp_path / "set").iterdir()) == []


def test_the_partial_folder_of_a_killed_run_is_removed(tmp_path):
    (tmp_path / ".set.partial" / "faces").mkdir(parents=True)
    (tmp_path / ".set.partial" / "faces" / "half.jpg").write_bytes(b"ha")
    unpack(tar_of(tmp_path / "a.tgz", **FILES), tmp_path / "set", most_bytes=ROOM)
    assert contents(tmp_path / "set") == FILES


@WRITERS
@pytest.mark.parametrize("member", ["../out", "faces/../../out", "/tmp/out", "..\\out", "C:\\out", "\\\\host\\out"])
def test_a_member_that_leads_out_of_the_folder_is_refused(tmp_path, name, write, member):
    archive = write(tmp_path / name, **FILES, **{member: b"out"})
    message = refused(archive, tmp_path / "raw" / "set")
    assert message == f"{archive}: member {member!r} leads out of the folder; nothing was unpacked"
    assert [path.name for path in tmp_path.iterdir() if path.name != "raw"] == [name]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE], ids=["symbolic", "hard"])
@pytest.mark.parametrize("to", ["../../out", "/etc/passwd", "faces/a/1.jpg"])
def test_a_link_in_a_tar_is_refused_wherever_it_leads(tmp_path, kind, to):
    archive = tar_of(tmp_path / "a.tgz", special("faces/link", kind, to), **FILES)
    assert "member 'faces/link' is a link or a device" in refused(archive, tmp_path / "set")


def test_nothing_is_written_through_a_link(tmp_path):
    through = tarfile.TarInfo("link/planted")
    archive = tar_of(tmp_path / "a.tgz", special("link", tarfile.SYMTYPE, str(tmp_path)), through)
    refused(archive, tmp_path / "set")
    assert not (tmp_path / "planted").exists()


@pytest.mark.parametrize("kind", [tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_a_device_is_refused(tmp_path, kind):
    archive = tar_of(tmp_path / "a.tgz", special("null", kind), **FILES)
    assert "member 'null' is a link or a device" in refused(archive, tmp_path / "set")


def test_a_link_in_a_zip_is_refused(tmp_path):
    link = zipfile.ZipInfo("faces/link")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    archive = zip_of(tmp_path / "a.zip", link, **FILES)
    assert "member 'faces/link' is a link or a device" in refused(archive, tmp_path / "set")


@WRITERS
def test_what_is_larger_than_declared_is_refused(tmp_path, name, write):
    archive = write(tmp_path / name, small=b"x", bomb=bytes(3_000_000))
    assert archive.stat().st_size < 10_000
    assert "holds more than 1,000,000 bytes at member 'bomb'" in refused(archive, tmp_path / "set")
    unpack(archive, tmp_path / "set", most_bytes=3_000_000 + archives.BLOCK)
    assert (tmp_path / "set" / "bomb").stat().st_size == 3_000_000


@WRITERS
def test_too_many_empty_files_are_refused(tmp_path, name, write):
    archive = write(tmp_path / name, **{f"{k}": b"" for k in range(30)})
    refused(archive, tmp_path / "set", most_bytes=29 * archives.BLOCK)
    unpack(archive, tmp_path / "set", most_bytes=30 * archives.BLOCK)


@WRITERS
def test_members_with_conflicting_paths_are_refused(tmp_path, name, write):
    archive = write(tmp_path / name, **{"a": b"", "a/b": b"x"})
    assert "can't be unpacked into" in refused(archive, tmp_path / "set")


@WRITERS
def test_a_damaged_archive_is_an_error(tmp_path, name, write):
    archive = write(tmp_path / name, **FILES)
    archive.write_bytes(archive.read_bytes()[:-60])
    assert f"can't be unpacked into {tmp_path / 'set'}" in refused(archive, tmp_path / "set")


@WRITERS
@given(junk=st.binary(max_size=600))
def test_random_bytes_instead_of_an_archive_are_an_error(tmp_path_factory, name, write, junk):
    folder = tmp_path_factory.mktemp("junk")
    (folder / name).write_bytes(junk)
    if any(junk):  # zeros alone are an empty tar
        refused(folder / name, folder / "set")


def test_an_archive_without_the_inner_folder_is_an_error(tmp_path):
    archive = tar_of(tmp_path / "a.tgz", **FILES)
    assert refused(archive, tmp_path / "set", inner="dogs") == f"{archive}: has no folder 'dogs'; get it again"


def test_another_kind_of_file_is_an_error(tmp_path):
    (tmp_path / "a.rar").write_bytes(b"Rar!")
    assert "needs .tar.gz, .tgz, .tar or .zip" in refused(tmp_path / "a.rar", tmp_path / "set")


def test_a_missing_archive_is_an_error(tmp_path):
    assert "No such file" in refused(tmp_path / "a.zip", tmp_path / "set")


def test_owners_and_odd_permissions_are_ignored(tmp_path):
    member = tarfile.TarInfo("run")
    member.mode = 0o4777
    unpack(tar_of(tmp_path / "a.tgz", member), tmp_path / "set", most_bytes=ROOM)
    assert stat.S_IMODE((tmp_path / "set" / "run").stat().st_mode) & 0o7022 == 0


def test_of_simultaneous_runs_one_unpacks(tmp_path):
    archive = tar_of(tmp_path / "a.tar.gz", **FILES)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: unpack(archive, tmp_path / "out", most_bytes=ROOM), range(4)))
    found = {str(path.relative_to(tmp_path / "out")): path.read_bytes() for path in (tmp_path / "out").rglob("*.*")}
    assert found == FILES
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.tar.gz", "out"]
