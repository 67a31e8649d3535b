"""Runs of several members: they grow, fail independently, continue after a kill, and are drawn together."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from small_runs import ONE_DRAWN, digits_command, small_config, small_dataset

from vae_jax.data import collection
from vae_jax.main import main
from vae_jax.runs.folder import RunFolder
from vae_jax.runs.load import load_run
from vae_jax.runs.plan import plan_run
from vae_jax.runs.training import announce
from vae_jax.training.checkpoints import Checkpoints

ROOT = Path(__file__).parents[2]


def metrics(folder):
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def members(folder):
    return json.loads((folder / "summary.json").read_text())["members"]


def arrays(folder, group, step=20):
    checkpoints = Checkpoints(folder / "checkpoints" / group, 1)
    return {name: np.asarray(leaf) for name, leaf in checkpoints._checkpointer.load(step).items()}


def test_grey_pixels_with_a_likelihood_over_0_and_1_are_said_once(tmp_path, caplog, monkeypatch):
    monkeypatch.setattr(collection, "load", lambda *_: small_dataset())
    announce(plan_run(RunFolder(tmp_path / "run"), small_config(sweep=("seed=0,1",))))
    (warning,) = [record.message for record in caplog.records if record.levelname == "WARNING"]
    assert warning.startswith("bernoulli on grey pixels (dogpeople): ")


@pytest.mark.slow
def test_a_sweep_that_grows_trains_only_the_new_members(tmp_path, caplog):
    run = tmp_path / "run"
    assert main(digits_command(run, "--sweep=seed=0,1")) == 0
    before, first = metrics(run), arrays(run, "group_0")
    assert not (run / "figures").exists()
    caplog.clear()
    assert main(digits_command(run, "--sweep=seed=0,1,2", "--sweep=latent_dim=2,3")) == 0
    assert "is taken over as 2 members, 0 to 1; 4 more to train" in caplog.text
    assert metrics(run)[: len(before)] == before
    assert {line["member"] for line in metrics(run)[len(before) :]} == {2, 3, 4, 5}
    values = [(m["member"], m["values"]["seed"], m["values"]["latent_dim"]) for m in members(run)]
    assert values == [(0, 0, 2), (1, 1, 2), (2, 0, 3), (3, 1, 3), (4, 2, 2), (5, 2, 3)]
    for name, array in arrays(run, "group_0").items():
        np.testing.assert_array_equal(array, first[name])


@pytest.mark.slow
def test_members_of_a_sweep_that_grew_are_those_of_one_that_was_asked_for_at_once(tmp_path):
    run, together = tmp_path / "run", tmp_path / "together"
    assert main(digits_command(run, "--sweep=seed=0,1")) == 0
    assert main(digits_command(run, "--sweep=seed=0,1,2", "--sweep=latent_dim=2,3")) == 0
    assert main(digits_command(together, "--sweep=seed=0,1,2", "--sweep=latent_dim=2,3")) == 0
    assert {(m["values"]["seed"], m["values"]["latent_dim"]): m["test"]["elbo"] for m in members(run)} == pytest.approx(
        {(m["values"]["seed"], m["values"]["latent_dim"]): m["test"]["elbo"] for m in members(together)}, rel=1e-5
    )


@pytest.mark.slow
def test_more_epochs_give_the_same_members_as_one_longer_run(tmp_path):
    assert main(digits_command(tmp_path / "run", "--sweep=seed=0,1")) == 0
    assert main(digits_command(tmp_path / "run", "--sweep=seed=0,1", "--config.train.epochs=7")) == 0
    assert main(digits_command(tmp_path / "long", "--sweep=seed=0,1", "--config.train.epochs=7")) == 0
    for name, array in arrays(tmp_path / "run", "group_0", 35).items():
        np.testing.assert_array_equal(array, arrays(tmp_path / "long", "group_0", 35)[name])


@pytest.mark.slow
def test_a_member_that_fails_is_named_and_the_others_finish(tmp_path, caplog):
    run = tmp_path / "run"
    assert main(digits_command(run, "--sweep=learning_rate=1e-3,1e30", "--sweep=seed=0,1", ONE_DRAWN)) == 0
    said = caplog.text
    assert re.search(r"member 2: in step \d+ .* was (inf|nan); it stops with the weights from before this step", said)
    assert "2 of 4 members failed" in said
    found = members(run)
    assert [member["failed_in_step"] is None for member in found] == [True, True, False, False]
    assert all(0 < member["failed_in_step"] < 20 for member in found[2:])
    assert json.dumps(found, allow_nan=False)
    assert "in step" in (run / "report.html").read_text()
    assert (run / "figures" / "rate_distortion.png").is_file()
    last = [line for line in metrics(run) if line["member"] == 2 and line["split"] == "train"]
    assert [line["step"] for line in last] == [5]


@pytest.mark.slow
def test_a_run_whose_members_all_fail_ends_at_once_and_says_so_each_time(tmp_path, capsys):
    run = tmp_path / "run"
    command = digits_command(run, "--config.optimiser.learning_rate=1e30", "--config.train.epochs=400")
    for _ in range(2):
        assert main(command) == 1
        assert "no member came to a result; a smaller config.optimiser.learning_rate may do" in capsys.readouterr().err
    assert members(run)[0]["failed_in_step"] < 5
    assert metrics(run)[-1]["step"] == 5
    assert "No member came to a result" in (run / "report.html").read_text()


@pytest.mark.slow
def test_a_sweep_takes_over_a_single_run_in_its_folder_and_says_so(tmp_path, caplog):
    """Figures of the earlier run are removed; the user's own pictures are kept."""
    run = tmp_path / "run"
    assert main(digits_command(run)) == 0
    first = members(run)[0]["test"]
    (run / "figures").mkdir()
    for name in ("reconstructions", "loss_curves", "pca_member3", "heat_map", "my_samples", "reconstructions_member"):
        (run / "figures" / f"{name}.png").touch()
    assert main(digits_command(run, "--sweep=seed=0,1,2")) == 0
    assert "is taken over as member 0 (digits · 2 latent · beta_KL 1 · seed 0); 2 more to train" in caplog.text
    assert "removed 4 figures of the earlier run (heat_map.png, loss_curves.png, pca_" in caplog.text
    assert {path.stem for path in (run / "figures").iterdir()} == {"my_samples", "reconstructions_member"}
    assert members(run)[0]["test"] == first


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["evaluate", "figures", "export"])
def test_a_trained_run_is_not_evaluated_or_drawn_with_settings_it_was_not_trained_with(tmp_path, capsys, mode):
    run = tmp_path / "run"
    assert main(digits_command(run, "--sweep=seed=0,1")) == 0
    before = everything(run)
    alone = ["vae_jax.main", f"--workdir={run}", "--sweep=seed=0,1,2", "--sweep=beta_kl=1,2"]
    for command in (digits_command(run, "--sweep=seed=0,1,2"), alone):
        assert main([*command, f"--mode={mode}"]) == 2
        message = f"vae_jax: error: {run}: not trained with these settings (sweep: ('seed=0,1',) -> ('seed=0,1,2',"
        assert message in capsys.readouterr().err
    assert everything(run) == before
    assert main([*digits_command(run, "--sweep=seed=0,1", "--config.train.epochs=5"), f"--mode={mode}"]) == 2
    assert "(train.epochs: 4 -> 5); leave them out, or continue" in capsys.readouterr().err


