"""Runs of other parts than the defaults: labels, posteriors without sigma, an average of weights, programs by part."""

import json

import numpy as np
import pytest
from made_runs import make_run
from small_runs import digits_command, small_config, small_dataset

import vae_jax
from vae_jax.core.errors import UserError
from vae_jax.figures.gallery import FIGURES
from vae_jax.main import main
from vae_jax.runs.load import load_run

DATA = small_dataset()
IMAGES, LABELS = DATA.test.images, DATA.test.labels


def made(folder, **sections):
    """An untrained run, and its model."""
    make_run(folder, small_config(**sections), DATA)
    return load_run(folder)


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """A model that is conditioned on the class of each image."""
    return made(tmp_path_factory.mktemp("told") / "run", data={"condition": "labels"})


@pytest.fixture(scope="module")
def untold(tmp_path_factory):
    return made(tmp_path_factory.mktemp("untold") / "run")


@pytest.mark.slow
def test_the_condition_changes_the_output(told):
    codes, others = told.encode(IMAGES, LABELS), told.encode(IMAGES, 1 - LABELS)
    assert np.abs(codes.mu - others.mu).max() > 1e-3
    np.testing.assert_array_equal(told.encode_test().mu, codes.mu)
    np.testing.assert_array_equal(told.decode(codes.mu, LABELS), codes.reconstructions)
    assert (told.decode(codes.mu, 1 - LABELS) != codes.reconstructions).any()


def test_one_label_can_stand_for_all(told):
    z = np.zeros((2, 3, 2))
    np.testing.assert_array_equal(told.decode(z, 1), told.decode(z, np.ones((2, 3), int)))
    np.testing.assert_array_equal(told.sample(4, labels=1), told.sample(4, labels=[1] * 4))
    assert (told.sample(4, labels=1) != told.sample(4, labels=0)).any()


def test_a_morph_goes_from_one_class_to_another(told):
    start, end = (int(np.flatnonzero(label == LABELS)[0]) for label in (0, 1))
    frames = told.morph(IMAGES[start], IMAGES[end], steps=3, labels=(0, 1))
    codes = told.encode(IMAGES[[start, end]], [0, 1])
    np.testing.assert_array_equal(frames[[0, -1]], codes.reconstructions)


@pytest.mark.parametrize(
    ("use", "said"),
    [
        (
            lambda model: model.encode(IMAGES),
            "labels: missing; this model is conditioned on the class of each image: needs whole",
        ),
        (lambda model: model.sample(3), "labels: missing"),
        (lambda model: model.decode([[0.0, 0.0]]), "labels: missing"),
        (lambda model: model.morph(IMAGES[0], IMAGES[1]), "labels: missing"),
        (lambda model: model.sample(3, labels=2), "labels: found 2; needs whole numbers from 0 to 1, one for all or 3"),
        (lambda model: model.sample(3, labels=-1), "labels: found -1; needs"),
        (lambda model: model.sample(3, labels=[0, 1]), r"labels: found \[0, 1\]; needs .* one for all or 3"),
        (lambda model: model.sample(3, labels=0.5), "labels: found 0.5; needs whole numbers"),
        (lambda model: model.sample(3, labels="dark"), "labels: found dark; needs whole numbers"),
        (lambda model: model.sample(3, labels=[[0], [0, 1]]), "labels: found .*; needs whole numbers"),
        (lambda model: model.encode(IMAGES, []), r"labels: found \[\]; needs"),
    ],
)
def test_invalid_labels_are_refused_in_one_line(told, use, said):
    with pytest.raises(UserError, match=f"^{said}") as error:
        use(told)
    assert "\n" not in str(error.value)


def test_an_unconditional_model_refuses_labels(untold):
    for use in (lambda: untold.encode(IMAGES, LABELS), lambda: untold.sample(2, labels=0)):
        with pytest.raises(
            UserError, match=r"labels: found some; this model is not conditional \(config.data.condition"
        ):
            use()


def test_a_morph_of_pictures_needs_an_unconditional_model(told):
    from vae_jax.runs.friends import reference_of

    with pytest.raises(UserError, match=r"config\.data\.condition: found 'labels', and pictures from elsewhere have"):
        reference_of(told)


@pytest.mark.slow
@pytest.mark.parametrize(
    "model",
    [{"posterior": "iaf"}, {"posterior": "fsq", "prior": "uniform_codes"}],
    ids=["iaf", "fsq"],
)
def test_a_posterior_without_sigma_is_used_as_any_other(tmp_path, model):
    trained = made(tmp_path / "run", model=model)
    codes = trained.encode(IMAGES)
    assert codes.sigma is None
    assert repr(codes) == ("Codes(mu float32(10, 2), distortion float32(10,), reconstructions uint8(10, 6, 6, 1))")
    np.testing.assert_array_equal(trained.decode(codes.mu), codes.reconstructions)
    assert trained.sample(3).shape == trained.morph(IMAGES[0], IMAGES[1], steps=3).shape == (3, 6, 6, 1)


