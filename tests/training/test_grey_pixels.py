"""A likelihood over {0, 1} on grey pixels is said in one line."""

import dataclasses

import pytest
from small_runs import small_config, small_dataset

from vae_jax.data.fixed_draw import with_fixed_draw
from vae_jax.data.transforms import TRANSFORMS
from vae_jax.training.grey_pixels import grey_pixels

GREY = small_dataset()
BINARY = with_fixed_draw(GREY)


def member(likelihood="bernoulli", **data):
    return small_config(model={"likelihood": likelihood}, data=data)


def line(*members, dataset=GREY):
    return grey_pixels(members, lambda _: dataset)


def test_bernoulli_on_grey_pixels_is_one_line_that_says_what_would_do():
    said = line(member(name="mnist"))
    assert said.startswith(
        "bernoulli on grey pixels (mnist): the ELBO bounds no log-likelihood over {0, 1} and compares"
    )
    assert "config.data.binarise=drawn" in said
    assert "\n" not in said


@pytest.mark.parametrize("likelihood", ["mse", "gaussian", "gaussian_learned"])
def test_a_likelihood_over_the_reals_may_have_them(likelihood):
    assert line(member(likelihood)) == ""


def test_binary_pixels_give_no_line():
    assert line(member(binarise="drawn")) == ""
    assert line(member(), member(binarise="fixed"), dataset=BINARY) == ""


def test_white_below_1_is_grey():
    assert line(member(levels=256), dataset=BINARY).endswith("config.data.levels=255 would make it do so")


def test_members_are_counted_where_others_are_binary():
    said = line(member(), member(binarise="drawn"), member("mse"))
    assert said.startswith("1 of 3 members: bernoulli on grey pixels")


def test_a_single_grey_pixel_anywhere_is_seen():
    images = BINARY.train.images.copy()
    images[-1, -1, -1] = 254
    assert line(member(), dataset=dataclasses.replace(BINARY, train=dataclasses.replace(BINARY.train, images=images)))


def test_a_transform_from_outside_is_tried(monkeypatch):
    monkeypatch.setitem(TRANSFORMS._entries, "halves", lambda x, noise: x / 2)
    monkeypatch.setitem(TRANSFORMS._entries, "threshold", lambda x, noise: (x > 0.5) * 1.0)
    assert line(member(binarise="halves"))
    assert line(member(binarise="threshold")) == ""
