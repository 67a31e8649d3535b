"""The functions for notebooks and experiments."""

import subprocess
import sys
import threading

import numpy as np
import pytest

import vae_jax
from vae_jax.main import main
from vae_jax.reports.summary import choosing_split, closing_line
from vae_jax.runs.export import number_of_best
from vae_jax.runs.folder import RunFolder


def small(figure_members=0):
    config = vae_jax.get_config("digits")
    config.model.hidden = (16,)
    config.train.steps_per_epoch = 5
    config.train.epochs = 4
    config.eval.figure_members = figure_members
    return config


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    folder = tmp_path_factory.mktemp("api") / "sweep"
    return vae_jax.sweep(small(), ("beta_kl=0.1,4", "latent_dim=2,3"), folder)


def test_public_names_exist_and_others_do_not():
    assert all(getattr(vae_jax, name) is not None for name in vae_jax.__all__)
    assert set(vae_jax.__all__) <= set(dir(vae_jax))
    with pytest.raises(AttributeError, match="no attribute 'tarin'"):
        vae_jax.tarin  # noqa: B018


def test_the_repr_of_a_sweep_is_one_line(swept):
    assert repr(swept) == f"Sweep({str(swept.folder)!r}: 4 members)"


def test_methods_of_a_model_are_functions_too(swept):
    run = swept.load(1)
    codes = vae_jax.encode(run, run.test.images)
    np.testing.assert_array_equal(codes.mu, run.encode(run.test.images).mu)
    np.testing.assert_array_equal(vae_jax.decode(run, codes.mu), codes.reconstructions)
    np.testing.assert_array_equal(vae_jax.sample(run, 3, seed=1), run.sample(3, seed=1))


def test_importing_it_imports_nothing_heavy():
    code = "import sys, vae_jax; print(sorted({'jax', 'matplotlib', 'orbax', 'PIL'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


def test_a_config_is_found_by_its_name_or_its_path(tmp_path):
    assert vae_jax.get_config("digits").data.name == "digits"
    own = tmp_path / "own.py"
    own.write_text(
        "from vae_jax.config.schema import default_config\n\n\ndef get_config():\n    return default_config()\n"
    )
    assert vae_jax.get_config(own).data.name == "dogpeople"
    with pytest.raises(vae_jax.UserError, match="did you mean 'digits'"):
        vae_jax.get_config("digit")


@pytest.mark.slow
def test_training_is_what_the_command_does(tmp_path):
    run = vae_jax.train(small(), tmp_path / "run")
    assert (
        main(
            [
                "vae_jax.main",
                "--config=configs/digits.py",
                f"--workdir={tmp_path / 'other'}",
                "--config.model.hidden=(16,)",
                "--config.train.steps_per_epoch=5",
                "--config.train.epochs=4",
                "--config.eval.figure_members=0",
            ]
        )
        == 0
    )
    members = [RunFolder(tmp_path / name).read_summary()["members"] for name in ("run", "other")]
    assert members[0] == members[1]
    again = vae_jax.train(small(), tmp_path / "run")
    np.testing.assert_array_equal(run.decode(np.zeros((1, 2))), again.decode(np.zeros((1, 2))))


def test_a_model_can_be_used_at_once(tmp_path):
    run = vae_jax.train(small(figure_members=1), tmp_path / "run")
    codes = run.encode(run.test.images[:5])
    assert codes.mu.shape == (5, 2)
    assert run.sample(3).shape == (3, 8, 8, 1)
    assert run.morph(*run.test.images[:2], steps=7).shape == (7, 8, 8, 1)
    assert {"reconstructions", "loss_curves"} <= set(run.figures())
    assert {line["split"] for line in run.metrics()} == {"train", "test"}


NOISE = np.random.default_rng(0).integers(0, 256, (60, 6, 5)).astype(np.uint8)


def of_arrays(**fields):
    config = small()
    config.train.update(epochs=2, batch_size=10)
    config.data.update(**fields)
    return config


@pytest.fixture(scope="module")
def on_arrays(tmp_path_factory):
    """A run on arrays with validation images, and its folder."""
    folder = tmp_path_factory.mktemp("arrays") / "run"
    config = of_arrays(validation_fraction=0.2)
    return vae_jax.sweep(config, "seed=0,1", folder, images=NOISE / 255, labels=["b", "a"] * 30)


