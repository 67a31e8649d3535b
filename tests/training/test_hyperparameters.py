"""The hyperparameters of members, as arrays by the names of their fields."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from small_runs import small_config, small_dataset

from vae_jax.config.fields import field_of
from vae_jax.config.sweep_language import expand
from vae_jax.core.units import Units
from vae_jax.schedules.warmups import SCHEDULES
from vae_jax.training.hyperparameters import bound, hyperparameters_of, units_of
from vae_jax.training.spec import spec_of

DATASET = small_dataset()


def both(*sweep, steps_per_epoch=5, **sections):
    configs = expand(small_config(sweep=sweep, **sections))
    return spec_of(configs, DATASET), configs, hyperparameters_of(configs, steps_per_epoch)


def test_each_hyperparameter_has_a_members_axis():
    _, configs, numbers = both("beta_kl=0.1,4", "latent_dim=2,5", "seed=0,4294967295")
    assert {leaf.shape for leaf in numbers.values()} == {(8,)}
    for name in ("objective.beta_kl", "model.latent_dim", "seed"):
        expected = np.asarray([field_of(config, name) for config in configs], numbers[name].dtype)
        np.testing.assert_array_equal(numbers[name], expected)
    assert numbers["seed"].dtype == np.uint32


def test_choices_become_indices():
    _, _, numbers = both("warmup=linear,cyclical", "on_nan=stop,restore")
    names = list(SCHEDULES)
    assert [names[place] for place in numbers["objective.warmup"]] == ["linear", "linear", "cyclical", "cyclical"]
    assert numbers["train.on_nan"].tolist() == [0, 2, 0, 2]


def test_lengths_relative_to_the_run_become_steps():
    """4 epochs of 5 steps: half of them, all of them, and all after a rise of 3."""
    warmups = {"warmup": "linear"}
    _, _, numbers = both("warmup_steps=0,7", objective=warmups, optimiser={"schedule": "cosine", "rise_steps": 3})
    assert numbers["objective.warmup_steps"].tolist() == [10, 7]
    assert numbers["optimiser.schedule_steps"].tolist() == [17, 17]


def test_only_chosen_parts_have_hyperparameters_and_numbers_that_are_off_are_left_out():
    _, _, plain = both()
    assert "optimisers.adam.b1" in plain
    assert not any(name.startswith("optimisers.adamw.") for name in plain)
    assert not {"optimiser.clip", "optimiser.ema"} & set(plain)
    _, _, other = both(optimiser={"name": "adamw", "clip": 2.0})
    assert other["optimiser.clip"].tolist() == [2]
    assert "optimisers.adamw.weight_decay" in other
    assert "optimisers.adam.b1" not in other


@pytest.mark.parametrize("member", range(4))
def test_bound_settings_hold_the_members_hyperparameters(member):
    spec, configs, numbers = both(
        "beta_kl=0.5,2", "optimisers.adam.b1=0.5,0.75", optimiser={"clip": 3.0}, objective={"warmup_steps": 4}
    )
    seen = []

    @jax.jit
    def inside(numbers):
        settings = bound(spec.settings, numbers)
        seen.append(settings)
        return [
            settings.objective.beta_kl,
            dict(settings.parts.changed)["optimisers", "adam"].b1,
            settings.optimiser.clip,
        ]

    found = inside(jax.tree.map(lambda leaf: leaf[member], numbers))
    adam = dict(configs[member].parts.changed)["optimisers", "adam"]
    assert [float(value) for value in found] == [configs[member].objective.beta_kl, adam.b1, 3.0]
    (settings,) = seen
    assert settings.model.latent_dim == spec.latent_dim
    static = dataclasses.replace(configs[member].model, likelihood_sigma=settings.model.likelihood_sigma)
    assert settings.model == static


def test_units_are_those_of_the_member_within_its_program():
    spec, _, numbers = both("latent_dim=2,5")
    first = units_of(spec, jax.tree.map(lambda leaf: leaf[0], numbers))
    assert (first.size, int(first.count)) == (5, 2)
    assert isinstance(first, Units)
    assert first.mask.tolist() == jnp.array([1, 1, 0, 0, 0], bool).tolist()
