"""Splits given by folders: kept, except for copies."""

import logging

import numpy as np
import pytest

from vae_jax.core.errors import UserError
from vae_jax.data.faces.photographs.given_splits import held_out_as_given


def test_folders_decide_the_split(caplog):
    held = held_out_as_given(np.array(["a", "b", "c"]), ["train", "test", ""])
    assert held.tolist() == [False, True, False]
    assert not caplog.records


def test_copies_of_training_pictures_are_not_test_pictures_and_are_logged(caplog):
    with caplog.at_level(logging.WARNING, "vae_jax"):
        held = held_out_as_given(np.array(["a", "a", "b", "b"]), ["train", "test", "test", "test"])
    assert held.tolist() == [False, False, True, True]
    assert "1 pictures of the test folder are copies of training pictures" in caplog.text


@pytest.mark.parametrize(("splits", "side"), [(["test", "test"], "training"), (["train", "test"], "test")])
def test_a_split_without_pictures_is_an_error(splits, side):
    with pytest.raises(UserError, match=f"found no {side} pictures of their own"):
        held_out_as_given(np.array(["a", "a"]), splits)
