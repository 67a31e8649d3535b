"""Whether the parts of a program fit together, checked before anything is compiled or written."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial

import jax
import jax.numpy as jnp
from jaxtyping import Array

from vae_jax.config.parts import chosen_parts
from vae_jax.config.schema import Config
from vae_jax.core.errors import UserError
from vae_jax.core.noise import Noise
from vae_jax.core.random_keys import named
from vae_jax.core.registry import KINDS, registry_of
from vae_jax.data.dataset import Dataset
from vae_jax.models.contracts import Codes
from vae_jax.objectives.contracts import Metrics
from vae_jax.training.best_step import check_criterion
from vae_jax.training.examples import SplitArrays, make_batch, train_data_shapes
from vae_jax.training.groups import Group
from vae_jax.training.hyperparameters import Hyperparameters, hyperparameters_of
from vae_jax.training.member import member_key, merge, objective_of, split, start
from vae_jax.training.sharding import Layout
from vae_jax.training.spec import Spec
from vae_jax.training.steps import loss_of, step_noise


def check_fit(groups: Iterable[Group], dataset_of: Callable[[Group], Dataset]) -> None:
    """Make sure that the parts of every program fit together: a step is traced for its shapes, nothing is computed.

    Raises:
        UserError: two parts don't fit, or one would be left unused.
    """
    traced: dict[Spec, Mapping[str, jax.ShapeDtypeStruct]] = {}
    for group in groups:
        dataset = dataset_of(group)
        for config in group.configs:
            _check_unused(config)
            _check_free_bits(config)
            _check_samples(config)
            _check_whole_batch(config)
        _check_labels(group.spec)
        if group.spec not in traced:
            traced[group.spec] = _checked_metrics(group, dataset)
        for config in group.configs:
            check_criterion(config, dataset.held_out, traced[group.spec])


def _checked_metrics(group: Group, dataset: Dataset) -> Mapping[str, jax.ShapeDtypeStruct]:
    """Trace a step, and return the shapes of its metrics."""
    numbers = jax.tree.map(lambda leaf: leaf[0], hyperparameters_of(group.configs[:1], group.steps_per_epoch))
    metrics, _, _ = jax.eval_shape(partial(_one_step, group.spec), train_data_shapes(dataset).split, numbers)
    _check_metrics(group.spec, metrics)
    return {name: shape for name, shape in metrics.items() if name != "the loss"}


def _one_step(spec: Spec, split_of: SplitArrays, numbers: Hyperparameters) -> tuple[Metrics, Codes, Array]:
    """Use a member in every way: a training step's loss, the codes of a batch, and decoded samples of the prior."""
    objective, key = objective_of(spec, numbers), member_key(numbers["seed"])
    params, variables = split(start(spec, numbers, split_of))
    noise = step_noise(spec, Layout(), key, jnp.int32(0))
    batch = make_batch(spec, split_of, jnp.zeros(spec.batch_size, jnp.int32), noise)
    loss, (metrics, _) = loss_of(spec, objective, params, variables, batch, noise, jnp.int32(0))
    model = merge(spec, params, variables).model
    codes = model.codes(batch.x, batch.condition)
    drawn = model.sample_prior(Noise(named(key, "samples"), spec.batch_size), batch.condition)
    return {"the loss": loss, **metrics}, codes, model.decode(drawn, batch.condition).mean()


def _check_unused(config: Config) -> None:
    """Refuse a part other than the default where the model does not use such parts."""
    model = registry_of("model")[config.model.name]
    defaults = chosen_parts(Config())
    for kind in getattr(model, "unused", ()):
        name = chosen_parts(config)[kind]
        if name != defaults[kind]:
            raise UserError(
                f"config.{KINDS[kind].field}: found {name!r}, which config.model.name={config.model.name} does not "
                f"use; needs {defaults[kind]!r}"
            )


def _check_free_bits(config: Config) -> None:
    objective = config.objective
    if objective.free_bits and not getattr(registry_of("objective")[objective.name], "charges_free_bits", True):
        raise UserError(
            f"config.objective.free_bits: found {objective.free_bits:g}, of which config.objective.name="
            f"{objective.name} makes no use; needs 0"
        )


def _check_samples(config: Config) -> None:
    """Refuse one sample of an image where the bound compares several."""
    objective = config.objective
    least = getattr(registry_of("objective")[objective.name], "least_samples", 1)
    if objective.samples < least:
        raise UserError(
            f"config.objective.samples: found {objective.samples}; config.objective.name={objective.name} compares the "
            f"samples of an image; needs {least} or more, or config.objective.name=elbo"
        )


def _check_whole_batch(config: Config) -> None:
    """Refuse to spread a batch over devices if a part needs the whole batch."""
    devices = config.train.data_devices
    if devices == 1:
        return
    for kind, name in chosen_parts(config).items():
        part = registry_of(kind)[name]
        if getattr(part, "depends_on_batch", False) or getattr(part, "needs_whole_batch", False):
            raise UserError(
                f"config.train.data_devices: found {devices} with config.{KINDS[kind].field}={name}, which needs all "
                "images of a batch together; needs 1"
            )


def _check_labels(spec: Spec) -> None:
    if spec.settings.data.condition == "labels" and spec.classes < 2:
        raise UserError(
            "config.data.condition: found 'labels' for a data set of one class, which makes no difference; needs 'none'"
        )


def _check_metrics(spec: Spec, metrics: Mapping[str, jax.ShapeDtypeStruct]) -> None:
    """Make sure that an objective returns scalars, and a loss among them."""
    name = spec.settings.objective.name
    if "loss" not in metrics:
        raise UserError(f"config.objective.name: {name!r} gives no metric 'loss'; needs one")
    for metric, value in metrics.items():
        if value.shape:
            raise UserError(f"config.objective.name: {name!r} gives {metric!r} of shape {value.shape}; needs a number")
