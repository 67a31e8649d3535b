"""What holds for every registered part, the strangers' of `tests/extensions` among them.

A new part is tested here by being registered. Every day a few small programs train as many parts together as fit; the
slow tests add the other parts, with evaluation, and the parts that go with no others; the release tests take each part
alone, to the bit.
"""

import dataclasses
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import strangers
from slow_cases import slow_after
from small_runs import small_config, small_dataset

from vae_jax.config.parts import chosen_parts
from vae_jax.config.schema import Config
from vae_jax.core.errors import UserError
from vae_jax.core.registry import KINDS, registry_of
from vae_jax.evaluation.metrics import split_metrics
from vae_jax.training.examples import split_arrays, train_data
from vae_jax.training.hyperparameters import hyperparameters_of
from vae_jax.training.sharding import Layout
from vae_jax.training.spec import spec_of, without_latent_dim
from vae_jax.training.steps import NEVER, init_state, train_block

DATA = small_dataset()
BLOCK = 3  # steps
LARGEST, SMALLER = 3, 2  # latent units
CHOICES = {
    kind: strangers.names_of(kind) for kind, of in KINDS.items() if of.trains and kind not in ("source", "contrast")
}
MEETING = ("model", "posterior", "prior", "objective")  # which may not go together
DEFAULTS = chosen_parts(Config())


def chosen(parts):
    """A small config with some parts, by kind."""
    least = getattr(registry_of("objective")[parts.get("objective", "elbo")], "least_samples", 1)
    config = small_config(
        model={"hidden": (8,), "latent_dim": SMALLER},
        objective={"samples": 1 if least == 1 else 2 * least},
        parts={
            "encoders": {"conv": {"widths": (4, 5)}},
            "decoders": {"conv": {"widths": (5, 4)}},
            "posteriors": {"coupling": {"layers": 2, "width": 6}, "planar": {"layers": 2}},
            "priors": {"flow": {"layers": 2, "width": 6}, "vamp": {"components": 5}},
        },
    )
    for kind, name in parts.items():
        section, last = KINDS[kind].field.split(".")
        changed = dataclasses.replace(getattr(config, section), **{last: name})
        config = dataclasses.replace(config, **{section: changed})
    return config


def fits(parts):
    """Whether some parts make a program, the others being the defaults."""
    config = chosen(parts)
    spec, numbers, data = spec_of([config], DATA), hyperparameters_of([config], 5), train_data(DATA)
    try:
        state = jax.eval_shape(partial(init_state, spec, Layout()), numbers)
        jax.eval_shape(partial(train_block, spec, Layout(), BLOCK), data, numbers, state)
    except UserError:
        return False
    return True


def fitting(kind, name):
    """A part with the defaults, or with another posterior or prior where it doesn't fit with them."""
    others = [{}, *({of: other} for of in ("posterior", "prior") if of != kind for other in CHOICES[of])]
    return next(parts for other in others if fits(parts := {kind: name, **other}))


def together(parts):
    """Those of some parts that make one program, the others being the defaults."""
    found = {}
    for kind, name in parts.items():
        # A model of several levels lays their units side by side: what an objective has for each unit lies in
        # other places there than alone, where the lower level has fewer units.
        if kind != "model" and name != DEFAULTS[kind] and fits(found | {kind: name}):
            found[kind] = name
    return found


def of_every_kind(k):
    """The k-th part of every kind, from the first again where there are fewer; those that may not meet, once each."""
    here = {kind: names[k % len(names)] for kind, names in CHOICES.items()}
    meeting = {kind: here[kind] for kind in MEETING if k < len(CHOICES[kind])}
    return {kind: name for kind, name in here.items() if kind not in MEETING} | together(meeting)


def members(config):
    """Two members that train well, the smaller one first, and one whose weights leave the numbers at once."""
    is_traced = without_latent_dim(config) != config
    sizes = (SMALLER, LARGEST if is_traced else SMALLER)
    well = [
        dataclasses.replace(config, seed=seed, model=dataclasses.replace(config.model, latent_dim=size))
        for seed, size in enumerate(sizes)
    ]
    return [*well, dataclasses.replace(well[1], optimiser=dataclasses.replace(well[1].optimiser, learning_rate=3e38))]


