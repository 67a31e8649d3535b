"""Splits that folders say: kept, but for copies."""

import logging

import numpy as np
import pytest

from vae_jax.core.errors import UserError
from vae_jax.data.faces.photographs.given_splits import held_out_as_given


def test_the_folders_decide(caplog):
    held = held_out_as_given(np.array(["a", "b", "c"]), ["train", "test", ""])
    assert held.tolist() == [False, True, False]
    assert not caplog.records


def test_a_test_picture_that_is_also_learned_from_is_no_test_and_said(caplog):
    with caplog.at_level(logging.WARNING, "vae_jax"):
        held = held_out_as_given(np.array(["a", "a", "b", "b"]), ["train", "test", "test", "test"])
    assert held.tolist() == [False, False, True, True]
    assert "1 pictures of the test folder are copies of training pictures" in caplog.text


@pytest.mark.parametrize(("splits", "side"), [(["test", "test"], "training"), (["train", "test"], "test")])
def test_a_side_without_pictures_is_named(splits, side):
    with pytest.raises(UserError, match=f"found no {side} pictures of their own"):
        held_out_as_given(np.array(["a", "a"]), splits)
