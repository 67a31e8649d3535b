"""The benchmark: its table, what it counts as the least, and a quick look at all of it."""

import csv
import json
import sys
from pathlib import Path

import pytest

from experiments.speed import hot_path, preparation, table
from experiments.speed.__main__ import main, provenance
from experiments.speed.table import Row
from vae_jax.data.faces.photographs.outcomes import read_outcomes
from vae_jax.training.member import parameters_of
from vae_jax.training.spec import spec_of

ROOT = Path(__file__).parents[2]
ROWS = [
    Row("a step", "2 ms", "products 1 ms", 2.0, 1.15),
    Row("a start", "1 s", "bare 1 s", 1.0, 1.0),
    Row("x", "", "", 3.14159),
]


def test_a_target_is_met_up_to_it_and_what_has_none_has_no_verdict():
    assert [row.verdict for row in ROWS] == ["at most 1.15: MISSED", "at most 1: met", ""]


def test_the_table_is_that_of_the_readme():
    lines = table.text(ROWS).splitlines()
    assert "\n".join(lines[:2]) in (ROOT / "experiments" / "speed" / "README.md").read_text()
    assert lines[2] == "| a step | 2 ms | products 1 ms | 2 | at most 1.15: MISSED |"
    assert lines[4] == "| x |  |  | 3.14 |  |"


def test_rows_are_kept_as_they_were(tmp_path):
    table.save(ROWS, tmp_path / "new" / "results.csv")
    with (tmp_path / "new" / "results.csv").open(newline="") as file:
        kept = list(csv.DictReader(file))
    assert [(row["question"], float(row["ratio"]), row["target"]) for row in kept] == [
        ("a step", 2.0, "1.15"), ("a start", 1.0, "1.0"), ("x", 3.14159, ""),
    ]  # fmt: skip


def test_the_kept_rows_are_those_of_the_readme():
    readme = (ROOT / "experiments" / "speed" / "README.md").read_text()
    with (ROOT / "experiments" / "speed" / "results.csv").open(newline="") as file:
        kept = list(csv.DictReader(file))
    assert kept
    for row in kept:
        line = f"| {row['question']} | {row['cost']} | {row['against']} | {float(row['ratio']):.3g} |"
        assert line in readme


def test_what_it_takes_to_repeat_it_is_kept_with_the_rows():
    kept = json.loads((ROOT / "experiments" / "speed" / "provenance.json").read_text())
    assert set(kept) == set(provenance())
    assert kept["command"] in (ROOT / "experiments" / "speed" / "README.md").read_text()
    assert (ROOT / "configs" / f"{kept['config']}.py").is_file()


def test_the_layers_that_are_counted_are_the_models():
    config, dataset = hot_path.blog_mnist()
    weights = sum(inputs * outputs for inputs, outputs, _ in hot_path.LAYERS)
    biases = 1000 + 2 + 2 + 1000 + 784  # two layers give mu and sigma of two units
    assert parameters_of(spec_of([config], dataset)) == weights + biases


@pytest.mark.slow
def test_the_photographs_that_are_prepared_are_all_usable(tmp_path):
    preparation.write_photographs(tmp_path / "raw", 6)
    seconds, most = preparation.prepare(tmp_path / "raw", tmp_path / "prepared")
    assert seconds > 0
    assert most > 50e6
    (files,) = (tmp_path / "prepared").rglob("files.csv")
    assert [outcome.reason for outcome in read_outcomes(files.parent)] == [""] * 6


@pytest.mark.release
def test_a_quick_look_measures_everything_and_keeps_nothing(tmp_path, monkeypatch, capsys, put_noise_digits):
    results = ROOT / "experiments" / "speed" / "results.csv"
    before = results.read_bytes()
    put_noise_digits(tmp_path / "data" / "raw" / "mnist", 200, 50)
    (tmp_path / "configs").symlink_to(ROOT / "configs")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["speed", "--quick"])
    for name in ("VAE_JAX_RAW", "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "JAX_COMPILATION_CACHE_DIR"):
        monkeypatch.delenv(name, raising=False)
    main()
    asked = [line.split(" | ")[0] for line in capsys.readouterr().out.splitlines() if line.startswith("| ")]
    with results.open(newline="") as file:
        assert len(asked) - 2 == len(list(csv.DictReader(file)))
    assert results.read_bytes() == before
