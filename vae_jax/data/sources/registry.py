"""The registry of data sources; each is imported when it is used."""

from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING

from vae_jax.config.schema import FIXED, DataConfig
from vae_jax.core.errors import UserError
from vae_jax.core.registry import Registry
from vae_jax.data.contrast import CONTRASTS
from vae_jax.data.dataset import Dataset, with_validation
from vae_jax.data.fixed_draw import with_fixed_draw
from vae_jax.data.grouped_split import describe_untested

if TYPE_CHECKING:
    from vae_jax.data.sources.arrays import GivenArrays


def _lazy(module: str, function: str = "load") -> Callable[[DataConfig], Dataset]:
    def source(config: DataConfig) -> Dataset:
        found: Dataset = getattr(import_module(f"vae_jax.data.sources.{module}"), function)(config)
        return found

    return source


SOURCES: Registry[Callable[[DataConfig], Dataset]] = Registry(
    "config.data.name",
    {
        "arrays": _lazy("arrays", "missing"),
        "binarized_mnist": _lazy("binarized_mnist"),
        "digits": _lazy("digits"),
        "dogpeople": _lazy("dogpeople"),
        "drawn_faces": _lazy("drawn_faces"),
        "fashion_mnist": _lazy("mnist", "load_fashion"),
        "freyfaces": _lazy("freyfaces"),
        "mnist": _lazy("mnist"),
        "photos": _lazy("photos"),
    },
    {"tfds:": _lazy("tfds_prepared")},
)

# Sources whose modules have `plan`, which lists the photographs and how they become images.
FROM_PHOTOGRAPHS = ("dogpeople", "photos")


def load(config: DataConfig, given: "GivenArrays | None" = None) -> Dataset:
    """Load the data set of a config.

    Args:
        config: the settings.
        given: the caller's own images, for `name="arrays"`.

    Raises:
        UserError: the source or the contrast is unknown, or files are missing or can't be used.
    """
    _ = CONTRASTS[config.contrast]  # an unknown name is an error even where it is not used
    source = given.load if given is not None and config.name == "arrays" else SOURCES[config.name]
    try:
        dataset = source(config)
    except OSError as error:  # such as a folder without permission, or a full disk
        fault = f"{error.filename or f'config.data.name={config.name}'}: can't be used ({error.strerror or error})"
        raise UserError(f"{fault}; change config.data.raw_dir or config.data.prepared_dir") from None
    if config.validation_fraction and len(dataset.train) and not len(dataset.validation):
        dataset = with_validation(dataset, config.validation_fraction)
    _check_not_empty(dataset)
    if config.binarise == FIXED:
        dataset = with_fixed_draw(dataset)
    if config.name in FROM_PHOTOGRAPHS:  # whose `source` names classes without test images already
        return dataset
    trained, tested = ([dataset.class_names[k] for k in set(s.labels.tolist())] for s in (dataset.train, dataset.test))
    untested = describe_untested(trained, tested)
    return replace(dataset, source=f"{dataset.source}; {untested}") if untested else dataset


def _check_not_empty(dataset: Dataset) -> None:
    for name, split in (("training", dataset.train), ("test", dataset.test)):
        if not len(split):
            field = "validation_fraction" if len(dataset.validation) else "test_fraction"
            raise UserError(f"config.data: found no {name} images in {dataset.source}; change config.data.{field}")
