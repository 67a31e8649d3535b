"""The metrics of a split: against values computed by hand, for any batch size."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from made_models import linear_spec, linear_weights, of_members
from small_runs import small_config, small_dataset, small_spec

from vae_jax.config.sweep_language import expand
from vae_jax.evaluation.metrics import evaluator_of, split_metrics
from vae_jax.training.examples import SplitArrays, split_arrays
from vae_jax.training.groups import group_of
from vae_jax.training.hyperparameters import hyperparameters_of
from vae_jax.training.member import Weights
from vae_jax.training.sharding import Layout
from vae_jax.training.steps import init_state

SPLIT = split_arrays(small_dataset().test)
IMAGES = SPLIT.images
PIXELS = 36


def members(*sweep, **sections):
    return hyperparameters_of(expand(small_config(sweep=sweep, **sections)), steps_per_epoch=5)


def started(spec, who=None):
    """The weights of members before their first step."""
    return init_state(spec, Layout(), members() if who is None else who)


def evaluated(spec, state, images=None, batch=4, who=None, step=0):
    """Metrics of weights, or of a state, with a members axis."""
    if who is None:
        who = members(model={"latent_dim": spec.latent_dim})
    params, variables = (state.params, state.variables)
    if isinstance(state, Weights):
        params, variables = {"model": params}, {"model": variables}
    split = SPLIT if images is None else SplitArrays(images, jnp.zeros(len(images), jnp.int32))
    steps = jnp.full(who["seed"].shape, step, jnp.int32)
    metrics = split_metrics(spec, Layout(), batch, split, who, params, variables, steps)
    return {name: np.asarray(value, float) for name, value in metrics.items()}


@pytest.mark.slow
def test_rate_and_distortion_of_a_known_model():
    """The posterior is N(0.5, 0.3²) in each of 3 units and the decoder's output is constant, for any input."""
    spec = linear_spec(latent=3)
    found = evaluated(spec, of_members(linear_weights(spec, mu=0.5, sigma=0.3, output=1.0, scale=0.2)))
    error = np.asarray(IMAGES, float) / 255 - 1 / (1 + math.exp(-1))
    cost = 0.5 * (error / 0.2) ** 2 + math.log(0.2) + 0.5 * math.log(2 * math.pi)
    assert found["distortion"][0] == pytest.approx(cost.sum(axis=(1, 2, 3)).mean(), rel=1e-5)
    of_unit = 0.5 * (0.5**2 + 0.3**2 - 1 - math.log(0.3**2))
    assert found["rate"][0] == pytest.approx(3 * of_unit, rel=1e-5)
    np.testing.assert_allclose(found["rates"][0], [of_unit] * 3, rtol=1e-5)
    assert found["active_units"] == [0]  # the means are the same for all images


def test_latents_are_drawn_from_the_posterior():
    """A decoder that is linear to a thousandth: the mean squared error is slope² / 16 * E[z²], and x = 1/2 exactly."""
    spec = linear_spec(levels=256, reduction="blog")
    images = jnp.full((4000, 6, 6, 1), 128, jnp.uint8)
    found = evaluated(spec, of_members(linear_weights(spec, mu=1.0, sigma=0.5, slope=0.2)), images, batch=1000)
    assert found["recon"][0] == pytest.approx(0.5 * 0.2**2 / 16 * (1.0**2 + 0.5**2), rel=0.06)


@pytest.mark.slow
@pytest.mark.parametrize("batch", [1, 3, 64])
def test_the_batch_size_changes_nothing(batch):
    spec = small_spec()
    state = started(spec)
    assert len(IMAGES) == 10
    few, all_at_once = evaluated(spec, state, batch=batch), evaluated(spec, state, batch=5)
    for name, value in all_at_once.items():
        np.testing.assert_allclose(few[name], value, rtol=1e-5, err_msg=name)


def test_evaluation_is_deterministic():
    spec = small_spec()
    one, other = evaluated(spec, started(spec)), evaluated(spec, started(spec))
    jax.tree.map(np.testing.assert_array_equal, one, other)


@pytest.mark.slow
def test_each_image_and_each_seed_has_noise_of_its_own():
    spec = linear_spec()
    weights = linear_weights(spec, slope=2.0)
    by_seed = evaluated(spec, of_members(weights, weights), who=members("seed=0,1"))["distortion"]
    assert by_seed[0] != by_seed[1]
    same = jnp.full((2, 6, 6, 1), 100, jnp.uint8)
    one = of_members(weights)
    assert evaluated(spec, one, same)["distortion"] != evaluated(spec, one, same[:1])["distortion"]


@pytest.mark.slow
def test_a_member_is_evaluated_as_it_would_be_alone():
    spec, who = small_spec(), members("beta_kl=1,2", "seed=3,4")
    state = started(spec, who)
    together = evaluated(spec, state, who=who)
    for k in range(4):
        one = jax.tree.map(lambda leaf, k=k: leaf[k : k + 1], (who, state))
        alone = evaluated(spec, one[1], who=one[0])
        for name, value in together.items():
            np.testing.assert_array_equal(value[k], alone[name][0], err_msg=name)


def test_a_member_of_fewer_units_is_evaluated_as_a_model_of_its_own_size():
    who = members("latent_dim=2,5")
    small, large = small_spec(), small_spec(model={"latent_dim": 5})
    together = evaluated(large, started(large, who), who=who)
    alone = evaluated(small, started(small), who=members())
    for name, value in alone.items():
        used = together[name][0][:2] if name == "rates" else together[name][0]
        np.testing.assert_allclose(used, value[0], rtol=1e-5, err_msg=name)
    np.testing.assert_array_equal(together["rates"][0, 2:], 0)


@pytest.mark.parametrize("reduction", ["nats", "blog"])
def test_the_loss_has_the_training_weight_of_the_kl_and_the_elbo_has_weight_1(reduction):
    spec = small_spec(objective={"reduction": reduction})
    who = members("beta_kl=3", objective={"warmup": "linear", "warmup_steps": 8})
    state = started(spec, who)
    found = evaluated(spec, state, who=who, step=4)
    assert found["beta_kl"] == pytest.approx(1.5)
    np.testing.assert_allclose(found["loss"], found["recon"] + 1.5 * found["kl"], rtol=1e-6)
    np.testing.assert_allclose(found["elbo"], -(found["distortion"] + found["rate"]), rtol=1e-6)
    later = evaluated(spec, state, who=who, step=100)
    assert later["beta_kl"] == pytest.approx(3)
    assert later["elbo"] == found["elbo"]


def test_the_average_of_the_weights_is_evaluated_if_there_is_one():
    config = small_config(optimiser={"ema": 0.9})
    group = group_of("group_0", [(0, config)], small_dataset())
    who = hyperparameters_of([config], steps_per_epoch=5)
    state = init_state(group.spec, Layout(), who)
    other = init_state(group.spec, Layout(), members("seed=7"))
    evaluate = evaluator_of(group, Layout(), small_dataset())
    swapped = evaluate(who, state._replace(params=other.params))
    assert float(swapped["test"]["loss"][0]) == float(evaluate(who, state)["test"]["loss"][0])
    averaged = evaluate(who, state._replace(average={"model": other.params["model"]}))
    assert float(averaged["test"]["loss"][0]) != float(swapped["test"]["loss"][0])
