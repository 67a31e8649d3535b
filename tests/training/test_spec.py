"""What shapes a program, and what does not."""

import dataclasses

import pytest
from small_runs import small_config, small_dataset, small_spec

from vae_jax.config.sweep_language import expand
from vae_jax.core.errors import UserError
from vae_jax.training.spec import check_length, check_names, spec_of, standard_beta_kl

DATASET = small_dataset()


def spec(*sweep, **sections):
    return spec_of(expand(small_config(sweep=sweep, **sections)), DATASET)


@pytest.mark.parametrize(
    "line",
    [
        "seed=0,7", "beta_kl=0.1,3", "free_bits=0,0.5", "warmup=constant,cyclical", "warmup_steps=3,4",
        "learning_rate=0.1,0.2", "schedule=constant,cosine", "rise_steps=0,5", "likelihood_sigma=0.1,0.2",
        "on_nan=stop,skip,restore", "optimisers.adam.b1=0.5,0.6", "clip=1,2", "ema=0.5,0.9",
    ],
)  # fmt: skip
def test_traced_fields_do_not_change_the_spec(line):
    members = expand(small_config(sweep=(line,)))
    assert len({spec_of([member], DATASET) for member in members}) == 1


@pytest.mark.parametrize(
    "line",
    [
        "hidden=(8,)|(4,)", "train.batch_size=5,10", "likelihood=mse,bernoulli", "levels=255,256", "samples=1,2",
        "reduction=nats,blog", "sampling=shuffle,replacement", "binarise=none,drawn", "condition=none,labels",
        "optimiser.name=adam,adamw", "clip=0,1", "dtype=float32,bfloat16", "ema=0,0.9",
    ],
)  # fmt: skip
def test_parts_shapes_and_numbers_that_are_off_change_the_spec(line):
    members = expand(small_config(sweep=(line,)))
    assert len({spec_of([member], DATASET) for member in members}) == 2


def test_the_spec_has_the_largest_latent_size():
    assert spec("latent_dim=2,5,3").latent_dim == 5
    assert spec("latent_dim=2,5,3").with_latent_dim(3) == spec("latent_dim=3")


def test_folders_upkeep_and_length_do_not_change_the_spec():
    other = small_config(
        data={"raw_dir": "elsewhere"}, train={"epochs": 9}, checkpoint={"keep": 7}, eval={"every_epochs": 1}
    )
    assert spec_of([other], DATASET) == spec()


def test_settings_of_unused_parts_do_not_change_the_spec():
    assert spec(parts={"posteriors": {"iaf": {"blocks": 7}}}) == spec()
    chosen = [spec(model={"posterior": "iaf"}, parts={"posteriors": {"iaf": {"blocks": n}}}) for n in (1, 2)]
    assert chosen[0] != chosen[1]


def test_properties_of_a_spec():
    found = small_spec(model={"hidden": (9, 7), "latent_dim": 3}, train={"batch_size": 8})
    assert (found.sizes, found.pixels, found.steps_per_pass) == ("36-9-7-3", 36, 6)
    assert (found.batch_size, found.images_per_pass, found.levels, found.classes) == (8, 50, 255, 0)
    assert small_spec(data={"condition": "labels"}).classes == 2


def test_fewer_images_than_a_batch_are_refused():
    assert small_spec(train={"batch_size": 50}).steps_per_pass == 1
    with pytest.raises(UserError, match=r"batch_size: found 51 for 50 training images; needs at most 50"):
        small_spec(train={"batch_size": 51})


def test_the_posts_beta_kl_weighs_batch_times_pixels_as_much_in_nats():
    """1e-4 at batch 32 and 784 pixels weighs about 2.5."""
    blog = small_spec(objective={"reduction": "blog"}, train={"batch_size": 32})
    mnist = dataclasses.replace(blog, image_shape=(28, 28, 1))
    assert standard_beta_kl(1e-4, mnist) == pytest.approx(2.5088)
    assert standard_beta_kl(1e-4, small_spec()) == 1e-4


@pytest.mark.parametrize(
    ("section", "field"),
    [
        ("data", "binarise"), ("model", "name"), ("model", "prior"), ("model", "activation"), ("model", "init"),
        ("objective", "name"), ("objective", "warmup"), ("optimiser", "name"), ("optimiser", "schedule"),
    ],
)  # fmt: skip
def test_an_unknown_part_is_named_with_its_field(section, field):
    with pytest.raises(UserError, match=rf"config\.{section}\.{field}: found 'nothing'; known are "):
        check_names(small_config(**{section: {field: "nothing"}}))


def test_steps_are_counted_in_32_bits():
    config = small_config(train={"epochs": 1000})
    check_length(config, 2_147_483)
    with pytest.raises(UserError, match=r"config\.train\.epochs: found 1,000, of 2,147,484 steps each; needs at most"):
        check_length(config, 2_147_484)
