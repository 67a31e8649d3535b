"""The command as users run it: the files it writes, how it continues, and its error lines."""

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from small_runs import NO_PICTURES, ONE_DRAWN

from vae_jax.core.locks import alone_in
from vae_jax.main import main

ROOT = Path(__file__).parents[1]
QUICK = [
    "--config=configs/digits.py",
    "--config.model.hidden=(16,)",
    "--config.train.steps_per_epoch=5",
    "--config.train.epochs=4",
]


def command(*arguments):
    env = {k: v for k, v in os.environ.items() if k != "VAE_JAX_RAW"}
    return [sys.executable, "-m", "vae_jax.main", *map(str, arguments)], env


def run(*arguments):
    line, env = command(*arguments)
    return subprocess.run(line, cwd=ROOT, env=env, capture_output=True, text=True, timeout=300, check=False)


def here(*arguments):
    """Run the command in this process, which saves the seconds of imports."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        return main(["vae_jax.main", *map(str, arguments)])


def metrics(folder):
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "two seeds"
    done = run(*QUICK, "--sweep=seed=0,1", f"--workdir={folder}")
    assert done.returncode == 0, done.stderr
    return folder, done


def test_the_run_folder_holds_what_was_promised(finished):
    folder, _ = finished
    names = {path.name for path in folder.iterdir()}
    assert names == {
        "config.json",
        "data.npz",
        "metrics.jsonl",
        "summary.json",
        "checkpoints",
        "figures",
        "report.html",
        "tensorboard",
        "samplers",
        "members.csv",
    }
    figures = {path.name for path in (folder / "figures").iterdir()}
    for member in (0, 1):
        for name in ("reconstructions", "latent_space", "manifold", "path", "samples", "best_and_worst", "morphs"):
            assert f"{name}_member{member}.png" in figures
    assert "loss_curves.png" in figures
    assert list((folder / "tensorboard" / "group_0").glob("events*"))


def test_every_member_has_a_line_per_epoch(finished):
    lines = metrics(finished[0])
    train = [(line["epoch"], line["member"]) for line in lines if line["split"] == "train"]
    assert train == [(epoch, member) for epoch in (1, 2, 3, 4) for member in (0, 1)]
    for line in lines:
        assert line["loss"] == pytest.approx(line["recon"] + line["beta_kl"] * line["kl"], rel=1e-5)
        assert line["elbo"] == pytest.approx(-line["distortion"] - line["rate"], rel=1e-5)
        assert line["step"] == 5 * line["epoch"]


def test_the_summary_names_the_data_and_the_members(finished):
    summary = json.loads((finished[0] / "summary.json").read_text())
    assert summary["data"]["name"] == "digits"
    assert summary["data"]["train"] + summary["data"]["test"] == 1797
    assert set(summary["seconds"]) == {"compile", "train", "total"}
    assert [member["values"] for member in summary["members"]] == [
        {"seed": seed, "beta_kl": 1.0, "latent_dim": 2} for seed in (0, 1)
    ]
    last = [line for line in metrics(finished[0]) if line["split"] == "test"][-2:]
    for member, line in zip(summary["members"], last, strict=True):
        assert member["test"]["elbo"] == line["elbo"]
        assert member["train"]["step"] == 20
    assert {"device", "versions"} <= set(summary)


def test_the_report_is_self_contained(finished):
    page = (finished[0] / "report.html").read_text()
    assert page.count("data:image/png;base64,") > 15
    sources = re.findall(r'(?:src|href|url)\s*[=(]\s*"?([^">)]{0,30})', page)
    assert sources
    assert all(source.startswith("data:image/png;base64,") for source in sources)
    assert finished[1].stderr.rstrip().endswith("report.html")


@pytest.mark.slow
def test_a_finished_run_is_not_changed(finished):
    folder, _ = finished
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}
    again = run(*QUICK, "--sweep=seed=0,1", f"--workdir={folder}")
    assert again.returncode == 0
    assert "finished already" in again.stderr
    assert before == {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def test_another_config_in_the_same_folder_is_refused_and_the_fields_named(finished, capsys):
    folder, _ = finished
    assert here(*QUICK, "--config.objective.beta_kl=3", "--sweep=seed=0,1", f"--workdir={folder}") == 2
    assert "objective.beta_kl: 1.0 -> 3.0" in capsys.readouterr().err


@pytest.mark.slow
def test_evaluating_and_drawing_again_give_the_same_results(finished):
    folder, _ = finished
    summary = json.loads((folder / "summary.json").read_text())
    picture = (folder / "figures" / "reconstructions_member1.png").read_bytes()
    (folder / "figures" / "reconstructions_member1.png").unlink()
    assert here("--mode=evaluate", f"--workdir={folder}") == 0
    assert json.loads((folder / "summary.json").read_text())["members"] == summary["members"]
    assert here("--mode=figures", *QUICK, "--sweep=seed=0,1", f"--workdir={folder}") == 0
    assert (folder / "figures" / "reconstructions_member1.png").read_bytes() == picture


def final_arrays(folder, step):
    import jax
    from orbax.checkpoint import v1 as ocp

    leaves = ocp.training.Checkpointer((folder / "checkpoints" / "group_0").absolute()).load(step)
    return jax.tree.map(np.asarray, leaves)


LONGER = [
    *QUICK,
    NO_PICTURES,
    "--config.train.epochs=200",
    "--config.checkpoint.every_epochs=5",
    "--config.log.tensorboard=False",
]


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole") / "run"
    assert here(*LONGER, f"--workdir={folder}") == 0
    return folder


def checkpoints(folder):
    return {int(path.name) for path in folder.glob("checkpoints/group_0/*") if path.name.isdigit()}


def signalled(folder, number):
    """Start or continue the run, send it a signal after a checkpoint; return its status and output."""
    line, env = command(*LONGER, f"--workdir={folder}")
    before = max(checkpoints(folder), default=0)
    with subprocess.Popen(line, cwd=ROOT, env=env, stderr=subprocess.PIPE, text=True) as process:
        give_up = time.monotonic() + 120
        while max(checkpoints(folder), default=0) == before and time.monotonic() < give_up:
            time.sleep(0.002)
        process.send_signal(number)
        said = process.communicate()[1]
    assert not (folder / "summary.json").exists(), "the run ended before the signal"
    return process.returncode, said


def has_the_same_bits(folder, uninterrupted):
    ours, theirs = final_arrays(folder, 1000), final_arrays(uninterrupted, 1000)
    assert ours.keys() == theirs.keys()
    for name in ours:
        np.testing.assert_array_equal(ours[name], theirs[name])
    assert metrics(folder) == metrics(uninterrupted)


def ends_with_the_same_bits(folder, uninterrupted):
    assert here(*LONGER, f"--workdir={folder}") == 0
    has_the_same_bits(folder, uninterrupted)


@pytest.mark.slow
def test_a_killed_run_goes_on_and_ends_with_the_same_bits(tmp_path, uninterrupted, caplog):
    assert signalled(tmp_path / "run", signal.SIGKILL)[0] == -signal.SIGKILL
    ends_with_the_same_bits(tmp_path / "run", uninterrupted)
    assert "continuing after step" in caplog.text


@pytest.mark.slow
def test_a_run_that_is_asked_to_stop_saves_and_can_continue_each_time(tmp_path, uninterrupted):
    for number in (signal.SIGTERM, signal.SIGINT):
        status, said = signalled(tmp_path / "run", number)
        assert status == 128 + number
        assert said.splitlines()[-1] == "vae_jax: stopped; saved; the same command goes on from here"
    ends_with_the_same_bits(tmp_path / "run", uninterrupted)


@pytest.mark.optimised
def test_a_long_block_is_abandoned_and_the_state_before_it_saved(tmp_path):
    """A block of a dozen seconds, with no checkpoint before its end."""
    block = 30_000
    folder, whole = tmp_path / "run", tmp_path / "whole"
    settings = [
        f"--config.train.steps_per_epoch={block}",
        "--config.train.epochs=2",
        "--config.checkpoint.every_epochs=2",
    ]
    line, env = command("--config=configs/digits.py", *settings, NO_PICTURES, f"--workdir={folder}")
    with subprocess.Popen(line, cwd=ROOT, env=env, stderr=subprocess.PIPE, text=True) as process:
        while not (folder / "metrics.jsonl").exists() or not (folder / "metrics.jsonl").read_text():
            time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=60)[1]
    assert process.returncode == 128 + signal.SIGTERM
    assert said.splitlines()[-1] == "vae_jax: stopped; saved; the same command goes on from here"
    assert checkpoints(folder) == {block}
    for each in (folder, whole):
        assert here("--config=configs/digits.py", *settings, NO_PICTURES, f"--workdir={each}") == 0
    ours, theirs = final_arrays(folder, 2 * block), final_arrays(whole, 2 * block)
    for name in theirs:
        np.testing.assert_array_equal(ours[name], theirs[name])
    assert metrics(folder) == metrics(whole)


@pytest.mark.parametrize(
    "kills", [pytest.param(5, marks=pytest.mark.slow), pytest.param(100, marks=pytest.mark.release)]
)
def test_a_run_killed_at_random_moments_ends_with_the_same_bits(tmp_path, uninterrupted, kills):
    """While it starts, trains, saves, draws or writes its report; saved steps are never repeated."""
    folder, moments = tmp_path / "run", random.Random(0)
    line, env = command(*LONGER, ONE_DRAWN, f"--workdir={folder}")
    for _ in range(kills):
        saved_before = max(checkpoints(folder), default=0)
        with subprocess.Popen(line, cwd=ROOT, env=env, stderr=subprocess.PIPE, text=True) as process:
            try:
                process.wait(moments.uniform(0, 20))
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
            said = process.communicate()[1]
        if process.returncode != -signal.SIGKILL:
            assert process.returncode == 0, said
            has_the_same_bits(folder, uninterrupted)
            shutil.rmtree(folder)
        elif found := re.search(r"continuing after step ([\d,]+) of", said):
            assert int(found[1].replace(",", "")) >= saved_before
    ends_with_the_same_bits(folder, uninterrupted)


@pytest.mark.slow
def test_a_second_process_in_the_same_folder_refuses(tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    with alone_in(folder):
        second = run(*QUICK, f"--workdir={folder}")
    assert second.returncode == 2
    assert "another run is at work in this folder" in second.stderr
    assert list(folder.iterdir()) == []


@pytest.mark.slow
def test_a_run_is_not_continued_on_other_images(tmp_path, monkeypatch, capsys):
    folder = tmp_path / "run"
    monkeypatch.setenv("VAE_JAX_RAW", str(tmp_path))
    film = np.random.default_rng(0).integers(0, 255, (200, 28, 20)).astype(np.uint8)
    (tmp_path / "freyfaces").mkdir()
    np.save(tmp_path / "freyfaces" / "frey.npy", film)
    line = ["--config=configs/freyfaces.py", "--config.train.epochs=2", "--config.model.hidden=(8,)", NO_PICTURES]
    line += ["--config.train.batch_size=50", f"--workdir={folder}"]
    assert here(*line) == 0
    (folder / "summary.json").unlink()
    np.save(tmp_path / "freyfaces" / "frey.npy", 255 - film)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    for more in ([], ["--config.train.epochs=3"], ["--dry_run"], ["--mode=evaluate"], ["--mode=export", "--member=0"]):
        assert here(*line, *more) == 2
        assert "trained on other images" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


@pytest.mark.slow
def test_a_run_continues_when_its_images_have_moved(tmp_path, monkeypatch, capsys):
    """Images are identified by their fingerprint, not by their folder."""
    folder, film = tmp_path / "run", np.random.default_rng(0).integers(0, 255, (200, 28, 20)).astype(np.uint8)
    monkeypatch.delenv("VAE_JAX_RAW", raising=False)
    monkeypatch.chdir(tmp_path)
    for place, images in (("A", film), ("other", 255 - film)):
        (tmp_path / place / "freyfaces").mkdir(parents=True)
        np.save(tmp_path / place / "freyfaces" / "frey.npy", images)
    settings = [f"--config={ROOT}/configs/freyfaces.py", "--config.model.hidden=(8,)", "--config.train.batch_size=50"]
    line = [*settings, NO_PICTURES, f"--workdir={folder}"]

    def do(*arguments):
        return main(["vae_jax.main", *arguments])

    assert do(*line, "--config.train.epochs=2", "--config.data.raw_dir=A") == 0
    (tmp_path / "A").rename(tmp_path / "B")
    elsewhere = f"--config.data.raw_dir={tmp_path}/B/"
    assert do("--mode=evaluate", f"--workdir={folder}") == 2
    assert do("--mode=evaluate", f"--workdir={folder}", "--config.data.raw_dir=other") == 2
    assert do(*line, "--config.train.epochs=2", "--config.data.raw_dir=other") == 2
    assert "trained on other images" in capsys.readouterr().err
    assert json.loads((folder / "config.json").read_text())["data"]["raw_dir"] == "A"
    assert do("--mode=evaluate", f"--workdir={folder}", "--config.objective.beta_kl=3", elsewhere) == 2
    assert "objective.beta_kl: 1.0 -> 3.0" in capsys.readouterr().err
    assert do("--mode=evaluate", f"--workdir={folder}", elsewhere) == 0
    assert do("--mode=evaluate", f"--workdir={folder}") == 0  # it is noted
    assert do("--mode=export", "--member=0", f"--workdir={folder}", "--config.data.raw_dir=B") == 0
    others = ["--config.checkpoint.keep=5", "--config.log.tensorboard=False", "--config.data.prepared_dir=kept"]
    assert do(*line, "--config.train.epochs=3", "--config.data.raw_dir=B", *others, "--config.eval.batch_size=7") == 0
    assert (
        json.loads((folder / "summary.json").read_text())["members"][0]["train"]["epoch"],
        len(metrics(folder)),
    ) == (3, 6)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "--config: missing"),
        (["--config=configs/digit.py"], "did you mean 'configs/digits.py'"),
        (["--config=configs/digits.py", "--config.train.epohcs=3"], "did you mean 'train.epochs'"),
        (["--config=configs/digits.py", "--config.epochs=3"], "did you mean 'train.epochs'"),
        (["--config=configs/digits.py", "--config.train.epochs=abc"], "--config.train.epochs=abc"),
        (["--config=configs/digits.py", "--config.train.epochs=1.5"], "--config.train.epochs=1.5"),
        (["--config=configs/digits.py", "--config.objective.beta_kl=nan"], "beta_kl: found nan; needs a finite number"),
        (["--config=configs/digits.py", "--config.train.batch_size=-1"], "batch_size: found -1; needs at least 1"),
        (["--config=configs/digits.py", "--config.train.batch_size=5000"], "found 5000 for 1618 training images"),
        (["--config=configs/digits.py", "--config.data.name=minst"], "did you mean 'mnist'"),
        (["--config=configs/digits.py", "--config.model.likelihood=mes"], "did you mean 'mse'"),
        (["--config=configs/digits.py", "--config.data.contrast=strech"], "did you mean 'stretch'"),
        (["--config=configs/digits.py", "--config.log.every_steps=7"], "log.every_steps: found 7"),
        (["--config=configs/digits.py", "--sweep=sweep=1,2"], "found field 'sweep'; no such field"),
        (["--config=configs/digits.py", "--sweep=data.name=digits,minst"], "did you mean 'mnist'"),
        (["--config=configs/digits.py", "--config.train.data_devices=64"], "train.data_devices: found 64"),
        (["--config=configs/digits.py", "--member=3"], "--member: found with --mode=train"),
        (["--config=configs/digits.py", "--mode=evaluate", "--dry_run"], "--dry_run: found with --mode=evaluate"),
        (["--config=configs/digits.py", "--mode=tarin"], "--mode: found 'tarin'"),
        (["--config=configs/digits.py", "--wokdir=x"], "wokdir"),
        (["--config=configs/digits.py", "train"], "found 'train'"),
        (["--mode=evaluate", "--workdir=nothing/here"], "no run here"),
        (["--config=configs/freyfaces.py", "--config.data.raw_dir=nothing/here"], "found no frey_rawface.mat"),
        (["--config=configs/dogpeople.py", "--config.data.raw_dir=nothing/here"], "nothing/here: no such folder"),
    ],
)
def test_an_invalid_command_is_one_line_and_writes_nothing(tmp_path, monkeypatch, capsys, arguments, said):
    workdir = [] if any("workdir" in argument for argument in arguments) else [f"--workdir={tmp_path / 'run'}"]
    monkeypatch.chdir(ROOT)
    monkeypatch.delenv("VAE_JAX_RAW", raising=False)
    assert main(["vae_jax.main", *arguments, *workdir]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert said in line
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("broken", ["syntax error (", "def get_config():\n    raise ValueError('boom')\n", "x = 1\n"])
def test_a_config_file_that_fails_is_one_line(tmp_path, capsys, broken):
    (tmp_path / "mine.py").write_text(broken)
    assert main(["vae_jax.main", f"--config={tmp_path / 'mine.py'}", f"--workdir={tmp_path / 'run'}"]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert "--config" in line


def test_a_workdir_that_can_not_be_written_is_one_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    (tmp_path / "file").write_text("")
    assert main(["vae_jax.main", *QUICK, f"--workdir={tmp_path / 'file' / 'run'}"]) == 2
    assert "is not a folder" in capsys.readouterr().err
    assert main(["vae_jax.main", *QUICK, "--workdir=/proc/vae_jax"]) == 2
    assert "can't be written" in capsys.readouterr().err


def test_a_folder_of_other_things_is_not_written_into(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    (tmp_path / "thesis.txt").write_text("precious")
    assert main(["vae_jax.main", *QUICK, f"--workdir={tmp_path}"]) == 2
    assert "not a run folder" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