@pytest.mark.slow
def test_a_callers_own_arrays_are_trained_on(on_arrays):
    run = on_arrays.load(1)
    assert run.class_names == ("a", "b")
    assert run.test.images.shape[1:] == (6, 5, 1)
    assert {line["split"] for line in run.metrics()} == {"train", "validation", "test"}
    data = RunFolder(on_arrays.folder).read_summary()["data"]
    assert (data["name"], data["source"]) == ("arrays", "images given as arrays")
    assert data["train"] + data["validation"] + data["test"] == 60
    assert data["fingerprint"]


def test_members_are_chosen_on_validation_images_where_there_are_some(on_arrays, swept):
    def best(sweep, split):
        return max(sweep.members, key=lambda row: row[f"{split}.elbo"])["member"]

    assert on_arrays.best().member == best(on_arrays, "validation")
    assert on_arrays.best("test.elbo").member == best(on_arrays, "test")
    assert swept.best().member == best(swept, "test")
    summary = RunFolder(on_arrays.folder).read_summary()
    assert closing_line(summary).startswith(
        f"arrays: best of 2 members by their validation ELBO: {on_arrays.best().member} "
    )
    assert "validation ELBO" in (on_arrays.folder / "report.html").read_text()
    assert "validation" not in (swept.folder / "report.html").read_text().partition("<details>")[0]
    assert "validation.elbo" in (on_arrays.folder / "members.csv").read_text()


def test_the_choice_of_the_metric_is_reported_if_some_members_lack_validation_images(on_arrays, tmp_path):
    summary = RunFolder(on_arrays.folder).read_summary()
    first, second = summary["members"]
    assert choosing_split([first, second]) == "validation"
    assert choosing_split([]) == "test"
    del second["validation"]
    assert choosing_split([first, second]) == "test"
    assert choosing_split([first, {**second, "failed_in_step": 3}]) == "validation"
    folder = RunFolder(tmp_path)
    folder.write_summary(summary)
    assert number_of_best("validation.elbo", folder, "best") == first["member"]
    best = max(summary["members"], key=lambda member: member["test"]["elbo"])
    assert number_of_best("test.elbo", folder, "best") == best["member"]


@pytest.mark.slow
def test_validation_images_do_not_change_the_test_metrics(tmp_path):
    """The training images are the same in both runs."""
    parts = {"images": NOISE[:40], "test_images": NOISE[40:50]}
    without = vae_jax.train(of_arrays(), tmp_path / "without", **parts)
    found = vae_jax.train(of_arrays(), tmp_path / "with", **parts, validation_images=NOISE[50:])
    lines = [line for line in found.metrics() if line["split"] != "validation"]
    assert lines == without.metrics()
    moments = [[line["step"] for line in found.metrics() if line["split"] == s] for s in ("validation", "test")]
    assert moments[0] == moments[1]


