"""The folder of a run: atomic writes, and no change to other files."""

import dataclasses
import errno
import os
from pathlib import Path

import pytest

from vae_jax.config.schema import CheckpointConfig, Config, EvalConfig
from vae_jax.core.atomic_files import write_text
from vae_jax.core.errors import UserError
from vae_jax.runs.folder import RunFolder, disk_errors_reported


def everything(folder):
    return {path: path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


def test_a_file_is_written_whole_and_nothing_else_is_left(tmp_path):
    write_text(tmp_path / "a.txt", "first")
    write_text(tmp_path / "a.txt", "zweitens: é")
    assert everything(tmp_path) == {tmp_path / "a.txt": "zweitens: é".encode()}


def test_a_write_that_fails_leaves_the_file_as_it_was(tmp_path):
    write_text(tmp_path / "a.txt", "before")
    with pytest.raises(UnicodeEncodeError):
        write_text(tmp_path / "a.txt", "after, as far as \ud800 can be written")
    assert (tmp_path / "a.txt").read_text() == "before"


def test_a_crash_before_the_last_moment_leaves_the_file_as_it_was(tmp_path, monkeypatch):
    write_text(tmp_path / "a.txt", "before")
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        write_text(tmp_path / "a.txt", "after")
    assert (tmp_path / "a.txt").read_text() == "before"


@pytest.mark.parametrize("where", ["new", "new/and/deeper", "empty"])
def test_a_new_or_empty_folder_is_accepted_and_the_check_writes_nothing(tmp_path, where):
    (tmp_path / "empty").mkdir()
    before = everything(tmp_path)
    RunFolder(tmp_path / where).check(Config())
    assert everything(tmp_path) == before


def test_each_data_setting_has_its_own_file():
    run, config = RunFolder(Path("run")), Config()
    files = {
        contrast: run.data(
            config, dataclasses.replace(config, data=dataclasses.replace(config.data, contrast=contrast))
        )
        for contrast in ("none", "stretch", "equalise")
    }
    assert files["none"] == Path("run/data.npz")
    assert len(set(files.values())) == 3
    assert (
        run.data(config, dataclasses.replace(config, seed=3, data=dataclasses.replace(config.data, levels=256)))
        == files["none"]
    )


def placed(raw_dir, **data):
    return dataclasses.replace(Config(), data=dataclasses.replace(Config().data, raw_dir=raw_dir, **data))


def test_data_files_have_the_same_names_whatever_the_data_folder():
    run, other = RunFolder(Path("run")), {"contrast": "stretch"}
    assert run.data(placed("A"), placed("B")) == Path("run/data.npz")
    assert run.data(placed("A"), placed("A", **other)) == run.data(placed("B"), placed("C", **other))
    swept = dataclasses.replace(placed("A"), sweep=("raw_dir=A,B",))
    assert [run.data(swept, placed(place)).name == "data.npz" for place in "AB"] == [True, False]


def test_a_run_is_finished_for_settings_that_differ_in_upkeep_only(tmp_path):
    folder, config = RunFolder(tmp_path), Config()
    folder.create(config)
    folder.write_summary(SUMMARY)
    folder.report.touch()
    assert folder.is_finished(config)
    assert folder.is_finished(dataclasses.replace(config, checkpoint=CheckpointConfig(keep=9)))
    assert not folder.is_finished(placed("elsewhere"))  # it may hold other images
    assert not folder.is_finished(dataclasses.replace(config, eval=EvalConfig(figure_members=9)))
    folder.create(placed("elsewhere"))
    assert folder.is_finished(placed("elsewhere"))
    folder.create(dataclasses.replace(config, sweep=("seed=0,1",)))
    assert not folder.summary.exists()


def test_the_same_config_is_accepted_again_and_the_check_writes_nothing(tmp_path):
    folder = RunFolder(tmp_path / "run")
    folder.create(Config())
    before = everything(tmp_path)
    folder.check(Config())
    folder.create(Config())
    assert everything(tmp_path) == before
    assert folder.read_config() == Config()


def test_another_config_is_refused_and_every_field_that_differs_is_named(tmp_path):
    folder = RunFolder(tmp_path)
    folder.create(Config())
    other = dataclasses.replace(Config(), seed=3, train=dataclasses.replace(Config().train, epochs=7))
    before = everything(tmp_path)
    with pytest.raises(UserError) as error:
        folder.check(other)
    assert "seed: 0 -> 3; train.epochs: 20 -> 7" in str(error.value)
    assert str(tmp_path) in str(error.value)
    assert everything(tmp_path) == before


def test_a_folder_of_other_files_is_refused_and_not_changed(tmp_path):
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(UserError, match="not empty and not a run folder"):
        RunFolder(tmp_path).check(Config())
    assert everything(tmp_path) == {tmp_path / "thesis.txt": b"precious"}


def test_a_file_in_the_way_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file", tmp_path / "file" / "run"):
        with pytest.raises(UserError, match=r"file is not a folder; use another workdir"):
            RunFolder(path).check(Config())


def test_a_folder_that_can_not_be_written_is_named_with_the_reason(tmp_path):
    closed = tmp_path
    if os.geteuid() == 0:  # to whom no folder of one's own is closed
        closed = Path("/proc")
    else:
        closed.chmod(0o500)
    with pytest.raises(UserError, match=r"can't be written \(.+ in .*\); use another workdir"):
        RunFolder(closed / "run").check(Config())


@pytest.mark.parametrize("path", ["x" * 300, "/".join(["x" * 250] * 16), "x/" * 1900])
def test_a_path_that_is_too_long_for_a_run_is_refused(tmp_path, path):
    with pytest.raises(UserError, match=r"(can't be used|bytes; needs .* at most).*; use another workdir"):
        RunFolder(tmp_path / path).check(Config())
    assert not list(tmp_path.iterdir())


def test_a_folder_without_a_run_says_what_to_do(tmp_path):
    with pytest.raises(UserError, match="no run here"):
        RunFolder(tmp_path).read_config()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "not JSON"),
        ("[]", "needs the fields seed"),
    ],
)
def test_a_config_that_can_not_be_read_is_named_in_one_line(tmp_path, text, said):
    (tmp_path / "config.json").write_text(text)
    for read in (RunFolder(tmp_path).read_config, lambda: RunFolder(tmp_path).check(Config())):
        with pytest.raises(UserError) as error:
            read()
        assert str(tmp_path / "config.json") in str(error.value)
        assert said in str(error.value)
        assert "\n" not in str(error.value)


