"""New images of a trained member: the fitted sampler, where it is kept, and `--mode=sample`."""

import numpy as np
import pytest
from PIL import Image
from small_runs import NO_PICTURES, ONE_DRAWN, digits_command

from vae_jax.core.errors import UserError
from vae_jax.data.dataset import Split
from vae_jax.evaluation.fitted_sampler import codes_used
from vae_jax.main import main
from vae_jax.runs.folder import RunFolder
from vae_jax.runs.load import load_run

SWEEP = "--sweep=latent_dim=2,3"


@pytest.fixture(scope="module")
def sweep(tmp_path_factory):
    """A run of two members, of which the first is drawn."""
    folder = tmp_path_factory.mktemp("runs") / "sweep"
    command = [argument for argument in digits_command(folder, SWEEP) if argument != NO_PICTURES]
    assert main([*command, ONE_DRAWN]) == 0
    return folder


def sample(folder, *more):
    return main(["vae_jax.main", "--mode=sample", f"--workdir={folder}", *more])


def test_a_member_that_is_drawn_has_its_sampler_fitted(sweep):
    assert [path.name for path in RunFolder(sweep).samplers.glob("*.npz")] == ["gaussian_mixture_member0.npz"]
    run = load_run(sweep, member=0)
    fitted, prior = (run.sample(50, sampler=name) for name in ("gaussian_mixture", "prior"))
    assert (fitted != prior).any()
    np.testing.assert_array_equal(run.sample(50), fitted)


def test_a_class_can_be_asked_for_though_the_model_knows_none(sweep):
    run = load_run(sweep, member=0)
    zeros, ones = (run.sample(200, labels=label).astype(float).mean(axis=0) for label in (0, 1))
    reconstructions = run.encode_test().reconstructions
    means = [reconstructions[run.test.labels == label].mean(axis=0) for label in (0, 1)]
    nearer = [np.linalg.norm(zeros - mean) < np.linalg.norm(ones - mean) for mean in means]
    assert nearer == [True, False]
    with pytest.raises(UserError, match=r"^labels: found 10; needs whole numbers from 0 to 9"):
        run.sample(3, labels=10)


def test_another_member_says_what_fits_it_and_draws_from_the_prior(sweep, caplog):
    run = load_run(sweep, member=1)
    with pytest.raises(UserError, match=r"gaussian_mixture is not fitted to member 1 .*--mode=sample --workdir="):
        run.sample(3, sampler="gaussian_mixture")
    np.testing.assert_array_equal(run.sample(3), run.sample(3, sampler="prior"))
    assert "latents are drawn from the prior" in caplog.text
    with pytest.raises(UserError, match=r"config\.sampler\.name: found 'gaussian'; known are .*gaussian_mixture"):
        run.sample(3, sampler="gaussian")


def test_a_command_fits_it_to_any_member_and_draws(sweep, capsys):
    assert sample(sweep, "--member=1", "--label=3", "--count=7", "--draw=5") == 0
    picture = sweep / "samplers" / "gaussian_mixture_member1_3_seed5.png"
    assert min(Image.open(picture).size) > 50
    assert load_run(sweep, member=1).sample(3, sampler="gaussian_mixture").shape == (3, 8, 8, 1)


def test_other_settings_are_fitted_anew_and_the_runs_own_stay(sweep, tmp_path):
    before = RunFolder(sweep).config.read_bytes()
    assert sample(sweep, "--member=0", "--config.samplers.gaussian_mixture.clusters=1", f"--out={tmp_path}/a.png") == 0
    with np.load(RunFolder(sweep).samplers / "gaussian_mixture_member0.npz") as kept:
        assert len(kept["weights"]) == 1
    assert RunFolder(sweep).config.read_bytes() == before
    assert sample(sweep, "--member=0", f"--out={tmp_path}/b.png") == 0
    assert (tmp_path / "a.png").read_bytes() != (tmp_path / "b.png").read_bytes()


def test_a_damaged_file_is_fitted_again(sweep, tmp_path):
    file = RunFolder(sweep).samplers / "gaussian_mixture_member0.npz"
    assert sample(sweep, "--member=0", f"--out={tmp_path}/a.png") == 0
    whole = file.read_bytes()
    file.write_bytes(whole[:100])
    assert sample(sweep, "--member=0", f"--out={tmp_path}/b.png") == 0
    with np.load(file) as kept:
        assert len(kept["weights"]) == 20
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


@pytest.mark.parametrize(
    ("more", "line"),
    [
        ([], "--member: found none of them; needs one of --member=K"),
        (["--member=2"], "--member: found 2; the run has members 0 to 1"),
        (["--member=0", "--label=cat"], "--label: found 'cat'; known are 0, 1, 2"),
        (["--member=0", "--label=3", "--config.sampler.name=prior"], "--label: found with config.sampler.name=prior"),
        (["--member=0", "--count=0"], "--count: found 0; needs a whole number from 1 to 10,000"),
        (["--member=0", "--draw=-1"], "--draw: found -1; needs a whole number from 0 to 4,294,967,295"),
        (["--member=0", "--out=new"], "--out: found new; needs a file whose name ends with .png"),
        (["--member=0", "--config.sampler.name=gauss"], "config.sampler.name: found 'gauss'; known are"),
    ],
)
def test_what_can_not_be_drawn_is_one_line(sweep, more, line, capsys):
    assert sample(sweep, *more) == 2
    (told,) = [each for each in capsys.readouterr().err.splitlines() if "error" in each]
    assert line in told


def test_a_picture_of_the_users_is_not_overwritten(sweep, tmp_path, capsys):
    mine = tmp_path / "mine.png"
    mine.write_bytes(b"mine")
    assert sample(sweep, "--member=0", f"--out={mine}") == 2
    assert "is there already; use another --out" in capsys.readouterr().err
    assert mine.read_bytes() == b"mine"


@pytest.mark.parametrize("flag", ["--count=3", "--label=1", "--draw=0"])
def test_its_flags_go_with_no_other_mode(sweep, flag, capsys):
    assert main(["vae_jax.main", "--mode=figures", f"--workdir={sweep}", flag]) == 2
    assert "goes with --mode=sample only" in capsys.readouterr().err


def test_a_class_of_one_image_among_many_has_a_code():
    labels = np.zeros(20_000, np.int32)
    labels[12_346] = 1
    index = codes_used(Split(np.zeros((20_000, 1, 1, 1), np.uint8), labels))
    assert 12_346 in index
    assert 5_000 <= len(index) <= 5_002
