"""One member inside a program: its model, objective and optimiser, built from its hyperparameters."""

import math
from functools import lru_cache
from typing import Any, NamedTuple

import jax
import optax
from flax import nnx
from jaxtyping import Array, Key, UInt32

from vae_jax.config.parts import settings_of
from vae_jax.config.schema import Config
from vae_jax.core.random_keys import named
from vae_jax.core.units import Units
from vae_jax.models.build import build_model
from vae_jax.models.contracts import Build, Model, StartsFromImages
from vae_jax.objectives import OBJECTIVES
from vae_jax.objectives.contracts import HasOptimiser, Objective, ObjectiveBuild
from vae_jax.optimisers import optimiser_of
from vae_jax.optimisers.skipping import skippable
from vae_jax.training.examples import SplitArrays, start_batch
from vae_jax.training.hyperparameters import Hyperparameters, bound, units_of
from vae_jax.training.spec import Spec

# Nested dicts of arrays by the names of modules and parameters; `model` and `own` at the top.
Arrays = dict[str, Any]


class Modules(NamedTuple):
    """What is trained: the model, and the objective's own module where it has one."""

    model: Model
    own: nnx.Module | None


class Weights(NamedTuple):
    """The evaluated parameters and other variables of a member's model, without a members axis."""

    params: Arrays
    variables: Arrays


def member_key(seed: UInt32[Array, ""]) -> Key[Array, ""]:
    """Return a member's key, made from its own seed only."""
    return jax.random.key(seed)


def build_of(spec: Spec, numbers: Hyperparameters) -> Build:
    """Return the arguments that a member's model is built with."""
    return Build(bound(spec.settings, numbers), spec.image_shape, units_of(spec, numbers), spec.classes)


def objective_of(spec: Spec, numbers: Hyperparameters) -> Objective:
    """Return a member's objective."""
    return _objective(spec, bound(spec.settings, numbers), units_of(spec, numbers))


def _objective(spec: Spec, config: Config, units: Units) -> Objective:
    build = ObjectiveBuild(config, units, spec.batch_size, spec.images_per_pass, spec.pixels, spec.constant)
    return OBJECTIVES[config.objective.name](settings_of(config, "objective"), build)


def optimisers_of(spec: Spec, numbers: Hyperparameters) -> dict[str, optax.GradientTransformationExtraArgs]:
    """Return the optimisers of a member's model and of its objective's own module."""
    config, objective = bound(spec.settings, numbers), objective_of(spec, numbers)
    model = optimiser_of(config)
    return {"model": model, "own": skippable(objective.optimiser()) if isinstance(objective, HasOptimiser) else model}


def start(spec: Spec, numbers: Hyperparameters, images: SplitArrays | None = None) -> Modules:
    """Initialise a member's model and its objective's own module.

    Args:
        spec, numbers: the member.
        images: the training images, for a prior that starts from some; None where only shapes matter.
    """
    key = named(member_key(numbers["seed"]), "init")
    model = build_model(build_of(spec, numbers), key)
    prior = getattr(model, "prior", None)
    if images is not None and isinstance(prior, StartsFromImages):
        prior.start_from(start_batch(spec, images, prior.start_images, named(key, "start images")))
    return Modules(model, objective_of(spec, numbers).own(named(key, "objective"), model))


def split(modules: Modules) -> tuple[Arrays, Arrays]:
    """Return the parameters and the other variables of modules, as plain dicts."""
    states = {
        name: nnx.state(module, nnx.Param, ...) for name, module in modules._asdict().items() if module is not None
    }
    params, variables = ({name: nnx.to_pure_dict(pair[k]) for name, pair in states.items()} for k in (0, 1))
    return params, variables


def merge(spec: Spec, params: Arrays, variables: Arrays) -> Modules:
    """Put parameters and variables back into the modules of a spec."""
    merged: dict[str, Any] = {
        name: None if module is None else nnx.merge(nnx.graphdef(module), params[name], variables[name])
        for name, module in _shapes(spec)._asdict().items()
    }
    return Modules(**merged)


def parameters_of(spec: Spec) -> int:
    """Count the model's parameters without creating any."""
    return sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(nnx.state(_shapes(spec).model, nnx.Param)))


def model_of(spec: Spec, weights: Weights) -> Model:
    """Put a model's weights back into the model of a spec."""
    model: Model = nnx.merge(nnx.graphdef(_shapes(spec).model), weights.params, weights.variables)
    return model


@lru_cache(maxsize=32)
def _shapes(spec: Spec) -> Modules:
    """Return the modules of a spec with shapes in place of arrays; kept, as every part of a program asks for them."""
    units = Units(spec.latent_dim, spec.latent_dim)

    def build() -> Modules:
        key = jax.random.key(0)
        model = build_model(Build(spec.settings, spec.image_shape, units, spec.classes), key)
        return Modules(model, _objective(spec, spec.settings, units).own(key, model))

    shapes: Modules = nnx.eval_shape(build)
    return shapes
