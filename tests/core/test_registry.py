"""Registries of parts."""

import pytest

from vae_jax.core.errors import UserError
from vae_jax.core.registry import Registry

SHAPES = Registry("config.shape", {"round": 0, "square": 4, "oblong": 4})


def test_a_registry_is_a_mapping():
    assert dict(SHAPES) == {"round": 0, "square": 4, "oblong": 4}
    assert list(SHAPES) == ["round", "square", "oblong"]
    assert len(SHAPES) == 3
    assert "square" in SHAPES


def test_an_unknown_name_is_an_error_with_the_field_the_choices_and_the_nearest():
    with pytest.raises(UserError) as error:
        SHAPES["sqare"]
    assert str(error.value) == ("config.shape: found 'sqare'; known are oblong, round, square; did you mean 'square'?")


def test_nothing_is_guessed_where_no_name_is_near():
    with pytest.raises(UserError, match=r"^config\.shape: found 'xyzzy'; known are oblong, round, square$"):
        SHAPES["xyzzy"]


def test_a_registry_does_not_change_with_the_dict_it_came_from():
    entries = {"round": 0}
    registry = Registry("config.shape", entries)
    entries["square"] = 4
    assert dict(registry) == {"round": 0}
    with pytest.raises(TypeError):
        registry["square"] = 4
