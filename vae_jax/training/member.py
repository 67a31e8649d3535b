"""One member inside a program: its model, its objective and its optimiser, built from its numbers."""

import math
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
from vae_jax.models.contracts import Build, Model
from vae_jax.objectives import OBJECTIVES
from vae_jax.objectives.contracts import HasOptimiser, Objective, ObjectiveBuild
from vae_jax.optimisers import optimiser_of
from vae_jax.optimisers.skipping import skippable
from vae_jax.training.hyperparameters import Hyperparameters, bound, units_of
from vae_jax.training.spec import Spec

# Nested dicts of arrays by the names of modules and parameters; `model` and `own` at the top.
Arrays = dict[str, Any]


class Modules(NamedTuple):
    """What trains: the model, and the objective's own module where it has one."""

    model: Model
    own: nnx.Module | None


class Weights(NamedTuple):
    """A member's model as it is evaluated: its parameters and its other variables, without a members axis."""

    params: Arrays
    variables: Arrays


def member_key(seed: UInt32[Array, ""]) -> Key[Array, ""]:
    """Return a member's key: from its own seed alone."""
    return jax.random.key(seed)


def build_of(spec: Spec, numbers: Hyperparameters) -> Build:
    """Return what a member's model is built with."""
    return Build(bound(spec.settings, numbers), spec.image_shape, units_of(spec, numbers), spec.classes)


def objective_of(spec: Spec, numbers: Hyperparameters) -> Objective:
    """Return what a member minimises."""
    return _objective(spec, bound(spec.settings, numbers), units_of(spec, numbers))


def _objective(spec: Spec, config: Config, units: Units) -> Objective:
    build = ObjectiveBuild(config, units, spec.batch_size, spec.images_per_pass, spec.pixels, spec.constant)
    return OBJECTIVES[config.objective.name](settings_of(config, "objective"), build)


def optimisers_of(spec: Spec, numbers: Hyperparameters) -> dict[str, optax.GradientTransformationExtraArgs]:
    """Return what moves a member's model, and what moves its objective's own module."""
    config, objective = bound(spec.settings, numbers), objective_of(spec, numbers)
    model = optimiser_of(config)
    return {"model": model, "own": skippable(objective.optimiser()) if isinstance(objective, HasOptimiser) else model}


def start(spec: Spec, numbers: Hyperparameters) -> Modules:
    """Draw the starting weights of a member."""
    key = named(member_key(numbers["seed"]), "init")
    model = build_model(build_of(spec, numbers), key)
    return Modules(model, objective_of(spec, numbers).own(named(key, "objective"), model))


def split(modules: Modules) -> tuple[Arrays, Arrays]:
    """Return the parameters and the other variables of modules, as plain dicts."""
    parts = [nnx.state(module, nnx.Param, ...) for module in modules if module is not None]
    names = ("model", "own")
    return tuple(  # type: ignore[return-value]
        {name: nnx.to_pure_dict(part[which]) for name, part in zip(names, parts, strict=False)} for which in (0, 1)
    )


def merge(spec: Spec, params: Arrays, variables: Arrays) -> Modules:
    """Put parameters and variables back into the modules of a spec."""
    shapes = nnx.eval_shape(lambda: _abstract(spec))
    model, own = (
        None if module is None else nnx.merge(nnx.graphdef(module), params[name], variables[name])
        for name, module in zip(("model", "own"), shapes, strict=True)
    )
    assert model is not None, "there is always a model"
    return Modules(model, own)


def parameters_of(spec: Spec) -> int:
    """Count the model's parameters without making any."""
    shapes = nnx.eval_shape(lambda: _abstract(spec).model)
    return sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(nnx.state(shapes, nnx.Param)))


def model_of(spec: Spec, weights: Weights) -> Model:
    """Put a model's weights back into the model of a spec."""
    shapes = nnx.eval_shape(lambda: _abstract(spec).model)
    model: Model = nnx.merge(nnx.graphdef(shapes), weights.params, weights.variables)
    return model


def _abstract(spec: Spec) -> Modules:
    units = Units(spec.latent_dim, spec.latent_dim)
    key = jax.random.key(0)
    model = build_model(Build(spec.settings, spec.image_shape, units, spec.classes), key)
    return Modules(model, _objective(spec, spec.settings, units).own(key, model))
