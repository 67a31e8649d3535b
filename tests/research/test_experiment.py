"""Running an experiment."""

import csv
import json
import signal

import pytest

from vae_jax.core.signals import StoppedError
from vae_jax.figures.panels import Panel, panels
from vae_jax.research.analysis import rows_of
from vae_jax.research.experiment import Experiment, Findings, Training, as_csv, conduct, main

SMALL = {
    "model.hidden": (8,),
    "train.epochs": 2,
    "train.steps_per_epoch": 4,
    "checkpoint.every_epochs": 1,
    "eval.figure_members": 1,
}


def examine(trained):
    rows = [row for name, sweep in trained.items() for row in rows_of(sweep, data=name)]
    own = {"elbo": panels([Panel(rows, "latent_dim", "test.elbo", "data")], "digits", columns=1)}
    return Findings(rows, own | {"losses": trained["both"].figures()["loss_curves"]})


def declare(folder, **settings):
    trainings = {
        "both": Training("digits", SMALL | settings, ("latent_dim=2,3",)),
        "alone": Training("digits", SMALL | {"eval.figure_members": 0} | settings),
    }
    return Experiment(folder, trainings, examine)


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    folder = tmp_path_factory.mktemp("experiments")
    experiment = declare(folder / "sizes")
    assert conduct(experiment, folder / "runs", quick=False) == folder / "sizes"
    return experiment, folder


@pytest.mark.slow
def test_it_writes_a_table_figures_and_provenance(kept):
    experiment, _ = kept
    assert {path.name for path in experiment.folder.iterdir()} == {
        "results.csv",
        "provenance.json",
        "elbo.png",
        "losses.png",
    }
    rows = list(csv.DictReader((experiment.folder / "results.csv").open()))
    assert [(row["data"], row["latent_dim"]) for row in rows] == [("both", "2"), ("both", "3"), ("alone", "2")]
    assert all(0 <= int(row["active_units"]) <= int(row["latent_dim"]) for row in rows)


@pytest.mark.slow
def test_its_provenance_has_all_that_is_needed_to_repeat_it(kept):
    experiment, _ = kept
    found = json.loads((experiment.folder / "provenance.json").read_text())
    assert found["command"] == "python -m experiments.sizes"
    both = found["trainings"]["both"]
    assert (both["config"], both["sweep"], both["seeds"]) == ("digits", ["latent_dim=2,3"], [0])
    assert both["settings"] == SMALL | {"model.hidden": [8]}
    assert both["resolved"]["train"]["epochs"] == 2
    assert both["data"]["fingerprint"]
    assert {"jax", "python", "scikit-image"} <= set(both["versions"])
    assert both["processor"]
    assert both["cores"] >= 1
    assert "commit" in both


@pytest.mark.slow
def test_rows_of_what_was_trained_elsewhere_stay_in_the_table(tmp_path, capsys):
    def examine(trained):
        rows = [{"training": name, "elbo": 1.0} for name in trained]
        return Findings(rows, {})

    settings = SMALL | {"eval.figure_members": 0}
    here = tmp_path / "kept"
    here.mkdir()
    experiment = Experiment(here, {name: Training("digits", settings) for name in ("a", "b", "c")}, examine)
    (here / "results.csv").write_text("training,elbo,more\nb,2.5,x\nc,3.5,\ngone,4,\n")
    changed = settings | {"train.epochs": 3}
    told = {"b": {"settings": settings}, "c": {"settings": changed}, "gone": {"settings": settings}}
    (here / "provenance.json").write_text(json.dumps({"command": "", "trainings": told}))
    conduct(experiment, tmp_path / "runs", quick=False, only=["a"])
    rows = list(csv.DictReader((here / "results.csv").open()))
    # Those of other settings, or of a training that is no more, are no longer the experiment's.
    assert [(row["training"], row["elbo"], row["more"]) for row in rows] == [("a", "1", ""), ("b", "2.5", "x")]
    assert set(json.loads((here / "provenance.json").read_text())["trainings"]) == {"a", "b"}
    said = capsys.readouterr().out
    assert "of a; the table keeps its rows of b" in said
    assert "rows of c, gone leave the table" in said


@pytest.mark.slow
def test_a_quick_run_leaves_the_experiments_folder_unchanged(tmp_path, capsys):
    (tmp_path / "sizes").mkdir()
    (tmp_path / "sizes" / "results.csv").write_text("kept")
    alone = {"alone": Training("digits", SMALL | {"eval.figure_members": 0})}
    experiment = Experiment(tmp_path / "sizes", alone, lambda trained: Findings(rows_of(trained["alone"]), {}))
    assert main(experiment, ["--quick", f"--workdir={tmp_path / 'runs'}"]) == 0
    looked = tmp_path / "runs" / "quick" / "findings"
    assert str(looked) in capsys.readouterr().out
    assert {path.name for path in looked.iterdir()} == {"results.csv", "provenance.json"}
    assert [path.name for path in experiment.folder.iterdir()] == ["results.csv"]
    assert (experiment.folder / "results.csv").read_text() == "kept"


@pytest.mark.slow
def test_running_again_trains_nothing_and_writes_the_same_files(kept):
    experiment, folder = kept
    before = {path: path.read_bytes() for path in experiment.folder.iterdir()}
    conduct(experiment, folder / "runs", quick=False)
    assert {path: path.read_bytes() for path in experiment.folder.iterdir()} == before


def test_an_invalid_setting_is_one_line_and_nothing_is_written(tmp_path, capsys):
    wrong = declare(tmp_path / "wrong", **{"train.batch_size": -1})
    assert main(wrong, [f"--workdir={tmp_path / 'runs'}"]) == 2
    error = capsys.readouterr().err.strip()
    assert error.startswith("experiments.wrong: error: config.train.batch_size")
    assert "\n" not in error
    assert not (tmp_path / "wrong").exists()
    assert main(wrong, ["--fast"]) == 2


def test_an_interrupted_experiment_says_how_to_continue_and_writes_nothing(tmp_path, capsys, monkeypatch):
    def interrupted(*_):
        raise StoppedError(signal.SIGINT, saved=True)

    monkeypatch.setattr("vae_jax.research.experiment.sweep", interrupted)
    assert main(declare(tmp_path / "asked"), [f"--workdir={tmp_path / 'runs'}"]) == 130
    assert capsys.readouterr().err.endswith("asked: stopped; saved; the same command goes on from here\n")
    assert not (tmp_path / "asked").exists()


@pytest.mark.slow
def test_a_table_has_a_column_for_all_that_any_row_holds():
    rows = [{"a": 1, "b": None, "c": 1 / 3}, {"a": "x", "d": (1, 2)}]
    assert as_csv(rows) == 'a,c,d\n1,0.333333,\nx,,"(1, 2)"\n'
