"""VampPrior: a mixture of the posteriors of its pseudo-inputs."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from small_models import small_model, training_noise
from small_runs import small_config, small_dataset

from vae_jax.core.errors import UserError
from vae_jax.training.examples import split_arrays
from vae_jax.training.hyperparameters import hyperparameters_of
from vae_jax.training.sharding import Layout
from vae_jax.training.spec import spec_of
from vae_jax.training.steps import init_state

VAMP = {"model": {"prior": "vamp"}, "parts": {"priors": {"vamp": {"components": 4}}}}
DATA = small_dataset()


@pytest.mark.slow
@pytest.mark.parametrize("condition", [0, 2])
def test_its_components_are_the_posteriors_of_pictures_that_are_learned(condition):
    model = small_model(condition=condition, **VAMP)
    p = model.prior(model, None)
    pictures = jax.nn.sigmoid(model.prior.pseudo_inputs[...])
    told = jax.nn.softmax(model.prior.told[...]) if condition else None
    q = model.posterior_of(pictures, told)
    np.testing.assert_allclose(p.components.mu, q.mu, rtol=1e-6)
    assert p.components.mu.shape == (4, 3)
    assert float(pictures.min()) > 0
    assert float(pictures.max()) < 1


def test_the_gradient_of_its_density_reaches_the_pseudo_inputs_and_the_encoder():
    graph, params, others = nnx.split(small_model(**VAMP), nnx.Param, ...)

    @jax.jit
    @jax.grad
    def slopes(params):
        model = nnx.merge(graph, params, others)
        return jnp.sum(model.prior(model, None).log_prob(jnp.ones((2, 3))))

    found = slopes(params)
    assert np.any(found["prior"]["pseudo_inputs"][...] != 0)
    assert np.any(found["encoder"]["layers"]["layers"][0]["kernel"][...] != 0)


@pytest.mark.parametrize(
    "posterior",
    ["full_gaussian", *(pytest.param(of, marks=pytest.mark.slow) for of in ("coupling", "planar", "von_mises_fisher"))],
)
def test_any_posterior_with_a_density_can_be_mixed(posterior):
    @jax.jit
    def both():
        few = {"priors": {"vamp": {"components": 4}}, "posteriors": {"coupling": {"layers": 1, "width": 4}}}
        model = small_model(model={"prior": "vamp", "posterior": posterior}, parts=few)
        p, q = model.prior(model, None), model.posterior_of(jax.nn.sigmoid(model.prior.pseudo_inputs[...]), None)
        z, log_p = p.sample(training_noise(3), 2)
        return log_p, jnp.mean(jnp.exp(q.log_prob(z[:, :, None])), axis=-1)

    log_p, density = both()
    np.testing.assert_allclose(np.exp(log_p), density, rtol=1e-4)


@pytest.mark.parametrize("posterior", ["iaf", "fsq", "vq"])
def test_a_posterior_without_a_density_at_every_point_in_one_pass_is_refused(posterior):
    def prior():
        model = small_model(model={"prior": "vamp", "posterior": posterior})
        return model.prior(model, None)

    with pytest.raises(UserError, match=r"'vamp', which needs config\.model\.posterior=diagonal_gaussian, or another"):
        jax.eval_shape(prior)


def started(seeds, images=None, **changes):
    """The pseudo-inputs of members as pixels, and their conditions."""
    configs = [small_config(seed=seed, **VAMP, **changes) for seed in seeds]
    spec, numbers = spec_of(configs, DATA), hyperparameters_of(configs, 5)
    prior = init_state(spec, Layout(), numbers, images).params["model"]["prior"]
    return jax.nn.sigmoid(prior["pseudo_inputs"]), jax.nn.softmax(prior.get("told", jnp.zeros(1)))


@pytest.mark.slow
def test_it_starts_from_different_training_images_of_each_members_own_choice():
    images = split_arrays(DATA.train)
    together, told = started([1, 2], images, data={"condition": "labels"})
    known = np.clip(DATA.train.images / 255, 0.02, 0.98)
    away = np.abs(np.asarray(together)[:, :, None] - known).max((-3, -2, -1))
    nearest = away.argmin(-1)
    assert away.min(-1).max() < 0.12, "an image and a little noise"
    assert all(len(set(of_member)) == 4 for of_member in nearest.tolist())
    assert set(nearest[0]) != set(nearest[1])
    np.testing.assert_array_equal(np.argmax(told, -1), DATA.train.labels[nearest])
    for k, seed in enumerate((1, 2)):
        np.testing.assert_array_equal(started([seed], images, data={"condition": "labels"})[0][0], together[k])


@pytest.mark.slow
def test_it_starts_from_images_even_if_there_are_fewer_than_pseudo_inputs():
    few = jax.tree.map(lambda leaf: leaf[:3], split_arrays(DATA.train))
    pictures = started([1], few)[0][0]
    assert len(np.unique(pictures.reshape(4, -1), axis=0)) == 4
    assert np.abs(pictures[:, None] - few.images / 255).max((-3, -2, -1)).min(-1).max() < 0.12