@pytest.mark.slow
def test_the_figures_of_a_single_run_are_drawn_again_as_a_members(tmp_path):
    run = tmp_path / "run"
    assert main(digits_command(run, ONE_DRAWN)) == 0
    alone = set(load_run(run).figures())
    assert main(digits_command(run, ONE_DRAWN, "--sweep=seed=0,1,2")) == 0
    assert set(load_run(run, 0).figures()) == alone - {"loss_curves"}
    names = {path.stem for path in (run / "figures").iterdir()}
    assert {"reconstructions_member0", "loss_curves"} <= names
    assert not names & (alone - {"loss_curves"})
    before = {path: path.read_bytes() for path in (run / "figures").iterdir()}
    assert main(["vae_jax.main", "--mode=evaluate", f"--workdir={run}"]) == 0
    assert {path: path.read_bytes() for path in (run / "figures").iterdir()} == before


def as_if_trained_in(kind, run):
    """Save a run's only checkpoint again with numbers of another precision."""
    checkpoints = Checkpoints(run / "checkpoints" / "group_0", 1)
    leaves, record = checkpoints._read(20)
    checkpoints.close()
    shutil.rmtree(checkpoints.folder / "20")
    wide = {name: leaf.astype(kind) if leaf.dtype.kind == "f" else leaf for name, leaf in leaves.items()}
    checkpoints.save(20, wide, record)
    checkpoints.close()