@pytest.mark.slow
@pytest.mark.parametrize(
    "fields",
    [
        ["data.condition=labels"],
        pytest.param(["model.posterior=iaf"], marks=pytest.mark.slow),
        pytest.param(["model.posterior=fsq", "model.prior=uniform_codes"], marks=pytest.mark.slow),
        pytest.param(["model.name=ladder", "models.ladder.upper_dim=1"], marks=pytest.mark.slow),
    ],
    ids=["labels", "iaf", "fsq", "ladder"],
)
def test_every_figure_of_it_is_drawn(tmp_path, fields, caplog):
    run = tmp_path / "run"
    assert main(digits_command(run, *(f"--config.{field}" for field in fields))) == 0
    assert main(["vae_jax.main", f"--workdir={run}", "--mode=figures", "--config.eval.figure_members=1"]) == 0
    assert not [line for line in caplog.messages if "not made" in line]
    drawn = {path.stem for path in (run / "figures").iterdir()}
    assert drawn - {"pca"} == {*FIGURES, "loss_curves"} - {"pca"}  # of two units there are no components


@pytest.mark.slow
def test_the_moving_average_of_the_weights_is_evaluated_and_used(tmp_path):
    """With a decay of almost 1 the average stays at the initial weights; with 0 it equals the weights."""
    elbos = {}
    for decay in (0, 0.5, 0.9999):
        run = tmp_path / str(decay)
        assert main(digits_command(run, f"--config.optimiser.ema={decay}")) == 0
        (member,) = json.loads((run / "summary.json").read_text())["members"]
        elbos[decay] = member["test"]["elbo"]
        codes = load_run(run).encode_test()
        assert np.mean(codes.distortion) == pytest.approx(member["test"]["distortion"], rel=0.2)
    assert elbos[0] != elbos[0.5]
    assert abs(elbos[0.5] - elbos[0]) < abs(elbos[0.9999] - elbos[0])


@pytest.mark.slow
def test_a_sweep_over_a_part_has_a_program_each_and_members_equal_their_single_runs(tmp_path):
    together, alone = tmp_path / "together", tmp_path / "alone"
    lines = ["--sweep=posterior=diagonal_gaussian,iaf", "--sweep=seed=0,1"]
    assert main(digits_command(together, *lines, "--config.posteriors.iaf.blocks=1")) == 0
    assert {path.name for path in (together / "checkpoints").iterdir()} == {"group_0", "group_1"}
    members = json.loads((together / "summary.json").read_text())["members"]
    assert [member["values"]["posterior"] for member in members] == ["diagonal_gaussian"] * 2 + ["iaf"] * 2
    fields = ["--config.model.posterior=iaf", "--config.posteriors.iaf.blocks=1", "--config.seed=1"]
    assert main(digits_command(alone, *fields)) == 0
    (wanted,) = json.loads((alone / "summary.json").read_text())["members"]
    assert members[3]["test"]["elbo"] == pytest.approx(wanted["test"]["elbo"], rel=1e-5)
    assert members[3]["parameters"] == wanted["parameters"] > members[0]["parameters"]
    assert vae_jax.load_sweep(together).where(posterior="iaf", seed=0).config.parts != ()


@pytest.mark.slow
def test_settings_of_parts_are_swept_like_any_field(tmp_path):
    run = tmp_path / "run"
    assert main(digits_command(run, "--config.model.prior=vamp", "--sweep=components=3,5")) == 0
    members = json.loads((run / "summary.json").read_text())["members"]
    assert [member["values"]["components"] for member in members] == [3, 5]
    assert members[1]["parameters"] - members[0]["parameters"] == 2 * 64  # pseudo-inputs of 8 by 8 pixels
    assert vae_jax.load_sweep(run).where(components=5).member == 1
    assert "components 5" in vae_jax.load_sweep(run).load(1).title


@pytest.mark.slow
def test_numbers_of_parts_share_a_program(tmp_path):
    run = tmp_path / "run"
    sweep = ["--config.objective.name=beta_tc", "--sweep=objectives.beta_tc.strength=1,6"]
    assert main(digits_command(run, *sweep)) == 0
    assert {path.name for path in (run / "checkpoints").iterdir()} == {"group_0"}
    first, second = json.loads((run / "summary.json").read_text())["members"]
    assert first["test"]["loss"] != second["test"]["loss"]
