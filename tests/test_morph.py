"""The command as users run it: the files it writes, and its error lines."""

import dataclasses
import shutil

import numpy as np
import pytest
from made_runs import make_run
from PIL import Image
from small_runs import small_config, small_dataset

from vae_jax.data.draw_photographs import draw_photographs
from vae_jax.data.sources.drawn_faces import TEMPLATE
from vae_jax.morph import main
from vae_jax.runs.friends import named_pictures


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run of two members on faces, with three drawn photographs beside it."""
    folder = tmp_path_factory.mktemp("morph")
    data = dataclasses.replace(small_dataset(), template=TEMPLATE, class_names=("people", "dogs"))
    make_run(folder / "run", small_config(sweep=("seed=0,1",)), data)
    draw_photographs(folder / "photographs", 3, size=64)
    return folder


@pytest.fixture
def morph(run, tmp_path, capsys):
    """Run the command; return its exit status and output."""

    def command(*flags, start="photographs/images/dogs_1.png", out="a.gif", member=1):
        which = [] if member is None else [f"--member={member}"]
        status = main([f"--workdir={run / 'run'}", f"--start={run / start}", f"--out={tmp_path / out}", *which, *flags])
        return status, capsys.readouterr().err

    return command


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.slow
def test_a_picture_gives_an_animation_a_strip_and_its_reconstruction(morph, tmp_path):
    assert morph("--frames=4", "--path=slerp")[0] == 0
    assert names(tmp_path) == ["a.gif", "a_reconstruction.png", "a_strip.png"]
    with Image.open(tmp_path / "a.gif") as animation:
        assert (animation.n_frames, animation.size) == (6, (300, 300))


def test_it_prints_only_the_path_of_the_animation(run, tmp_path, capsys):
    start = run / "photographs" / "images" / "dogs_1.png"
    assert main([f"--workdir={run / 'run'}", "--member=0", f"--start={start}", f"--out={tmp_path / 'a.gif'}"]) == 0
    assert capsys.readouterr() == (f"{tmp_path / 'a.gif'}\n", "")


def test_a_picture_that_fails_is_named_and_the_others_are_made(morph, tmp_path, monkeypatch, caplog):
    def fail(*_):
        raise ValueError("a fault")

    monkeypatch.setattr("vae_jax.figures.morphs.strip", fail)
    status, said = morph("--frames=2")
    assert status == 1
    assert "some pictures could not be made (a_strip); the others are there" in said
    assert caplog.messages == ["a_strip: not made (ValueError: a fault)"]
    assert names(tmp_path) == ["a.gif", "a_reconstruction.png"]


@pytest.mark.parametrize("name", ["A$$AP", "_misc", "猫 $x_{$"])
def test_a_friend_may_have_any_name(morph, run, tmp_path, name):
    start = run / "photographs" / "images" / f"{name}.png"
    start.write_bytes((run / "photographs" / "images" / "dogs_1.png").read_bytes())
    try:
        assert morph("--frames=2", "--cropped", start=start.relative_to(run), out=f"{name}.gif")[0] == 0
    finally:
        start.unlink()
    assert names(tmp_path) == sorted(f"{name}{end}" for end in (".gif", "_reconstruction.png", "_strip.png"))


def test_a_given_end_is_used(morph, run, tmp_path):
    end = run / "photographs" / "images" / "people_0.png"
    assert morph(f"--end={end}", "--frames=2", out="there.png")[0] == 0
    assert morph("--frames=2", start=end.relative_to(run), out="start.png")[0] == 0
    with Image.open(tmp_path / "there.png") as there, Image.open(tmp_path / "start.png") as start:
        there.seek(1)
        np.testing.assert_array_equal(np.asarray(there), np.asarray(start))


@pytest.mark.slow
def test_a_folder_gives_each_pictures_files_and_a_cover_and_names_what_it_skips(morph, run, tmp_path, caplog):
    broken = run / "photographs" / "images" / "broken.jpg"
    broken.write_bytes(b"no picture")
    assert morph("--frames=2", start="photographs/images", out="all")[0] == 0
    starts = ["between_2", "dogs_1", "people_0"]
    each = [f"{name}{end}" for name in starts for end in (".gif", "_reconstruction.png", "_strip.png")]
    assert names(tmp_path / "all") == sorted([*each, "cover.png", "losses.png"])
    warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert warnings == [f"{broken}: skipped: not a picture"]


def test_existing_files_are_only_replaced_with_overwrite(morph, tmp_path):
    (tmp_path / "a_strip.png").write_text("mine")
    status, said = morph("--frames=2")
    assert (status, names(tmp_path)) == (2, ["a_strip.png"])
    assert said.endswith("a_strip.png: there already; use another --out, or --overwrite\n")
    assert morph("--frames=2", "--overwrite")[0] == 0
    assert (tmp_path / "a_strip.png").read_bytes().startswith(b"\x89PNG")


def to(run, start, out, *flags):
    return main([f"--workdir={run / 'run'}", "--member=1", "--frames=2", f"--start={start}", f"--out={out}", *flags])


@pytest.fixture
def friends(run, tmp_path):
    """A folder of three photographs, with their landmarks, that a test may write into."""
    shutil.copytree(run / "photographs" / "images", tmp_path / "friends", ignore=shutil.ignore_patterns("broken*"))
    table = (run / "photographs" / "landmarks.csv").read_text().replace("images/", "")
    (tmp_path / "friends" / "landmarks.csv").write_text(table)
    return tmp_path / "friends"


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@pytest.mark.parametrize("overwrite", [[], ["--overwrite"]], ids=["", "overwrite"])
@pytest.mark.parametrize("way", ["itself", "a link", "another link", "relative", "the end", "its strip"])
def test_no_input_picture_is_ever_replaced(run, friends, tmp_path, monkeypatch, capsys, way, overwrite):
    start = out = friends / "dogs_1.png"
    if way == "a link":
        out = tmp_path / "link.png"
        out.symlink_to(start)
    if way == "another link":
        out = tmp_path / "hard.png"
        out.hardlink_to(start)
    if way == "relative":
        monkeypatch.chdir(friends)
        out = "../friends/dogs_1.png"
    if way == "the end":
        overwrite, out = [f"--end={friends / 'people_0.png'}", *overwrite], friends / "people_0.png"
    if way == "its strip":
        start, out = start.rename(friends / "dog_strip.png"), friends / "dog.gif"
    before = contents(friends)
    assert to(run, start, out, "--cropped", *overwrite) == 2
    assert "which is read; use another --out" in capsys.readouterr().err
    assert contents(friends) == before


@pytest.mark.parametrize("way", ["itself", "a link to it"])
def test_the_output_can_not_be_the_input_folder(run, friends, tmp_path, capsys, way):
    (tmp_path / "link").symlink_to(friends)
    before = contents(friends)
    out = friends if way == "itself" else tmp_path / "link"
    assert to(run, friends, out, "--overwrite") == 2
    assert "the folder of --start; needs another folder" in capsys.readouterr().err
    assert contents(friends) == before


@pytest.mark.slow
def test_outputs_of_an_earlier_morph_are_not_inputs(run, friends, tmp_path, caplog):
    """Also beside a photograph of the same name; a folder of animations has no inputs at all."""
    assert to(run, friends / "dogs_1.png", friends / "dogs_1.gif") == 0
    assert to(run, friends, friends / "all") == 0
    assert "3 pictures that an earlier morph wrote are left out" in caplog.text
    assert {name for name in names(friends / "all") if name.endswith(".gif")} == {
        "between_2.gif",
        "dogs_1.gif",
        "people_0.gif",
    }
    assert named_pictures(friends / "all") == {}
    assert set(named_pictures(friends)) == {"between_2", "dogs_1", "people_0"}


FAULTS = {
    "a missing picture": ({"start": "photographs/none.png"}, [], "--start: found no file '"),
    "a missing end": ({}, ["--end=none.png"], "--end: found no file 'none.png'"),
    "no picture": ({"start": "photographs/landmarks.csv"}, [], "landmarks.csv: not a picture"),
    "an end that is a folder": ({}, ["--end=/"], "/: not a file"),
    "no run": ({}, ["--workdir=/"], "/: no run here (no config.json)"),
    "a sweep": ({"member": None}, [], "a sweep with members 0 to 1; needs the number of a member"),
    "no such member": ({"member": 2}, [], "member: found 2"),
    "the home of nobody": ({}, ["--end=~nobody of here/a.png"], "found no home folder of ~nobody of here"),
    "no such path": ({}, ["--path=curved"], "path: found 'curved'; known are linear, slerp"),
    "one frame": ({}, ["--frames=1"], "--frames: found 1; needs 2 to 1,000"),
    "frames in words": ({}, ["--frames=few"], "--frames: invalid int value: 'few'"),
    "no such format": ({"out": "a.jpg"}, [], "--out: found '.jpg'; known are .gif, .mp4, .png, .webp"),
    "a folder into a file": ({"start": "photographs/images", "out": "a.gif"}, [], "needs a folder to write to"),
    "a folder without pictures": ({"start": "run", "out": "all"}, [], "found no usable picture"),
    "an unknown flag": ({}, ["--croped"], "unrecognized arguments: --croped"),
    "a folder that can't be": ({"out": "/dev/null/a.gif"}, [], "can't be written"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_invalid_arguments_are_one_line_and_nothing_is_written(morph, tmp_path, name):
    where, flags, wanted = FAULTS[name]
    status, said = morph(*flags, **where)
    assert status == 2
    assert said.startswith("vae_jax: error: ")
    assert said.count("\n") == 1
    assert wanted in said
    assert names(tmp_path) == []


def test_a_missing_flag_is_named(capsys):
    assert main([]) == 2
    assert "the following arguments are required: --workdir, --start, --out" in capsys.readouterr().err
