"""A trained member as one object, read from its run folder only."""

import dataclasses
import json
import subprocess
import sys

import jax
import numpy as np
import pytest
from made_runs import make_run
from small_runs import small_config, small_dataset

from vae_jax.core.errors import UserError
from vae_jax.evaluation.encoding import encode_images
from vae_jax.interpolation.paths import slerp
from vae_jax.runs.load import load_run
from vae_jax.runs.trained import decode, encode, sample
from vae_jax.training.extraction import spec_alone, state_alone

DATA = dataclasses.replace(small_dataset(), notice="made up")
SWEEP = small_config(sweep=("latent_dim=2,3", "seed=0,1"))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "sweep"
    return folder, *make_run(folder, SWEEP, DATA)


def test_its_repr_is_one_line(run):
    trained = load_run(run[0], member=3)
    said = "member 3: dogpeople · 3 latent · beta_KL 1 · seed 1; 36-8-3, 10 test images"
    assert repr(trained) == f"Trained({str(run[0])!r}, {said})"
    shapes = "mu float32(10, 3), sigma float32(10, 3), distortion float32(10,), reconstructions uint8(10, 6, 6, 1)"
    assert repr(trained.encode(DATA.test.images)) == f"Codes({shapes})"


@pytest.mark.parametrize("member", [0, 3])
def test_it_encodes_like_the_saved_member(run, member):
    folder, group, state = run
    trained = load_run(folder, member)
    weights = jax.tree.map(lambda leaf: leaf[0], state_alone(group, member, state).weights)
    wanted = encode_images(spec_alone(group, member), weights, DATA.test.images)
    codes = trained.encode(DATA.test.images)
    for name, array in codes._asdict().items():
        np.testing.assert_array_equal(array, getattr(wanted, name))
    np.testing.assert_array_equal(trained.decode(codes.mu), codes.reconstructions)


def test_a_morph_is_decoded_on_the_path_between_two_codes(run):
    trained = load_run(run[0], member=2)
    start, end = DATA.test.images[:2]
    codes = trained.encode(DATA.test.images[:2])
    frames = trained.morph(start, end, steps=5)
    np.testing.assert_array_equal(frames[[0, -1]], codes.reconstructions)
    np.testing.assert_array_equal(frames[2], trained.decode(codes.mu.mean(axis=0)))
    arc = trained.decode(slerp(codes.mu[0], codes.mu[1], 5))
    np.testing.assert_array_equal(trained.morph(start, end, 5, "slerp"), arc)


def test_images_of_another_size_can_not_be_morphed(run):
    trained = load_run(run[0], member=0)
    large = np.zeros((7, 7, 1), np.uint8)
    with pytest.raises(UserError, match=r"^start: found uint8 \(7, 7, 1\); needs uint8 \(6, 6, 1\)"):
        trained.morph(large, large)


def test_samples_follow_from_their_seed(run):
    trained = load_run(run[0], member=0)
    first = trained.sample(4, seed=1)
    assert first.shape == (4, 6, 6, 1)
    np.testing.assert_array_equal(first, trained.sample(4, seed=1))
    assert (first != trained.sample(4, seed=2)).any()


@pytest.mark.parametrize(
    ("use", "said"),
    [
        (lambda model: decode(model, [[0.0] * 3]), r"^z: found float64 \(1, 3\); needs numbers \(\.\.\., 2\)"),
        (lambda model: decode(model, np.zeros((0, 2))), r"^z: found float64 \(0, 2\)"),
        (lambda model: model.decode([[np.nan, 0.0]]), "^z: found nan; needs finite numbers"),
        (lambda model: sample(model, 0), "^n: found 0; needs a whole number from 1 to "),
        (lambda model: model.sample(-1), "^n: found -1; needs a whole number"),
        (lambda model: model.sample(10**13), "^n: found 10000000000000; needs a whole number from 1 to "),
        (lambda model: model.sample(2, seed=-1), "^seed: found -1; needs a whole number from 0 to 4,294,967,295$"),
        (lambda model: model.sample(2, seed=2**32), "^seed: found 4294967296; needs"),
        (lambda model: model.morph(*DATA.test.images[:2], steps=0), "^steps: found 0; needs a whole number from 2 to "),
        (lambda model: model.morph(*DATA.test.images[:2], path="lniear"), "^path: found 'lniear'; .*'linear'"),
        (lambda model: model.morph(DATA.test.images[0], "x"), "^end: found str 'x'; needs"),
        (lambda model: encode(model, []), r"^images: found float64 \(0,\); needs uint8 \(n, 6, 6, 1\)"),
        (lambda model: model.metrics(), r"metrics\.jsonl: not there; restore it"),
    ],
)
@pytest.mark.filterwarnings("error")
def test_invalid_arguments_are_refused_in_one_line(run, use, said):
    with pytest.raises(UserError, match=said):
        use(load_run(run[0], member=0))


def test_points_may_be_lists(run):
    trained = load_run(run[0], member=0)
    np.testing.assert_array_equal(trained.decode([[0, 1.5]]), trained.decode(np.array([[0, 1.5]], np.float32)))
    assert trained.decode([0, 0]).shape == (6, 6, 1)


OF_OTHER_TYPES = """
import sys, vae_jax
folder = sys.argv[1]
model = vae_jax.load_run(folder, 0)
for use in (
    lambda: vae_jax.load_run(None), lambda: vae_jax.load_run(b"runs"), lambda: vae_jax.load_sweep(3),
    lambda: vae_jax.load_run(folder, "0"), lambda: vae_jax.load_run(folder, [0]),
    lambda: vae_jax.sample(folder, 2), lambda: vae_jax.encode(None, []), lambda: vae_jax.decode(3, [[0.0, 0.0]]),
    lambda: model.sample("2"), lambda: model.sample(2.0), lambda: model.sample(2, seed=None),
    lambda: model.morph(*model.test.images[:2], path=[]), lambda: model.morph(*model.test.images[:2], steps=None),
    lambda: model.decode(None), lambda: model.encode(None), lambda: vae_jax.strip(None),
    lambda: vae_jax.sheet([[1], []]), lambda: vae_jax.sheet(model.test.images, columns=2.5),
):
    try:
        use()
    except vae_jax.UserError as error:
        print(error)
"""


@pytest.mark.slow
def test_arguments_of_any_type_are_used_or_refused_in_one_line(run):
    """Without the checks of signatures that the test suite makes."""
    done = subprocess.run([sys.executable, "-c", OF_OTHER_TYPES, run[0]], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 18
    assert all(": found " in line for line in lines)


def test_metrics_and_figures_are_the_members_own(run):
    folder = run[0]
    lines = [{"member": number, "step": 5, "epoch": 1.0, "split": "train"} for number in (0, 1, 0)]
    (folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (folder / "figures").mkdir()
    for name in ("samples", "samples_member1", "samples_member11", "loss_curves"):  # one is of before it grew
        (folder / "figures" / f"{name}.png").touch()
    first, second = load_run(folder, 0), load_run(folder, 1)
    assert first.metrics() == [lines[0], lines[2]]
    assert first.figures() == {}
    assert second.figures() == {"samples": folder / "figures" / "samples_member1.png"}
