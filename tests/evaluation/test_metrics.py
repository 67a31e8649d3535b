"""The metrics of a split: against values worked out by hand, and whatever the batch."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from made_models import linear_params, linear_program, of_members
from small_runs import small_config, small_dataset, small_spec

from vae_jax.evaluation.metrics import split_metrics
from vae_jax.sweep_language import expand
from vae_jax.training.devices import Layout
from vae_jax.training.hyperparameters import hyperparameters_of
from vae_jax.training.steps import init_state

IMAGES = jnp.asarray(small_dataset().test.images)
PIXELS = 36


def members(*sweep, **sections):
    return hyperparameters_of(expand(small_config(sweep=sweep, **sections)), steps_per_epoch=5)


def judged(program, params, images=IMAGES, batch=4, who=None, step=0):
    who = members(model={"latent_dim": program.model.latent_dim}) if who is None else who
    metrics = split_metrics(program, Layout(), batch, images, who, params, jnp.full(who.seed.shape, step, jnp.int32))
    return {name: np.asarray(value, float) for name, value in metrics._asdict().items()}


def test_rate_is_the_divergence_of_the_posterior_and_distortion_the_gaussians_cost():
    """The encoder says N(0.5, 0.3²) of each of 3 units, the decoder the same grey, whatever they are given."""
    program = linear_program(latent=3, sigma=0.2)
    found = judged(program, of_members(linear_params(program, mu=0.5, sigma=0.3, output=1.0)))
    error = np.asarray(IMAGES, float) / 255 - 1 / (1 + math.exp(-1))
    cost = 0.5 * (error / 0.2) ** 2 + math.log(0.2) + 0.5 * math.log(2 * math.pi)
    assert found["distortion"][0] == pytest.approx(cost.sum(axis=(1, 2, 3)).mean(), rel=1e-5)
    assert found["rate"][0] == pytest.approx(3 * 0.5 * (0.5**2 + 0.3**2 - 1 - math.log(0.3**2)), rel=1e-5)


def test_latents_are_drawn_from_the_posterior():
    """A decoder that is linear to a thousandth: the mean squared error is slope² / 16 * E[z²], and x = 1/2 exactly."""
    program = linear_program(levels=256, reduction="blog")
    images = jnp.full((4000, 6, 6, 1), 128, jnp.uint8)
    params = of_members(linear_params(program, mu=1.0, sigma=0.5, slope=0.2))
    found = judged(program, params, images, batch=1000)
    assert found["recon"][0] == pytest.approx(0.5 * 0.2**2 / 16 * (1.0**2 + 0.5**2), rel=0.06)


@pytest.mark.parametrize("batch", [1, 3, 64])
def test_the_batch_size_changes_nothing(batch):
    program = small_spec()
    params = init_state(program, Layout(), members()).params
    assert len(IMAGES) == 10
    few, all_at_once = judged(program, params, batch=batch), judged(program, params, batch=5)
    for name, value in all_at_once.items():
        np.testing.assert_allclose(few[name], value, rtol=1e-5, err_msg=name)


def test_the_same_model_is_judged_the_same_every_time():
    program = small_spec()
    params = init_state(program, Layout(), members()).params
    assert judged(program, params) == judged(program, params)


def test_each_image_and_each_seed_has_noise_of_its_own():
    program = linear_program()
    params = of_members(linear_params(program, slope=2.0))
    twice = of_members(*[jax.tree.map(lambda leaf: leaf[0], params)] * 2)
    by_seed = judged(program, twice, who=members("seed=0,1"))["distortion"]
    assert by_seed[0] != by_seed[1]
    same = jnp.full((2, 6, 6, 1), 100, jnp.uint8)
    assert judged(program, params, same)["distortion"] != judged(program, params, same[:1])["distortion"]


def test_a_member_is_judged_as_it_would_be_alone():
    program, who = small_spec(), members("beta_kl=1,2", "seed=3,4")
    params = init_state(program, Layout(), who).params
    together = judged(program, params, who=who)
    for k in range(4):
        one = jax.tree.map(lambda leaf, k=k: leaf[k : k + 1], (who, params))
        alone = judged(program, one[1], who=one[0])
        assert {name: value[k] for name, value in together.items()} == {name: v[0] for name, v in alone.items()}


@pytest.mark.parametrize("reduction", ["nats", "blog"])
def test_the_loss_weighs_kl_as_training_does_and_the_elbo_never_weighs_it(reduction):
    program = small_spec(objective={"reduction": reduction})
    who = members("beta_kl=3", objective={"warmup": "linear", "warmup_steps": 8})
    params = init_state(program, Layout(), who).params
    found = judged(program, params, who=who, step=4)
    assert found["beta_kl"] == pytest.approx(1.5)
    np.testing.assert_allclose(found["loss"], found["recon"] + 1.5 * found["kl"], rtol=1e-6)
    np.testing.assert_allclose(found["elbo"], -(found["distortion"] + found["rate"]), rtol=1e-6)
    later = judged(program, params, who=who, step=100)
    assert later["beta_kl"] == pytest.approx(3)
    assert later["elbo"] == found["elbo"]
