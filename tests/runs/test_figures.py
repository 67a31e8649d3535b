"""A failure in drawing or reporting costs neither the trained model nor the other figures."""

import json
import sys

import pytest
from small_runs import ONE_DRAWN, digits_command

from vae_jax.figures.gallery import FIGURES
from vae_jax.figures.side_by_side import MEMBER_FIGURES
from vae_jax.main import main
from vae_jax.samplers.gaussian_mixture import GaussianMixture


def failing(*_, **__):
    raise ValueError("a fault\nin two lines")


@pytest.fixture
def few_figures(monkeypatch):
    """Two figures of a member, of which one fails."""
    for name in set(FIGURES) - {"samples", "reconstructions"}:
        monkeypatch.delitem(FIGURES._entries, name)
    monkeypatch.setitem(FIGURES._entries, "samples", ("New images", failing))


def summary(folder):
    return json.loads((folder / "summary.json").read_text())


def drawn(folder):
    return {path.name for path in (folder / "figures").iterdir()} if (folder / "figures").is_dir() else set()


@pytest.mark.slow
def test_a_figure_that_fails_is_named_and_the_others_are_drawn(tmp_path, few_figures, caplog):
    run = tmp_path / "run"
    assert main(digits_command(run, ONE_DRAWN)) == 0
    said = "figures/samples.png: not made (ValueError: a fault in two lines)"
    assert [line for line in caplog.messages if "samples" in line] == [
        f"{said}; the trained model is saved, and --mode=figures draws again"
    ]
    assert drawn(run) == {"reconstructions.png", "loss_curves.png"}
    assert summary(run)["members"][0]["test"]["step"] == 20
    assert said in (run / "report.html").read_text()


@pytest.mark.slow
def test_a_sampler_that_can_not_be_fitted_costs_no_figure(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(GaussianMixture, "fit", failing)
    run = tmp_path / "run"
    assert main(digits_command(run, ONE_DRAWN)) == 0
    said = "samplers/gaussian_mixture_member0.npz: not made (ValueError: a fault in two lines)"
    assert [line.partition(";")[0] for line in caplog.messages if "not made" in line] == [said]
    assert {"samples.png", "reconstructions.png"} <= drawn(run)


@pytest.mark.slow
def test_drawing_again_exits_with_1_if_a_figure_failed(tmp_path, few_figures, monkeypatch, capsys):
    run = tmp_path / "run"
    assert main(digits_command(run, ONE_DRAWN)) == 0
    (run / "figures" / "samples.png").write_bytes(b"of before")
    assert main(["vae_jax.main", "--mode=figures", f"--workdir={run}"]) == 1
    assert "some pictures could not be made (figures/samples.png)" in capsys.readouterr().err
    assert (run / "report.html").read_text().count("data:image/png") == 2  # an older picture is not shown as of now
    monkeypatch.setitem(FIGURES._entries, "samples", ("New images", lambda member_arrays: None))
    assert main(["vae_jax.main", "--mode=figures", f"--workdir={run}"]) == 0
    assert "not made" not in (run / "report.html").read_text()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("harm", "named", "pictures"),
    [
        (
            "vae_jax.evaluation.gathering.gather_member_arrays",
            "figures of member 0: not made (ValueError",
            {"loss_curves.png"},
        ),
        (
            "vae_jax.figures.losses.loss_curves",
            "figures/loss_curves.png: not made (ValueError",
            {"reconstructions.png"},
        ),
        (
            "vae_jax.reports.report.render",
            "report.html: not made (ValueError",
            {"reconstructions.png", "loss_curves.png"},
        ),
    ],
)
def test_any_failure_is_named_and_the_summary_is_written(
    harm, named, pictures, tmp_path, few_figures, monkeypatch, caplog
):
    monkeypatch.setitem(FIGURES._entries, "samples", ("New images", lambda member_arrays: None))
    run = tmp_path / "run"
    with monkeypatch.context() as patch:
        patch.setattr(harm, failing)
        assert main(digits_command(run, ONE_DRAWN)) == 0
    assert [line for line in caplog.messages if line.startswith(named)]
    assert drawn(run) == pictures
    assert summary(run)["members"][0]["test"]["step"] == 20
    if harm == "vae_jax.reports.report.render":
        assert not (run / "report.html").exists()
        assert main(digits_command(run, ONE_DRAWN)) == 0  # makes it now
    assert (run / "report.html").is_file()


@pytest.mark.slow
def test_a_broken_matplotlib_leaves_the_summary(tmp_path, monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, "vae_jax.figures.gallery", None)  # importing it fails
    assert main(digits_command(tmp_path / "run", ONE_DRAWN)) == 0
    (line,) = [line for line in caplog.messages if "made" in line]
    assert line.startswith("figures: not made (matplotlib can't be used: ModuleNotFoundError")
    assert summary(tmp_path / "run")["members"][0]["test"]["step"] == 20
    assert "figures: not made" in (tmp_path / "run" / "report.html").read_text()


@pytest.mark.slow
def test_figures_side_by_side_say_how_many_settings_they_leave_out(tmp_path, few_figures, monkeypatch):
    monkeypatch.setattr("vae_jax.runs.figures.MOST_TOGETHER", 2)
    said = []
    monkeypatch.setitem(
        MEMBER_FIGURES, "strips", ("", lambda together, notice: said.append((len(together), notice.splitlines()[0])))
    )
    assert main(digits_command(tmp_path / "run", ONE_DRAWN, "--sweep=beta_kl=1,2,3")) == 0
    assert said == [(2, "from the first 2 of 3 settings")]