@pytest.mark.slow
def test_a_run_on_arrays_continues_only_with_the_same_arrays(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = vae_jax.train(of_arrays(), images=NOISE)
    assert str(run.folder) == "runs/arrays"
    again = vae_jax.train(of_arrays(), images=NOISE)
    assert [line["step"] for line in again.metrics()] == [line["step"] for line in run.metrics()]
    longer = of_arrays()
    longer.train.epochs = 3
    for config in (of_arrays(), longer):
        with pytest.raises(vae_jax.UserError, match=r"^runs/arrays: this run began with other images \(fingerprint"):
            vae_jax.train(config, images=NOISE[::-1])
    config = longer.copy_and_resolve_references()
    config.data.name = "arrays"
    with pytest.raises(vae_jax.UserError, match=r"^config\.data\.name=arrays: needs images given as arrays"):
        vae_jax.train(config)
    assert vae_jax.train(longer, images=NOISE).metrics()[-1]["step"] == 15
    assert vae_jax.load_run("runs/arrays").config.data.name == "arrays"


@pytest.mark.slow
def test_a_run_on_arrays_is_evaluated_and_drawn_again_with_them(tmp_path):
    config = of_arrays()
    config.eval.figure_members = 1
    run = vae_jax.train(config, tmp_path, images=NOISE)
    before = RunFolder(tmp_path).read_summary()
    run.figures()["samples"].unlink()
    for draw in (False, True):
        with pytest.raises(vae_jax.UserError, match=r"^config\.data\.name=arrays: .*evaluate\(\.\.\., images="):
            vae_jax.evaluate(tmp_path, draw=draw)
        vae_jax.evaluate(tmp_path, draw=draw, images=NOISE)
    assert RunFolder(tmp_path).read_summary()["members"] == before["members"]
    assert "samples" in run.figures()
    with pytest.raises(vae_jax.UserError, match="began with other images"):
        vae_jax.evaluate(tmp_path, images=NOISE[:50])


@pytest.mark.parametrize(
    ("arrays", "told"),
    [
        ({"labels": [0, 1]}, "labels: found without images; needs images to learn from"),
        ({"image": NOISE}, r"image: no such argument; known are images, labels, .*did you mean 'images'\?"),
        ({"images": NOISE / 9}, r"images: found floats from 0 to 28\.33; needs \[0, 1\]"),
        ({"images": NOISE[:8]}, r"config\.train\.batch_size: found 10 for 7 training images"),
    ],
)
def test_invalid_arrays_are_refused_before_anything_is_written(tmp_path, arrays, told):
    for train in (vae_jax.train, lambda config, folder, **more: vae_jax.sweep(config, "seed=0,1", folder, **more)):
        with pytest.raises(vae_jax.UserError, match=f"^{told}"):
            train(of_arrays(), tmp_path / "run", **arrays)
    assert not list(tmp_path.iterdir())


def test_a_sweep_has_a_row_per_member(swept):
    assert [(row["beta_kl"], row["latent_dim"]) for row in swept.members] == [(0.1, 2), (0.1, 3), (4.0, 2), (4.0, 3)]
    assert all(np.isfinite(row["test.elbo"]) and row["failed_in_step"] is None for row in swept.members)
    names, *_ = (swept.folder / "members.csv").read_text().splitlines()
    assert list(swept.members[0]) == names.split(",")


def test_a_sweep_has_its_figures_by_name(swept):
    picture = swept.folder / "figures" / "loss_curves.png"
    assert swept.figures() == {}
    picture.parent.mkdir()
    picture.touch()
    assert swept.figures() == {"loss_curves": picture}


def test_members_are_found_by_number_by_values_and_by_best_metric(swept):
    assert swept.load(3).config.model.latent_dim == 3
    assert swept.where(beta_kl=4, latent_dim=2).member == 2
    best = max(swept.members, key=lambda row: row["test.elbo"])["member"]
    assert swept.best().member == best
    assert swept.best(beta_kl=4).member in (2, 3)
    with pytest.raises(vae_jax.UserError, match=r"^best: test\.loss compares only within .*beta_kl 0\.1 \| beta_kl 4;"):
        swept.best("test.loss")
    assert swept.where(beta_kl=4, latent_dim=2, hidden=(16,), **{"train.epochs": 4}).member == 2
    with pytest.raises(
        vae_jax.UserError, match=r"where: beta_kl=4 holds for 2 members \(2, 3\); needs to hold for one"
    ):
        swept.where(beta_kl=4)
    with pytest.raises(vae_jax.UserError, match="no such field"):
        swept.where(hiden=(16,))


@pytest.mark.parametrize("n", [0, 2])
def test_images_of_another_size_or_none_are_refused(swept, n):
    with pytest.raises(vae_jax.UserError, match=rf"images: found uint8 \({n}, 9, 9, 1\); needs uint8 \(n, 8, 8, 1\)"):
        swept.load(0).encode(np.zeros((n, 9, 9, 1), np.uint8))


def test_an_invalid_config_is_refused_before_anything_is_written(tmp_path):
    config = small()
    config.train.batch_size = -1
    with pytest.raises(vae_jax.UserError, match="batch_size"):
        vae_jax.train(config, tmp_path / "run")
    config.sweep = ("seed=1,2",)
    with pytest.raises(vae_jax.UserError, match=r"vae_jax\.sweep trains several"):
        vae_jax.train(config, tmp_path / "run")
    with pytest.raises(vae_jax.UserError, match="no finished run here"):
        vae_jax.load_sweep(tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_several_runs_train_in_threads_of_one_process(tmp_path, put_noise_digits, capsys):
    """With raw files that are not prepared yet; what other threads print is not lost."""
    put_noise_digits(tmp_path / "raw" / "mnist", 40, 20)
    config = vae_jax.get_config("mnist")
    config.data.update(raw_dir=str(tmp_path / "raw"), prepared_dir=str(tmp_path / "prepared"))
    config.model.hidden, config.eval.figure_members = (8,), 0
    config.train.update(epochs=2, steps_per_epoch=4, batch_size=10)
    stdout, faults = sys.stdout, []

    def train(number):
        try:
            vae_jax.train(config, tmp_path / f"run_{number}")
        except Exception as error:
            faults.append(error)

    threads = [threading.Thread(target=train, args=(number,), daemon=True) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not faults
    assert not any(thread.is_alive() for thread in threads)
    assert sys.stdout is stdout
    first, *others = [vae_jax.load_run(tmp_path / f"run_{number}").metrics() for number in range(3)]
    assert others == [first, first]
    assert capsys.readouterr().out == ""
