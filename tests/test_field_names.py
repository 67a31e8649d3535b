"""Fields of a config by their names."""

import dataclasses

from vae_jax.config import Config
from vae_jax.field_names import differences, leaf_fields, short_name


def test_differences_name_every_field_that_differs():
    other = dataclasses.replace(Config(), seed=3, train=dataclasses.replace(Config().train, epochs=7))
    assert list(differences(Config(), other)) == ["seed: 0 -> 3", "train.epochs: 20 -> 7"]
    assert not list(differences(Config(), Config()))


def test_a_short_name_says_which_field_is_meant():
    assert [short_name(name) for name in ("seed", "objective.beta_kl", "data.name", "train.batch_size")] == [
        "seed",
        "beta_kl",
        "data.name",
        "train.batch_size",
    ]


def test_every_field_has_a_full_name():
    assert {"seed", "sweep", "model.latent_dim", "objective.beta_kl"} <= set(leaf_fields())