def everything(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.slow
def test_a_run_in_another_precision_is_refused_and_not_changed(tmp_path, capsys):
    run = tmp_path / "run"
    assert main(digits_command(run)) == 0
    narrow = load_run(run)
    as_if_trained_in(np.float64, run)
    before = everything(run)
    for more in (["--config.train.epochs=5"], ["--dry_run", "--config.train.epochs=5"], ["--mode=evaluate"]):
        assert main(digits_command(run, *more)) == 2
        assert "20: was trained in float64, and this process computes in float32; set JAX_" in capsys.readouterr().err
    wide, images = load_run(run), narrow.test.images
    np.testing.assert_array_equal(wide.encode(images).mu, narrow.encode(images).mu)
    assert everything(run) == before


@pytest.mark.slow
@pytest.mark.parametrize(("first", "then", "said"), [("1", "0", "; set JAX_"), ("0", "1", "; unset JAX_")])
def test_precision_is_that_of_the_process(tmp_path, first, then, said):
    def do(wide, *more):
        command = [sys.executable, "-m", "vae_jax.main", *digits_command(tmp_path / "run", *more)[1:]]
        env = {**os.environ, "JAX_ENABLE_X64": wide}
        return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)

    assert do(first).returncode == 0
    before = everything(tmp_path)
    refused = do(then, "--config.train.epochs=5")
    assert refused.returncode == 2
    assert said in refused.stderr
    assert everything(tmp_path) == before
    assert do(first, "--config.train.epochs=5").returncode == 0


@pytest.mark.slow
def test_a_sweep_of_several_programs_is_one_run(tmp_path, caplog):
    run = tmp_path / "run"
    assert main(digits_command(run, "--sweep=hidden=(16,)|(8,8)", "--sweep=beta_kl=0.5,4", ONE_DRAWN)) == 0
    assert "4 members, 2 programs" in caplog.text
    assert [member["values"]["hidden"] for member in members(run)] == [[16], [16], [8, 8], [8, 8]]
    assert {folder.name for folder in (run / "checkpoints").iterdir()} == {"group_0", "group_1"}
    assert {folder.name for folder in (run / "tensorboard").iterdir()} == {"group_0", "group_1"}
    names = {path.stem for path in (run / "figures").iterdir()}
    assert {"rate_distortion", "metrics_by_field", "heat_map", "sweep_reconstructions", "sweep_latent_spaces"} <= names
    before = members(run)
    assert main(["vae_jax.main", "--mode=evaluate", f"--workdir={run}"]) == 0
    assert members(run) == before


