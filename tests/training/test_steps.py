"""Training: what a step does, and that a member of a sweep equals its single run."""

import os
import subprocess
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from made_models import numbers_of
from small_runs import small_config, small_dataset, small_spec

from vae_jax.config.sweep_language import expand
from vae_jax.training.batches import block_batches
from vae_jax.training.examples import SplitArrays, TrainData, make_batch, train_data
from vae_jax.training.hyperparameters import hyperparameters_of
from vae_jax.training.member import member_key, merge, split, start
from vae_jax.training.sharding import Layout
from vae_jax.training.spec import spec_of
from vae_jax.training.steps import NEVER, init_state, step_noise, train_block

ONE_BY_ONE = Layout()
DATASET = small_dataset()
DATA = train_data(DATASET)


def trained(config, steps=20, block=5, layout=ONE_BY_ONE, data=DATA):
    """Blocks of one length for most tests: each length is compiled separately."""
    configs = expand(config)
    spec, members = spec_of(configs, DATASET), hyperparameters_of(configs, steps_per_epoch=5)
    state = init_state(spec, layout, members)
    for _ in range(steps // block):
        state, metrics = train_block(spec, layout, block, data, members, state)
    return state, metrics


def cut_to(small, large):
    """The first units of every array, as many as the smaller model has."""
    return jax.tree.map(lambda a, b: b[tuple(slice(n) for n in a.shape)], small, large)


def member(tree, k):
    return jax.tree.map(lambda leaf: np.asarray(leaf[k]), tree)


def same(a, b):
    return all(np.array_equal(x, y) for x, y in zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True))


@pytest.mark.slow
def test_every_array_of_the_state_has_a_members_axis():
    state, metrics = trained(small_config(sweep=("seed=0,1,2",)))
    assert {leaf.shape[0] for leaf in jax.tree.leaves((state, metrics))} == {3}
    assert state.step.tolist() == [20, 20, 20]


GRID = ("beta_kl=0.5,1,4", "latent_dim=2,5", "seed=1,2")


def agree(a, b):
    """To 1e-5 of each array's largest number."""
    for ours, theirs in zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-5 * np.abs(theirs).max())


def identical(a, b):
    assert same(a, b)


# Compiled quickly, members of one program and of another round differently.
as_close_as_can_be = pytest.mark.parametrize(
    "compare", [pytest.param(agree, marks=pytest.mark.slow), pytest.param(identical, marks=pytest.mark.optimised)]
)


def together_and_alone(**sections):
    """Each member of the grid: its settings, and its state and metrics in a run of all and in one of its own."""
    grid = small_config(sweep=GRID, **sections)
    together = trained(grid, steps=200)
    assert together[0].step.shape == (12,)
    for k, alone in enumerate(expand(grid)):
        expected = tuple(member(tree, 0) for tree in trained(alone, steps=200))
        yield alone, cut_to(expected, tuple(member(tree, k) for tree in together)), expected


@pytest.mark.slow
def test_a_member_equals_its_single_run():
    for _, (state, metrics), (expected, losses) in together_and_alone():
        agree(state.params, expected.params)
        agree(metrics, losses)


@pytest.mark.optimised
def test_the_largest_member_equals_its_single_run_to_the_bit():
    """In a process that compiles as users do."""
    tests = Path(__file__).parents[1]
    env = {name: value for name, value in os.environ.items() if name != "XLA_FLAGS"}
    env["PYTHONPATH"] = os.pathsep.join([str(tests.parent), str(tests)])
    done = subprocess.run(
        [sys.executable, str(tests / "together_and_alone.py")], env=env, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [f"{k} to the bit" for k in (2, 3, 6, 7)]


@pytest.mark.optimised
@pytest.mark.parametrize("sampling", ["shuffle", "replacement"])
def test_the_largest_member_equals_its_single_run_to_the_bit_with_either_sampling(sampling):
    for alone, found, expected in together_and_alone(data={"sampling": sampling}):
        if alone.model.latent_dim == 5:
            assert same(found, expected), alone
        agree(found[0].params, expected[0].params)
        agree(found[1], expected[1])


@as_close_as_can_be
def test_each_member_has_its_own_learning_rate_and_warmup(compare):
    grid = small_config(sweep=("learning_rate=0.001,0.01", "warmup_steps=5,50"), objective={"warmup": "linear"})
    together, _ = trained(grid)
    for k, alone in enumerate(expand(grid)):
        compare(member(together.params, k), member(trained(alone)[0].params, 0))


@pytest.mark.slow
@pytest.mark.parametrize("at_once", [2, 5, 12])
def test_members_at_once_equal_their_single_runs_to_float_tolerance(at_once):
    grid = small_config(sweep=GRID)
    together, _ = trained(grid, steps=200, layout=Layout(at_once))
    for k, alone in enumerate(expand(grid)):
        expected = member(trained(alone, steps=200)[0].params, 0)
        agree(cut_to(expected, member(together.params, k)), expected)


def test_unused_units_stay_zero():
    state, _ = trained(small_config(sweep=("latent_dim=2,5",)))
    first = state.params["model"]["decoder"]["stem"]["layer"]["kernel"]
    assert not first[0, 2:].any()
    assert first[1, 2:].any()


@pytest.mark.slow
def test_unused_units_are_not_charged_free_bits():
    grid = small_config(sweep=("latent_dim=2,5",), objective={"free_bits": 0.7})
    _, together = trained(grid)
    _, alone = trained(expand(grid)[0])
    agree(member(together, 0), member(alone, 0))
    assert together["kl"][0] > together["rate"][0]


@as_close_as_can_be
def test_a_member_with_a_non_finite_loss_stops_and_the_others_finish(compare):
    grid = small_config(sweep=("learning_rate=0.001,1e30",))
    state, metrics = trained(grid, block=20)
    assert state.failed[0] == NEVER
    assert 0 < state.failed[1] < 20
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(state.params))
    assert np.isfinite(metrics["loss"]).all()
    steps = int(state.failed[1])
    before, _ = trained(expand(grid)[1], steps, block=steps)
    compare(member(state.params, 1), member(before.params, 0))
    alone, _ = trained(small_config())
    compare(member(state.params, 0), member(alone.params, 0))


