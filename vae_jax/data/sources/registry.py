"""The data sources by name; each is imported only when it is asked for."""

from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING

from vae_jax.config.schema import DataConfig
from vae_jax.core.errors import UserError
from vae_jax.core.registry import Registry
from vae_jax.data.contrast import CONTRASTS
from vae_jax.data.dataset import Dataset, with_validation
from vae_jax.data.grouped_split import untested_told

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

# Those whose modules say by `plan` which photographs become images, and how.
FROM_PHOTOGRAPHS = ("dogpeople", "photos")


def load(config: DataConfig, given: "GivenArrays | None" = None) -> Dataset:
    """Read or make the images that a config asks for.

    Args:
        config: the settings.
        given: the images of a caller's own, for `name="arrays"`.

    Raises:
        UserError: the source or the contrast is unknown, or files are missing or can't be used.
    """
    _ = CONTRASTS[config.contrast]  # a slip is a slip even where it changes nothing
    source = given.load if given is not None and config.name == "arrays" else SOURCES[config.name]
    try:
        dataset = source(config)
    except OSError as error:  # such as a folder that may not be entered, or a full disk
        where, reason = error.filename or f"config.data.name={config.name}", error.strerror or error
        raise UserError(
            f"{where}: can't be used ({reason}); change config.data.raw_dir or config.data.prepared_dir"
        ) from None
    if config.validation_fraction and not len(dataset.validation):
        dataset = with_validation(dataset, config.validation_fraction)
    for name, split in (("training", dataset.train), ("test", dataset.test)):
        if not len(split):
            raise UserError(
                f"config.data: found no {name} images in {dataset.source}; change config.data.test_fraction"
            )
    return dataset if config.name in FROM_PHOTOGRAPHS else _with_untested_told(dataset)


def _with_untested_told(dataset: Dataset) -> Dataset:
    """Name the classes without test images where the data are named; photographs have it from their table."""
    trained, tested = ([dataset.class_names[k] for k in set(s.labels.tolist())] for s in (dataset.train, dataset.test))
    told = untested_told(trained, tested)
    return replace(dataset, source=f"{dataset.source}; {told}") if told else dataset
