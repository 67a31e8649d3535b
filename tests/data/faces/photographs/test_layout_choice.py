"""The user's choice of layouts."""

import pytest

from vae_jax.core.errors import UserError
from vae_jax.data.faces.photographs.layout_choice import chosen_for, read_choice

KINDS = ("lfw", "skip")


def test_one_kind_holds_for_all_and_a_folders_kind_for_it_and_all_below(tmp_path):
    (tmp_path / "a" / "b" / "c").mkdir(parents=True)
    choice = read_choice("lfw", tmp_path, KINDS)
    assert chosen_for(tmp_path, choice) == chosen_for(tmp_path / "a" / "b", choice) == "lfw"
    choice = read_choice("a=lfw, a/b = skip", tmp_path, KINDS)
    places = ("", "a", "a/b", "a/b/c")
    assert [chosen_for(tmp_path / place, choice) for place in places] == ["", "lfw", "skip", "skip"]


def test_an_empty_choice_chooses_nothing(tmp_path):
    assert chosen_for(tmp_path, read_choice("", tmp_path, KINDS)) == ""


def test_a_folders_name_may_contain_the_equals_sign(tmp_path):
    (tmp_path / "beta=1").mkdir()
    assert chosen_for(tmp_path / "beta=1", read_choice("beta=1=lfw", tmp_path, KINDS)) == "lfw"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("lfv", "found 'lfv'; needs KIND or FOLDER=KIND of lfw, skip; did you mean 'lfw'?"),
        ("a=", "found ''; needs KIND or FOLDER=KIND of lfw, skip"),
        ("b=lfw", "found no folder 'b' in "),
    ],
)
def test_a_mistake_is_an_error_with_the_valid_values(tmp_path, text, message):
    (tmp_path / "a").mkdir()
    with pytest.raises(UserError) as error:
        read_choice(text, tmp_path, KINDS)
    assert str(error.value).startswith(f"config.data.layout: {message}")
