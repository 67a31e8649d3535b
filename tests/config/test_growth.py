"""Whether a run can be continued with other settings."""

import dataclasses

import pytest

from vae_jax.config.growth import growth_faults
from vae_jax.config.schema import Config, LogConfig


def config(*lines, epochs=20, **objective):
    base = Config()
    return dataclasses.replace(
        base,
        sweep=lines,
        train=dataclasses.replace(base.train, epochs=epochs),
        objective=dataclasses.replace(base.objective, **objective),
    )


def drawn(config, figure_members):
    return dataclasses.replace(config, eval=dataclasses.replace(config.eval, figure_members=figure_members))


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (config(), config()),
        (config(), config("seed=0,1")),
        (config("seed=0,1"), config("seed=range(5)", "beta_kl=1,2")),
        (config("beta_kl=1,4"), config("beta_kl=0.5,1,2,4")),
        (config("beta_kl=geom(1,1000,4)"), config("beta_kl=1,10,100,1000,10000")),
        (config("beta_kl=1,9.999999999999998"), config("beta_kl=1,10,100")),
        (config("learning_rate=0.1,0.30000000000000004"), config("learning_rate=linspace(0.1,0.5,5)")),
        (config(), config(epochs=40)),
        (config("seed=0,1"), config("seed=0,1,2", epochs=21)),
        (config(warmup="linear", warmup_steps=100), config(warmup="linear", warmup_steps=100, epochs=40)),
        (config("seed=0,1", warmup="linear"), config("seed=0,1,2", warmup="linear")),
        (config("seed=0,1"), drawn(config("seed=0,1,2"), 7)),
        (config(), drawn(config(), 0)),
    ],
)
def test_a_run_may_gain_members_and_epochs_and_pictures(before, now):
    assert growth_faults(before, now) == []


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        (config("seed=0,1"), config("seed=0"), "lacks 1 of its members"),
        (config("seed=0,1"), config(), "lacks 1 of its members"),
        (config("seed=1,2"), config("seed=2,3,4"), "lacks 1 of its members"),
        (config(epochs=20), config(epochs=10), "train.epochs: 20 -> 10"),
        (config(), config(beta_kl=2.0), "objective.beta_kl: 1.0 -> 2.0"),
        (config(warmup="linear"), config(warmup="linear", epochs=40), "would move the warm-up"),
        (config(warmup="delayed", warmup_steps=9), config(warmup="delayed", warmup_steps=9, epochs=40), "the warm-up"),
    ],
)
def test_other_changes_prevent_continuing_a_run(before, now, said):
    faults = growth_faults(before, now)
    assert said in "; ".join(faults)


def test_logged_moments_cannot_change_with_on_nan_restore():
    base, often = Config(), LogConfig(every_steps=5)
    assert growth_faults(base, dataclasses.replace(base, log=often)) == []
    before = dataclasses.replace(base, sweep=("on_nan=stop,restore",))
    (fault,) = growth_faults(before, dataclasses.replace(before, log=often))
    assert fault.startswith("log.every_steps: 0 -> 5, and on_nan=restore goes back")


def test_members_with_data_in_different_folders_stay_distinct():
    """Each is a member of its own, until they are moved."""
    before = config("raw_dir=A,B")
    assert growth_faults(before, config("raw_dir=A2,B2", "seed=0,1")) == []
    assert "lacks 1 of its members" in growth_faults(before, config("raw_dir=A"))[0]


def falling(epochs, **optimiser):
    base = config(epochs=epochs)
    return dataclasses.replace(base, optimiser=dataclasses.replace(base.optimiser, **optimiser))


def test_more_epochs_are_refused_if_the_learning_rate_decays_over_the_whole_run():
    (said,) = growth_faults(falling(20, schedule="cosine"), falling(30, schedule="cosine"))
    assert said.startswith("train.epochs: more of them would move the fall of the learning rate")
    set_by_hand = {"schedule": "cosine", "schedule_steps": 100}
    assert not growth_faults(falling(20, **set_by_hand), falling(30, **set_by_hand))
    assert not growth_faults(falling(20), falling(30))
