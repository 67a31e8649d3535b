"""The config files: each is valid, differs from the defaults, and the post's recipe is the post's."""

import importlib.util
import re
from pathlib import Path

import pytest

from vae_jax.config.fields import differences
from vae_jax.config.parts import settings_of
from vae_jax.config.schema import Config, validate
from vae_jax.data.sources.registry import SOURCES
from vae_jax.optimisers.adam import Adam
from vae_jax.runs.plan import check_config

FILES = sorted((Path(__file__).parents[1] / "configs").glob("*.py"))


def load(file):
    spec = importlib.util.spec_from_file_location(file.stem, file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return validate(module.get_config())


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_config_is_valid_and_sets_only_what_differs(file):
    config = load(file)
    assert check_config(config) == [config]
    assert config.data.name in SOURCES
    assigned = set(re.findall(r"config\.([\w.]+) =", file.read_text()))
    differing = {line.partition(":")[0] for line in differences(Config(), config)}
    assert assigned - {"data.name"} <= differing


@pytest.mark.parametrize(
    ("name", "hidden", "latent_dim", "epochs"), [("mnist_blog", 1000, 2, 100), ("dogpeople_blog", 2000, 60, 200)]
)
def test_the_blog_configs_are_the_posts_recipe(name, hidden, latent_dim, epochs):
    """SEED.md, "The model", "The loss" and "Training"."""
    config = load(Path(__file__).parents[1] / "configs" / f"{name}.py")
    model, objective, train, data = config.model, config.objective, config.train, config.data
    assert (model.hidden, model.latent_dim, model.activation, model.init) == ((hidden,), latent_dim, "tanh", "blog")
    assert (model.likelihood, objective.reduction, objective.beta_kl) == ("mse", "blog", 0)
    assert config.optimiser.learning_rate == 1e-3
    assert settings_of(config, "optimiser") == Adam(b1=0.9, b2=0.999, eps=1e-6)
    assert (train.batch_size, train.steps_per_epoch, train.epochs) == (32, 100, epochs)
    assert (data.levels, data.sampling) == (256, "replacement")
    assert objective.warmup == "delayed"
