"""Fields of a config by their names."""

import dataclasses

from vae_jax.config.checks import Role
from vae_jax.config.fields import adopt, differences, fields_of, leaf_fields, named, short_name
from vae_jax.config.schema import Config


def test_differences_name_every_field_that_differs():
    other = dataclasses.replace(Config(), seed=3, train=dataclasses.replace(Config().train, epochs=7))
    assert list(differences(Config(), other)) == ["seed: 0 -> 3", "train.epochs: 20 -> 7"]
    assert not list(differences(Config(), Config()))


def test_a_config_adopts_the_fields_that_are_named():
    other = dataclasses.replace(Config(), seed=3, data=dataclasses.replace(Config().data, raw_dir="A", levels=256))
    adopted = adopt(Config(), other, ["data.raw_dir", "seed"])
    assert list(differences(Config(), adopted)) == ["seed: 0 -> 3", "data.raw_dir: '' -> 'A'"]
    assert adopt(Config(), other, leaf_fields()) == other


def test_every_field_has_one_role():
    fields = [name for role in Role for name in fields_of(role)]
    assert sorted(fields) == sorted(leaf_fields())
    assert fields_of(Role.PLACE) == ["data.raw_dir", "data.prepared_dir", "data.tfds_dir", "data.layout"]
    assert set(fields_of(Role.EXTENT)) == {"sweep", "train.epochs"}
    other = dataclasses.replace(Config(), seed=3, data=dataclasses.replace(Config().data, raw_dir="A"))
    assert list(differences(Config(), other, Role.PLACE, Role.UPKEEP)) == ["data.raw_dir: '' -> 'A'"]


def test_a_short_name_says_which_field_is_meant():
    assert [short_name(name) for name in ("seed", "objective.beta_kl", "data.name", "train.batch_size")] == [
        "seed",
        "beta_kl",
        "data.name",
        "train.batch_size",
    ]


def test_every_field_has_a_full_name():
    assert {"seed", "sweep", "model.latent_dim", "objective.beta_kl"} <= set(leaf_fields())


def test_settings_of_parts_have_short_names_if_no_other_field_has_them():
    assert {"posteriors.iaf.blocks", "optimisers.adam.b1"} <= set(leaf_fields())
    assert short_name("posteriors.iaf.blocks") == "blocks"
    assert named("blocks") == ["posteriors.iaf.blocks"]
    assert named("hidden") == ["model.hidden"]  # of a ladder and of a critic too
    assert short_name("models.ladder.hidden") == "models.ladder.hidden"
    assert short_name("model.hidden") == "hidden"
    assert len(named("b1")) > 1
    assert short_name("optimisers.adam.b1") == "optimisers.adam.b1"
