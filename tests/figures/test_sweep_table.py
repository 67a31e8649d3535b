"""Figures of sweeps: the values that they show, and nothing is cut off."""

import dataclasses
import itertools
import math

import numpy as np
import pytest
from picture_edges import beyond_the_edge
from slow_cases import slow_after

from vae_jax.figures.sweep_table import TABLE_FIGURES, SweepTable, heat_map, metrics_by_field, rate_distortion


def table(**swept):
    """Distortion falls and rate rises as beta_kl falls; seeds differ from that by exactly ±1."""
    rows, metrics = [], []
    for values in itertools.product(*swept.values()):
        row = {"seed": 0, "beta_kl": 1.0, "latent_dim": 2} | dict(zip(swept, values, strict=True))
        rate, noise = 10 / (1 + row["beta_kl"]), 2 * (row["seed"] % 2) - 1
        distortion = 100 - rate * row["latent_dim"] + noise
        rows.append(row)
        metrics.append({"rate": rate, "distortion": distortion, "elbo": -rate - distortion})
    return SweepTable("a sweep", "", tuple(swept), tuple(rows), tuple(metrics))


BETAS, SIZES, SEEDS = (0.1, 1.0, 4.0), (2, 5), (0, 1)

SWEEPS = {
    "seeds alone": table(seed=SEEDS),
    "one beta_kl": table(beta_kl=(1.0,)),
    "betas and sizes": table(beta_kl=BETAS, latent_dim=SIZES, seed=SEEDS),
    "many of all": table(beta_kl=np.geomspace(1e-4, 1e2, 9).tolist(), latent_dim=tuple(range(1, 15))),
    "tuples and words": table(hidden=((200,), (1000, 500)), likelihood=("mse", "bernoulli"), beta_kl=(0.0, 1.0)),
    "nothing": SweepTable("none", "", ("beta_kl",), (), ()),
}


@pytest.mark.parametrize("sweep", slow_after(4, SWEEPS))
@pytest.mark.parametrize("name", TABLE_FIGURES)
def test_any_sweep_can_be_drawn_and_nothing_is_cut_off(name, sweep):
    figure = TABLE_FIGURES[name][1](SWEEPS[sweep])
    assert figure is None or beyond_the_edge(figure) == {}


def test_a_rate_distortion_curve_for_each_size_has_a_point_for_each_beta_and_bars_over_seeds():
    axes = rate_distortion(table(beta_kl=BETAS, latent_dim=SIZES, seed=SEEDS)).axes[0]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["latent_dim 2", "latent_dim 5"]
    for container, size in zip(axes.containers, SIZES, strict=True):
        points, _, (_, bars) = container.lines
        rates = [10 / (1 + beta) for beta in BETAS]
        np.testing.assert_allclose(points.get_xdata(), rates)
        np.testing.assert_allclose(points.get_ydata(), [100 - rate * size for rate in rates])
        heights = [segment[1][1] - segment[0][1] for segment in bars.get_segments()]
        np.testing.assert_allclose(heights, 2)  # one standard deviation of ±1 to either side


def labels_of(figure):
    """Each label of a curve: its text, and its box in pixels."""
    figure.canvas.draw()
    return [(text.get_text(), text.get_window_extent()) for text in figure.axes[0].texts]


def test_labels_of_close_points_are_at_different_corners():
    labels = labels_of(rate_distortion(table(beta_kl=(0.1, 1.0, 1.01, 4.0))))
    assert [text for text, _ in labels] == ["0.1", "1", "1.01", "4"]


@pytest.mark.parametrize("sweep", SWEEPS)
def test_labels_overlap_no_other_label_and_no_point(sweep):
    figure = rate_distortion(SWEEPS[sweep])
    boxes = [box for _, box in labels_of(figure)] if figure else []
    axes = figure.axes[0] if figure else None
    points = (
        [axes.transData.transform(xy) for bars in axes.containers for xy in bars.lines[0].get_xydata()] if axes else []
    )
    assert not [pair for pair in itertools.combinations(boxes, 2) if pair[0].overlaps(pair[1])]
    assert not [(box, point) for box in boxes for point in points if box.contains(*point)]


def test_a_label_without_a_free_corner_is_left_out():
    betas = (1.0, *np.linspace(1.001, 1.02, 9).round(3), 4.0)
    assert 1 < len(labels_of(rate_distortion(table(beta_kl=betas)))) < len(betas)


def test_every_swept_field_but_the_seed_has_a_row_of_panels():
    figure = metrics_by_field(table(beta_kl=BETAS, latent_dim=SIZES, seed=SEEDS))
    assert [axes.get_xlabel() for axes in figure.axes] == ["beta_kl"] * 3 + ["latent_dim"] * 3
    assert metrics_by_field(table(seed=SEEDS)) is None


def test_a_heat_map_shows_means_over_all_other_settings():
    figure = heat_map(table(beta_kl=BETAS, latent_dim=SIZES, seed=SEEDS))
    distortion = figure.axes[1].images[0].get_array()
    expected = [[100 - 10 / (1 + beta) * size for beta in BETAS] for size in SIZES]
    np.testing.assert_allclose(distortion, expected)
    assert heat_map(table(beta_kl=BETAS, seed=SEEDS)) is None


def test_a_combination_that_failed_leaves_a_gap():
    whole = table(beta_kl=BETAS, latent_dim=SIZES)
    without = SweepTable(whole.title, "", whole.swept, whole.values[1:], whole.metrics[1:])
    assert math.isnan(without.spread("elbo", beta_kl=0.1, latent_dim=2)[0])
    for _, draw in TABLE_FIGURES.values():
        assert beyond_the_edge(draw(without)) == {}


@pytest.mark.slow
def test_groups_that_do_not_compare_share_no_axes_and_no_mean():
    whole = table(beta_kl=BETAS, latent_dim=SIZES, seed=SEEDS)
    groups = [
        dataclasses.replace(whole, group=words) for words in ("likelihood over {0, 1}", "likelihood over the reals")
    ]
    for _, draw in TABLE_FIGURES.values():
        alone, figure = draw(whole), draw(*groups)
        assert len(figure.axes) == 2 * len(alone.axes)
        assert [part.get_suptitle() for part in figure.subfigs] == [group.group for group in groups]
        assert beyond_the_edge(figure) == {}
    assert metrics_by_field(*groups, table(seed=SEEDS)) is not None
