"""One member inside a program: its modules, split and merged."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from made_models import numbers_of
from small_runs import small_spec

from vae_jax.core.noise import Noise
from vae_jax.training.member import Weights, member_key, merge, model_of, parameters_of, split, start

X = jax.random.uniform(jax.random.key(0), (4, 6, 6, 1))
SPECS = {
    "plain": small_spec(),
    "a learned scale": small_spec(model={"likelihood": "gaussian_learned"}),
    "a codebook": small_spec(model={"posterior": "vq", "prior": "uniform_codes"}),
    "a critic": small_spec(objective={"name": "factor"}),
}


@pytest.mark.slow
@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_split_and_merged_modules_compute_the_same(spec):
    modules = start(spec, numbers_of(spec, seed=3))
    params, variables = split(modules)
    again, alone = merge(spec, params, variables), model_of(spec, Weights(params["model"], variables["model"]))
    assert (again.own is None) == (modules.own is None)
    jax.tree.map(np.testing.assert_array_equal, split(again), (params, variables))
    expected = modules.model.codes(X, None).point
    for model in (again.model, alone):
        np.testing.assert_array_equal(model.codes(X, None).point, expected)


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_parameters_are_counted_without_making_them(spec):
    model = start(spec, numbers_of(spec)).model
    assert parameters_of(spec) == sum(leaf.size for leaf in jax.tree.leaves(nnx.state(model, nnx.Param)))


def test_a_learned_scale_adds_one_parameter():
    assert parameters_of(SPECS["a learned scale"]) == parameters_of(SPECS["plain"]) + 1


def test_all_other_state_is_a_variable():
    """The number of units of every model, and the codebook."""
    _, variables = split(start(SPECS["a codebook"], numbers_of(SPECS["a codebook"])))
    _, plain = split(start(SPECS["plain"], numbers_of(SPECS["plain"])))
    assert len(jax.tree.leaves(variables)) > len(jax.tree.leaves(plain)) == 1


def test_the_weights_depend_only_on_the_seed():
    spec, wider = SPECS["plain"], small_spec(train={"batch_size": 25}, objective={"reduction": "blog"})
    one, same, other = (split(start(s, numbers_of(s, seed=n)))[0] for s, n in ((spec, 1), (wider, 1), (spec, 2)))
    jax.tree.map(np.testing.assert_array_equal, one, same)
    kernels = [leaf for leaf in jax.tree.leaves(one) if leaf.ndim == 2]
    others = [leaf for leaf in jax.tree.leaves(other) if leaf.ndim == 2]
    assert all((a != b).all() for a, b in zip(kernels, others, strict=True))


@pytest.mark.slow
def test_a_member_is_told_how_many_units_it_has():
    spec = small_spec(model={"latent_dim": 5})
    model = start(spec, numbers_of(spec, model__latent_dim=2)).model
    assert model.units.mask.tolist() == [True, True, False, False, False]
    z = model.infer(X, None, Noise(member_key(jnp.uint32(0)), 4), 1).z
    assert not z[..., 2:].any()
    assert z[..., :2].all()
