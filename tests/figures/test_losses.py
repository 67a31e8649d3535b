"""Losses over the run and over the images."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from invented_arrays import member_arrays
from picture_edges import beyond_the_edge
from slow_cases import slow_after

from vae_jax.figures.losses import loss_curves, loss_histogram, smoothed

LOSS = st.floats(-1e4, 1e4)
CURVE = st.integers(1, 100).flatmap(lambda n: arrays(float, n, elements=LOSS))


@given(LOSS, st.integers(1, 200))
def test_smoothing_keeps_a_constant_to_the_last_bit(value, n):
    np.testing.assert_array_equal(smoothed(np.full(n, value)), value)


@given(CURVE)
def test_smoothing_keeps_the_mean_of_symmetric_data_and_their_symmetry(half):
    whole = np.concatenate([half, 2 * half[-1] - half[::-1]])  # symmetric about the point in the middle
    smooth = smoothed(whole)
    np.testing.assert_allclose(smooth - half[-1], -(smooth - half[-1])[::-1], atol=1e-7)
    assert smooth.mean() == pytest.approx(whole.mean(), abs=1e-7)


@given(CURVE)
def test_smoothing_is_the_mean_of_a_tenth_of_the_points_around(values):
    reaches = [min(len(values) // 20, k, len(values) - 1 - k) for k in range(len(values))]
    windows = [values[k - reach : k + reach + 1] for k, reach in enumerate(reaches)]
    np.testing.assert_allclose(smoothed(values), [window.mean() for window in windows], atol=1e-7)


def test_smoothing_leaves_out_what_is_not_finite():
    values = np.array([1.0] * 20 + [math.inf] + [1.0] * 19 + [math.nan] * 40)
    smooth = smoothed(values)
    np.testing.assert_array_equal(smooth[:40], 1)
    assert np.isnan(smooth[45:]).all()


def line(epoch, member=0, split="train", **values):
    recon, kl = 50 / (epoch + 1) + 5, 3.0
    given_values = {"recon": recon, "kl": kl, "loss": recon + kl, "beta_kl": 1.0} | values
    return {"step": 5 * epoch, "epoch": float(epoch), "member": member, "split": split, **given_values}


RUNS = {
    "no lines": [],
    "one line": [line(1)],
    "losses that are NaN": [line(k, recon=math.nan, kl=math.nan, loss=math.nan) for k in range(5)],
    "a loss that is infinite once": [line(k, recon=math.inf if k == 3 else 5.0) for k in range(40)],
    "zeros": [line(k, recon=0.0, kl=0.0, loss=0.0, beta_kl=0.0) for k in range(5)],
    "negative losses": [line(k, recon=-5000.0 - k, loss=-1e6 * k) for k in range(5)],
    "losses of all sizes": [line(k, recon=1e30 * k + 1e-3, loss=1e38, kl=1e-30) for k in range(5)],
    "equal losses": [line(k, recon=0.0456) for k in range(30)],
    "many members": [line(k, m, split) for k in range(1, 5) for m in range(25) for split in ("train", "test")],
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", slow_after(4, RUNS))
def test_any_run_can_be_drawn_and_nothing_is_cut_off(name):
    figure = loss_curves(RUNS[name], "a title · " * 20, "a notice that goes on. " * 12)
    assert beyond_the_edge(figure) == {}


def drawn(axes, marker):
    """The points of the lines of that marker."""
    return [
        handle.get_xydata().tolist()
        for handle in axes.lines
        if handle.get_marker() == marker and len(handle.get_xdata())
    ]


def test_points_and_lines_are_at_their_epochs_for_train_and_test():
    lines = [line(k) for k in range(1, 6)] + [line(k, split="test", recon=9.0, kl=1.0) for k in (2, 4)]
    recon, kl, total, beta_kl = loss_curves(lines, "t", "").axes
    assert drawn(recon, ".") == [[[k, 50 / (k + 1) + 5] for k in range(1, 6)]]
    assert drawn(recon, "D") == [[[2, 9], [4, 9]]]
    assert drawn(kl, "D") == [[[2, 1], [4, 1]]]
    np.testing.assert_allclose(drawn(total, "None"), drawn(total, "."))  # of five points the average is the points
    assert drawn(beta_kl, "D") == []


def test_each_member_has_its_own_curve():
    lines = [line(k, member, recon=float(member + 1)) for k in range(3) for member in (0, 1, 2)]
    recon = loss_curves(lines, "t", "").axes[0]
    assert [[y for _, y in points] for points in drawn(recon, ".")] == [[1] * 3, [2] * 3, [3] * 3]


def test_groups_have_the_points_of_their_means():
    lines = [line(k, member, recon=float(member + 1)) for k in range(3) for member in (0, 1, 2)]
    recon = loss_curves(lines, "t", "", {0: "a", 1: "a", 2: "b"}).axes[0]
    assert [[y for _, y in points] for points in drawn(recon, ".")] == [[1.5] * 3, [3] * 3]


@pytest.mark.parametrize("groups", [None, {0: "both", 1: "both"}])
def test_beta_kl_is_drawn_without_smoothing(groups):
    ramp = [max(0.0, k - 20) / 20 for k in range(41)]
    lines = [line(k, member, beta_kl=ramp[k]) for k in range(41) for member in (0, 1)]
    beta_kl = loss_curves(lines, "t", "", groups).axes[3]
    for points in drawn(beta_kl, "None"):
        assert [y for _, y in points] == pytest.approx(ramp)


@pytest.mark.parametrize(("lowest", "scale"), [(0.01, "log"), (0.0, "linear"), (-1.0, "linear")])
def test_recon_has_a_log_axis_if_all_its_values_are_positive(lowest, scale):
    recon = loss_curves([line(1), line(2, recon=lowest)], "t", "").axes[0]
    assert recon.get_yscale() == scale


@pytest.mark.parametrize("classes", [1, 3, 10])
def test_every_image_is_counted_in_the_histogram(classes):
    shown = member_arrays(classes=classes, n=90)
    axes = loss_histogram(shown).axes[0]
    counted = sum(height_of(patch) for patch in axes.patches)
    assert counted == 90
    assert axes.get_yscale() == "log"
    assert axes.get_xlabel() == shown.loss_unit


def height_of(patch):
    """The number of images in a bar, or in a stepped outline of 25 bars."""
    if hasattr(patch, "get_height"):
        return patch.get_height()
    outline = patch.get_xy()
    steps = {(a, b, y) for (a, y), (b, again) in pairwise(outline) if y == again and a < b}
    return sum(y for _, _, y in steps)


def test_losses_of_different_units_have_separate_axes():
    lines = [line(k, member, recon=10.0 ** (3 * member)) for k in range(1, 4) for member in (0, 1, 2)]
    units, groups = (
        {0: "reduction nats", 1: "reduction blog", 2: "reduction nats"},
        {k: f"setting {k}" for k in range(3)},
    )
    figure = loss_curves(lines, "t", "", groups, units, "heights don't compare")
    assert [part.get_suptitle() for part in figure.subfigs] == ["reduction nats", "reduction blog"]
    shown = [{y for points in drawn(axes, ".") for _, y in points} for axes in figure.axes[::4]]
    assert shown == [{1.0, 1e6}, {1e3}]
    assert [axes.get_title("left") for axes in figure.axes[:4]] == ["", "", "heights don't compare", ""]
    assert beyond_the_edge(figure) == {}


def test_a_constant_with_rounding_errors_is_drawn_as_a_constant():
    """The rate of a quantised posterior: its rounding errors would fill the axis."""
    rate = np.log(25)
    lines = [
        {"member": 0, "split": split, "epoch": k + 1.0, "recon": 3.0 - k, "kl": rate + off, "loss": 5.0, "beta_kl": 1.0}
        for split, off in (("train", 0.0), ("test", 5e-7))
        for k in range(2)
    ]
    figure = loss_curves(lines, "title", "")
    low, high = next(axes.get_ylim() for axes in figure.axes if axes.get_ylabel() == "KL")
    assert low < 0.97 * rate
    assert high > 1.03 * rate


def test_an_objective_need_not_have_a_kl_term():
    lines = [{"member": 0, "split": "train", "epoch": k + 1.0, "loss": 5.0 - k} for k in range(3)]
    figure = loss_curves(lines, "title", "")
    drawn = {axes.get_ylabel(): any(len(line.get_xdata()) for line in axes.lines) for axes in figure.axes}
    assert drawn["loss"]
    assert not drawn["KL"]