METRICS = {"step": 5, "elbo": -1.25}
MEMBER = {
    "member": 0,
    "values": {"seed": 0},
    "parameters": 7,
    "failed_in_step": None,
    "train": METRICS,
    "test": METRICS,
}
SECONDS = {"compile": 0.5, "train": 1, "total": 1.5}
SUMMARY = {"data": {"name": "digits"}, "seconds": SECONDS, "versions": {}, "members": [MEMBER]}


def read_again(folder, summary):
    RunFolder(folder).write_summary(summary)
    return RunFolder(folder).read_summary()


def test_a_summary_comes_back_as_it_was_written(tmp_path):
    assert RunFolder(tmp_path).read_summary() is None
    for members in ([MEMBER], [], [MEMBER | {"failed_in_step": 4, "train": {}, "test": {}}, MEMBER]):
        summary = SUMMARY | {"members": members}
        assert read_again(tmp_path, summary) == summary


def test_a_run_with_a_broken_summary_is_not_finished(tmp_path):
    for damaged in (b'{"data": ', b"[1]", b"{}", b"\xff", b"[" * 100_000):
        (tmp_path / "summary.json").write_bytes(damaged)
        assert RunFolder(tmp_path).read_summary() is None


@pytest.mark.parametrize("part", ["data", "seconds", "versions", "members"])
@pytest.mark.parametrize("instead", [3, [3], None, "no"])
def test_a_run_whose_summary_lacks_a_section_is_not_finished(tmp_path, part, instead):
    assert read_again(tmp_path, SUMMARY | {part: instead}) is None


@pytest.mark.parametrize("part", SECONDS)
@pytest.mark.parametrize("instead", [None, "long", True])
def test_a_run_whose_summary_lacks_a_time_is_not_finished(tmp_path, part, instead):
    assert read_again(tmp_path, SUMMARY | {"seconds": SECONDS | {part: instead}}) is None


@pytest.mark.parametrize("part", MEMBER)
def test_a_run_whose_summary_lacks_a_part_of_a_member_is_not_finished(tmp_path, part):
    lacking = {name: value for name, value in MEMBER.items() if name != part}
    assert read_again(tmp_path, SUMMARY | {"members": [MEMBER, lacking]}) is None
    assert read_again(tmp_path, SUMMARY | {"members": [MEMBER | {part: "other"}]}) is None


@pytest.mark.parametrize("split", ["train", "test"])
@pytest.mark.parametrize("instead", [None, "low", {}])
def test_a_run_whose_summary_has_a_metric_that_is_no_number_is_not_finished(tmp_path, split, instead):
    assert read_again(tmp_path, SUMMARY | {"members": [MEMBER | {split: METRICS | {"elbo": instead}}]}) is None


@pytest.mark.parametrize("damaged", [b"\xff", b"[" * 100_000, b"[1]", b"{"])
def test_a_broken_config_is_named_in_one_line(tmp_path, damaged):
    (tmp_path / "config.json").write_bytes(damaged)
    with pytest.raises(UserError, match=r"config\.json: ") as error:
        RunFolder(tmp_path).read_config()
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "can't be written any more (No space left on device)"),
        (PermissionError(errno.EACCES, "Permission denied"), "can't be written any more (Permission denied)"),
        (TimeoutError("timed out after 300 seconds"), "stopped by an error (timed out after 300 seconds)"),
        (OSError(errno.EMFILE, "Too many open files"), "stopped by an error (Too many open files)"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"), "stopped by an error (Connection refused)"),
    ],
)
def test_only_errors_of_the_disk_are_reported_as_such(tmp_path, error, said):
    with pytest.raises(UserError) as told, disk_errors_reported(tmp_path):
        raise error
    assert str(told.value).startswith(f"{tmp_path}: {said}; what was saved before is whole")
    assert ("room and rights" in str(told.value)) == ("can't be written" in said)
