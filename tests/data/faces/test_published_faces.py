"""Published faces: downloaded, unpacked as they are read, and left unchanged if they exist."""

import hashlib
import io
import tarfile
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from vae_jax.core.errors import UserError
from vae_jax.data.faces.published_faces import BY_HAND, LFW, PETS, FaceSet, Part, fetch_faces


def packed(**files):
    """A packed tar."""
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return whole.getvalue()


PUBLISHED = {
    "lfw-funneled.tgz": packed(**{"lfw_funneled/Ann/Ann_0001.jpg": b"Ann", "lfw_funneled/pairs.txt": b"1"}),
    "images.tar.gz": packed(**{"images/beagle_1.jpg": b"dog"}),
    "annotations.tar.gz": packed(**{"annotations/xmls/beagle_1.xml": b"<box>", "._annotations": b"of a Mac"}),
}
FILES = {
    "lfw_funneled/Ann/Ann_0001.jpg": b"Ann",
    "lfw_funneled/pairs.txt": b"1",
    "oxford_pets/images/beagle_1.jpg": b"dog",
    "oxford_pets/annotations/xmls/beagle_1.xml": b"<box>",
}


@pytest.fixture
def sets():
    """The sets, with the small archives above at an address of this machine."""

    def at(address):
        def here(part):
            name = part.archive.rpartition("/")[2]
            checksum = hashlib.sha256(PUBLISHED[name]).hexdigest()
            return replace(part, addresses=(f"{address}{name}",), checksum=checksum)

        return tuple(replace(faces, parts=tuple(here(part) for part in faces.parts)) for faces in (LFW, PETS))

    return at


def contents(raw):
    found = {path.relative_to(raw).as_posix(): path.read_bytes() for path in raw.rglob("*") if path.is_file()}
    return {name: content for name, content in found.items() if not name.startswith("downloads/")}


def test_the_sets_are_laid_out_as_they_are_read(serve, sets, tmp_path, capsys):
    with serve(PUBLISHED) as (address, asked):
        fetch_faces(tmp_path / "raw", sets(address))
    assert contents(tmp_path / "raw") == FILES
    assert sorted(asked) == sorted(PUBLISHED)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    for line, faces in zip(lines, (LFW, PETS), strict=True):
        assert line.startswith(f"{faces.name}: now in {tmp_path / 'raw' / faces.parts[0].folder}")
        assert faces.terms in line


def test_an_existing_set_is_left_unchanged_and_reported(serve, sets, tmp_path, capsys):
    with serve(PUBLISHED) as (address, asked):
        fetch_faces(tmp_path, sets(address))
        (tmp_path / "lfw_funneled" / "mine.jpg").write_bytes(b"mine")
        del asked[:]
        capsys.readouterr()
        fetch_faces(tmp_path, sets(address))
    assert not asked
    assert contents(tmp_path) == {**FILES, "lfw_funneled/mine.jpg": b"mine"}
    message = capsys.readouterr().out.splitlines()
    assert [("there already" in line, "left alone" in line, "Terms: " in line) for line in message] == [(True,) * 3] * 2


def test_only_missing_archives_are_downloaded(serve, sets, tmp_path):
    (tmp_path / "oxford_pets" / "images").mkdir(parents=True)
    with serve(PUBLISHED) as (address, asked):
        fetch_faces(tmp_path, sets(address)[1:])
    assert asked == ["annotations.tar.gz"]
    assert contents(tmp_path) == {"oxford_pets/annotations/xmls/beagle_1.xml": b"<box>"}


def test_a_set_that_can_not_be_downloaded_does_not_stop_the_others(serve, sets, tmp_path):
    there = {name: content for name, content in PUBLISHED.items() if "lfw" not in name}
    with serve(there) as (address, _), pytest.raises(UserError) as error:
        fetch_faces(tmp_path, sets(address))
    assert contents(tmp_path) == {name: content for name, content in FILES.items() if "pets" in name}
    message = str(error.value)
    assert "\n" not in message
    assert message.startswith(f"{LFW.name}: can't be downloaded ({address}lfw-funneled.tgz: Not Found)")
    assert f"put the archive to {tmp_path}/downloads/lfw-funneled.tgz by hand" in message


def test_archives_put_there_by_hand_need_no_network(sets, nobody, tmp_path):
    for faces in (LFW, PETS):
        for part in faces.parts:
            archive = tmp_path / "downloads" / part.archive
            archive.parent.mkdir(parents=True, exist_ok=True)
            archive.write_bytes(PUBLISHED[archive.name])
    fetch_faces(tmp_path, sets(nobody))
    assert contents(tmp_path) == FILES


def test_an_archive_with_too_much_in_it_is_refused(serve, tmp_path):
    content = packed(**{"people/bomb": bytes(100_000)})
    part = Part("people.tgz", (), hashlib.sha256(content).hexdigest(), "people", 50_000)
    with serve({"people.tgz": content}) as (address, _), pytest.raises(UserError, match="holds more than 50,000 bytes"):
        fetch_faces(tmp_path, (FaceSet("People", "none", (replace(part, addresses=(f"{address}people.tgz",)),)),))
    assert not (tmp_path / "people").exists()


@pytest.mark.parametrize("part", [*LFW.parts, *PETS.parts], ids=lambda part: part.archive)
def test_every_archive_has_a_sha256_and_two_addresses_that_are_encrypted(part):
    assert len(bytes.fromhex(part.checksum)) == 32
    assert len(part.addresses) == 2
    assert all(address.startswith("https://") for address in part.addresses)


def test_the_addresses_and_checksums_are_those_of_two_well_kept_libraries():
    def text(package, path):  # without the seconds that importing them takes
        return (Path(find_spec(package).origin).parent / path).read_text(encoding="utf-8")

    for published in (LFW.parts[0].addresses[0], LFW.parts[0].checksum):
        assert f'"{published}"' in text("sklearn", "datasets/_lfw.py")
    rows = text("tensorflow_datasets", "datasets/oxford_iiit_pet/checksums.tsv").splitlines()
    published = {row.split("\t")[0]: row.split("\t")[2] for row in rows}
    assert published == {part.addresses[0]: part.checksum for part in PETS.parts}


def test_sets_to_request_are_described_with_address_terms_and_folder():
    for words in ("https://susanqq.github.io/UTKFace/", "non-commercial research only", "utkface/UTKFace/"):
        assert words in BY_HAND
    for words in ("http://faceserv.cs.columbia.edu/DogData/", "CU_Dogs/dogImages/", "CU_Dogs/dogParts/"):
        assert words in BY_HAND
    assert "CU_Dogs/training.txt and CU_Dogs/testing.txt" in BY_HAND