@pytest.mark.slow
def test_members_trained_on_different_images_equal_their_single_runs(tmp_path, caplog):
    """Each is evaluated on its own test images, which are kept, and can be used and exported like any other."""
    run, alone = tmp_path / "run", tmp_path / "alone"
    assert main(digits_command(run, "--sweep=test_fraction=0.1,0.3", "--sweep=figure_members=0,1")) == 0
    assert "1,618 training and 179 test images" in caplog.text
    assert "1,258 training and 539 test images; 4 members, 2 programs" in caplog.text
    found = members(run)
    assert [member["data"]["test"] for member in found] == [179, 179, 539, 539]
    assert [len(load_run(run, member).test) for member in range(4)] == [179, 179, 539, 539]
    assert main(digits_command(alone, "--config.data.test_fraction=0.3")) == 0
    assert members(alone)[0]["test"] == pytest.approx(found[2]["test"], rel=1e-5)
    assert main(["vae_jax.main", "--mode=evaluate", f"--workdir={run}"]) == 0
    assert members(run) == found
    assert (
        main(["vae_jax.main", "--mode=export", f"--workdir={run}", "--where=test_fraction=0.3,figure_members=0"]) == 0
    )
    exported = tmp_path / "run_member_2"
    assert members(exported)[0]["test"] == pytest.approx(found[2]["test"], rel=1e-5)
    assert (exported / "data.npz").is_file()
    page = (run / "report.html").read_text()
    assert page.count("1,258 training and 539 test") == page.count("1,618 training and 179 test") == 1
    drawn = {path.stem for path in (run / "figures").iterdir()}
    assert {f"reconstructions_member{member}" for member in range(4)} & drawn == {"reconstructions_member1"}


@pytest.mark.optimised
def test_a_sweep_killed_in_its_second_program_goes_on_and_ends_with_the_same_bits(tmp_path):
    """The command spreads its members over the cores; here they are on one device."""
    often = "--config.checkpoint.every_epochs=3"
    longer = ("--sweep=hidden=(16,)|(8,)", "--sweep=seed=0,1", "--config.train.epochs=60", often)
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert main(digits_command(whole, *longer)) == 0
    command = [sys.executable, "-m", *digits_command(killed, *longer)]
    command[2] = "vae_jax.main"
    env = {name: value for name, value in os.environ.items() if name != "VAE_JAX_RAW"}
    with subprocess.Popen(command, cwd=ROOT, env=env, stderr=subprocess.DEVNULL) as process:
        give_up = time.monotonic() + 120
        second = killed / "checkpoints" / "group_1"
        while not any(p.name.isdigit() for p in second.glob("*")) and time.monotonic() < give_up:
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert not (killed / "summary.json").exists(), "the run ended before it could be killed"
    assert main(digits_command(killed, *longer)) == 0
    for group in ("group_0", "group_1"):
        ours, theirs = arrays(killed, group, 300), arrays(whole, group, 300)
        for name, array in theirs.items():
            np.testing.assert_array_equal(ours[name], array)
    assert metrics(killed) == metrics(whole)
    assert [member["test"] for member in members(killed)] == [member["test"] for member in members(whole)]


@pytest.mark.slow
def test_members_at_once_are_the_same_to_float_tolerance(tmp_path):
    sweep = ("--sweep=beta_kl=0.5,4", "--sweep=seed=0,1,2")
    assert main(digits_command(tmp_path / "one", *sweep)) == 0
    assert main(digits_command(tmp_path / "four", *sweep, "--config.train.members_per_step=4")) == 0
    for ours, theirs in zip(members(tmp_path / "four"), members(tmp_path / "one"), strict=True):
        assert ours["test"] == pytest.approx(theirs["test"], rel=1e-4)


@pytest.mark.optimised
def test_a_grid_too_large_for_the_memory_is_trained_in_parts_with_the_same_result(tmp_path, monkeypatch):
    assert main(digits_command(tmp_path / "whole", "--sweep=seed=range(3)")) == 0
    monkeypatch.setattr("vae_jax.training.memory.free_bytes", lambda: 150_000)  # enough for one such member
    assert main(digits_command(tmp_path / "parts", "--sweep=seed=range(3)")) == 0
    assert len(list((tmp_path / "parts" / "checkpoints").iterdir())) == 3
    assert members(tmp_path / "parts") == members(tmp_path / "whole")
