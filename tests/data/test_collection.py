"""The data sets of a run's members: each is loaded once."""

import dataclasses

import pytest
from small_runs import small_config, small_dataset

from vae_jax.config.sweep_language import expand
from vae_jax.data import collection
from vae_jax.data.collection import load_collection


@pytest.fixture
def asked(monkeypatch):
    """Make `load` return squares under the requested name, and record the requests."""
    asked = []

    def load(data, given):
        asked.append((data.name, data.contrast))
        return dataclasses.replace(
            small_dataset(), name=data.name, notice="drawn" if data.name == "drawn_faces" else ""
        )

    monkeypatch.setattr(collection, "load", load)
    return asked


def filled(*sweep):
    members = expand(small_config(sweep=sweep))
    return members, load_collection(members)


def test_members_with_the_same_images_share_a_data_set(asked):
    members, found = filled("contrast=none,stretch", "levels=255,256", "seed=0,1")
    assert asked == [("dogpeople", "none"), ("dogpeople", "stretch")]
    assert len({id(found.of(member)) for member in members}) == 2
    assert found.of(members[0]) is found.of(members[3]) is not found.of(members[4])


def test_the_collection_has_all_names_and_notices(asked):
    _, found = filled("data.name=digits,drawn_faces", "contrast=none,stretch")
    assert (found.names, found.notice) == ("digits, drawn_faces", "drawn")
    assert filled("seed=0,1")[1].notice == ""
