"""Models whose weights are set by hand, so that what they do can be calculated."""

import math

import jax
import jax.numpy as jnp
from small_runs import small_config, small_spec

from vae_jax.core.units import Units
from vae_jax.models.contracts import Build
from vae_jax.training.hyperparameters import hyperparameters_of
from vae_jax.training.member import Weights, split, start


def build(image_shape=(5, 4, 1), count=None, features=0, **model):
    """What a part is built with: fields of the model's settings, of which the member has `count` latent units."""
    config = small_config(model=model)
    size = config.model.latent_dim
    return Build(config, image_shape, Units(size, size if count is None else count), features=features)


def linear_spec(latent=1, likelihood="gaussian", levels=255, reduction="nats"):
    """The spec of a model without hidden layers."""
    model = {"hidden": (), "latent_dim": latent, "likelihood": likelihood}
    return small_spec(model=model, objective={"reduction": reduction}, data={"levels": levels})


def numbers_of(spec, **settings):
    """The numbers of a member: the spec's defaults, some replaced by full names with `__` for dots."""
    numbers = {name: value[0] for name, value in hyperparameters_of([spec.settings], 5).items()}
    changed = {name.replace("__", "."): value for name, value in settings.items()}
    return numbers | {name: jnp.asarray(value, numbers[name].dtype) for name, value in changed.items()}


def linear_weights(spec, mu=0.0, sigma=1.0, slope=0.0, output=0.0, scale=1.0):
    """q(z|x) = N(mu, sigma^2) in every unit whatever x, and p(x|z) around `output + slope * sum(z)` with `scale`."""
    modules = start(spec, numbers_of(spec, model__likelihood_sigma=scale))
    encoder, decoder = modules.model.posterior.head.layer, modules.model.decoder.stem.layer
    spread = math.log(math.expm1(sigma - 1e-6))
    encoder.kernel[...] = jnp.zeros_like(encoder.kernel[...])
    encoder.bias[...] = jnp.array([mu, spread] * spec.latent_dim)
    decoder.kernel[...] = jnp.full_like(decoder.kernel[...], slope)
    decoder.bias[...] = jnp.full_like(decoder.bias[...], output)
    params, variables = split(modules)
    return Weights(params["model"], variables["model"])


def of_members(*trees):
    """Stack arrays along a leading members axis."""
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *trees)