@pytest.mark.slow
def test_a_block_after_the_failure_has_no_metrics():
    _, metrics = trained(small_config(sweep=("learning_rate=0.001,1e30",)))
    assert np.isfinite(metrics["loss"][0])
    assert np.isnan(metrics["loss"][1])


@pytest.mark.optimised
def test_the_length_of_blocks_does_not_change_the_run():
    assert same(trained(small_config(), block=20)[0], trained(small_config(), block=5)[0])


@pytest.mark.slow
def test_different_seeds_differ_from_the_first_step():
    state, _ = trained(small_config(sweep=("seed=0,1",)), steps=1, block=1)
    assert not same(member(state.params, 0), member(state.params, 1))


def test_batches_are_drawn_from_the_sampling_indices():
    """Sampling indices of one image only equal a data set of that image only."""
    one = jnp.full_like(DATA.draws, 3)
    ours, _ = trained(small_config(), data=TrainData(DATA.split, one))
    same_images = SplitArrays(DATA.split.images[one], DATA.split.labels[one])
    theirs, _ = trained(small_config(), data=TrainData(same_images, DATA.draws))
    assert same(ours, theirs)
    assert not same(ours, trained(small_config())[0])


@pytest.mark.parametrize("sampling", ["shuffle", "replacement"])
def test_a_step_is_adam_on_the_gradient_of_the_loss(sampling):
    """One step against Optax's own Adam on a loss written out here, of logits and of normal posteriors."""
    config = small_config(data={"sampling": sampling}, objective={"beta_kl": 0.7})
    spec, zero = spec_of([config], DATASET), jnp.int32(0)
    state, metrics = trained(config, steps=1, block=1)
    params, variables = split(start(spec, numbers_of(spec)))
    key = member_key(jnp.uint32(0))
    noise = step_noise(spec, ONE_BY_ONE, key, zero)
    x = make_batch(spec, DATA.split, DATA.draws[block_batches(spec, 1, key, zero)[0]], noise).x

    def loss(params):
        model = merge(spec, params, variables).model
        q = model.posterior_of(x, None)
        z = q.mu + q.sigma * noise.normal("latents", model.units)
        logits = model.decoder(z, None)
        recon = jnp.sum(jnp.logaddexp(0.0, logits) - x * logits, axis=(1, 2, 3))
        kl = 0.5 * jnp.sum(q.mu**2 + q.sigma**2 - 1 - jnp.log(q.sigma**2), axis=1)
        return jnp.mean(recon + 0.7 * kl)

    value, grads = jax.jit(jax.value_and_grad(loss))(params)
    adam = optax.adam(config.optimiser.learning_rate)
    updates, _ = adam.update(grads, adam.init(params))
    expected = jax.tree.leaves(optax.apply_updates(params, updates))
    for ours, theirs in zip(jax.tree.leaves(member(state.params, 0)), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(metrics["loss"][0], value, rtol=1e-5)


def test_noise_differs_in_every_step_and_shares_make_up_the_whole_batch():
    spec, key = small_spec(), member_key(jnp.uint32(0))
    one, two = (step_noise(spec, ONE_BY_ONE, key, jnp.int32(step)).uniform("a") for step in (0, 1))
    assert one.shape == (spec.batch_size,)
    assert (one != two).all()


@pytest.mark.slow
def test_the_moving_average_follows_the_weights():
    """With a decay of (1 + t) / (10 + t) at step t, until that exceeds the configured one."""
    config = small_config(optimiser={"ema": 0.15, "learning_rate": 0.1})
    states = [trained(config, steps=steps, block=1)[0] for steps in range(1, 4)]
    newest = [member(state.params["model"], 0) for state in states]
    spec = spec_of([config], DATASET)
    expected = split(start(spec, numbers_of(spec)))[0]["model"]
    for decay, new in zip((1 / 10, 0.15, 0.15), newest, strict=True):
        expected = jax.tree.map(lambda old, now, d=decay: d * old + (1 - d) * now, expected, new)
    agree(member(states[2].average["model"], 0), expected)
    agree(member(states[2].weights.params, 0), expected)
    assert not trained(small_config(), steps=5)[0].average


def test_training_lowers_the_loss():
    config = small_config(optimiser={"learning_rate": 0.01})
    _, first = trained(config, steps=5)
    _, later = trained(config, steps=200)
    assert later["loss"][0] < 0.95 * first["loss"][0]


@pytest.mark.slow
def test_the_learned_scale_finds_the_scale_of_the_noise():
    """The data are two constants plus uniform noise of 80 grey levels: sigma = 80 / 255 / sqrt(12) if all fits."""
    config = small_config(model={"likelihood": "gaussian_learned"}, optimiser={"learning_rate": 0.02})
    state, _ = trained(config, steps=600)
    assert float(jnp.exp(state.params["model"]["likelihood"]["log_sigma"][0])) == pytest.approx(
        80 / 255 / 12**0.5, rel=0.1
    )