def trained(configs, blocks=2):
    """The states after each of some blocks, as arrays of NumPy."""
    spec, numbers, data = spec_of(configs, DATA), hyperparameters_of(configs, 5), train_data(DATA)
    state, kept = init_state(spec, Layout(), numbers), []
    for _ in range(blocks):
        state, metrics = train_block(spec, Layout(), BLOCK, data, numbers, state)
        kept.append(jax.device_get(state))
    assert np.isfinite(metrics["loss"][: len(configs[:2])]).all()
    return kept


def cut(state, k, like):
    """A member's arrays, cut to the shapes of it alone."""
    return jax.tree.map(lambda own, all_: all_[k][tuple(map(slice, own.shape[1:]))], like, state)


def same_bits(one, other):
    jax.tree.map(np.testing.assert_array_equal, one, other)


def close(found, expected):
    """To 2e-5 of each array's largest number: importance weights enlarge the rounding of a flow."""

    def compare(path, ours, theirs):
        largest = max(np.abs(theirs).max(initial=0), 1e-12)
        np.testing.assert_allclose(
            ours / largest, theirs / largest, atol=2e-5, rtol=0, err_msg=jax.tree_util.keystr(path)
        )

    jax.tree_util.tree_map_with_path(compare, found, expected)


def check_training(config, *, bits=False):
    """Members equal their runs alone, continue to the same bits, and freeze alone; return their last state."""
    configs = members(config)
    spec, numbers, data = spec_of(configs, DATA), hyperparameters_of(configs, 5), train_data(DATA)
    first, last = trained(configs)
    # A member alone.
    for k in (0, 1) if bits else (0,):
        alone = trained([configs[k]])[-1]
        own = jax.tree.map(lambda leaf: leaf[0], alone)
        if bits and configs[k].model.latent_dim == spec.latent_dim:
            same_bits(cut(last, k, alone), own)
        close(cut(last, k, alone), own)
    # From a saved state on.
    again, _ = train_block(spec, Layout(), BLOCK, data, numbers, jax.tree.map(jnp.asarray, first))
    same_bits(jax.device_get(again), last)
    # Frozen alone, with its variables and the objective's own module.
    assert first.failed[2] != NEVER
    assert (last.failed[:2] == NEVER).all()
    for name in ("params", "variables", "optimiser", "average"):
        same_bits(*(jax.tree.map(lambda leaf: leaf[2], getattr(state, name)) for state in (first, last)))
    return last


def check_all(config, *, bits=False):
    """What `check_training` does, and evaluation in batches of any size."""
    last, configs = check_training(config, bits=bits), members(config)
    spec, numbers = spec_of(configs, DATA), hyperparameters_of(configs, 5)
    test, state = split_arrays(DATA.test), jax.tree.map(jnp.asarray, last)
    whole, parts = (
        split_metrics(spec, Layout(), batch, test, numbers, state.evaluated, state.variables, state.step)
        for batch in (len(DATA.test), 4)
    )
    for name in whole:
        np.testing.assert_allclose(whole[name][:2], parts[name][:2], rtol=1e-5, err_msg=name)


@pytest.fixture(scope="module", autouse=True)
def all_registered():
    with strangers.registered():
        yield


PROGRAMS = range(max(map(len, CHOICES.values())))
DAILY = PROGRAMS[:4]


@pytest.mark.parametrize("k", slow_after(2, reversed(DAILY)))
def test_members_equal_their_runs_alone_continue_and_freeze_alone(k):
    """The k-th part of every kind, as many as go together."""
    check_training(chosen(of_every_kind(k)))


@pytest.mark.slow
@pytest.mark.parametrize("k", [k for k in PROGRAMS if k not in DAILY])
def test_members_keep_all_of_this_and_are_evaluated_in_batches_of_any_size(k):
    check_all(chosen(of_every_kind(k)))


@pytest.mark.slow
def test_parts_that_go_with_no_others_keep_all_of_this():
    seen = [part for k in PROGRAMS for part in of_every_kind(k).items()]
    for kind in MEETING:
        for name in CHOICES[kind]:
            if name != DEFAULTS[kind] and (kind, name) not in seen:
                parts = fitting(kind, name)
                seen += parts.items()
                check_all(chosen(parts))


@pytest.mark.release
@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, names in CHOICES.items() for name in names])
def test_each_part_alone_to_the_bit(kind, name):
    check_all(chosen(fitting(kind, name)), bits=True)
    jax.clear_caches()  # all the parts' programs are more than one process can map
