"""The data sets of a run: one for each setting of `config.data` among its members."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from vae_jax.config.schema import Config, DataConfig
from vae_jax.data.dataset import Dataset
from vae_jax.data.sources.arrays import GivenArrays
from vae_jax.data.sources.registry import load


@dataclass(frozen=True)
class DataCollection:
    """The data sets that the members of a run learn from.

    Attributes:
        datasets: by the settings that say which images they hold, in the order of the members.
    """

    datasets: Mapping[DataConfig, Dataset]

    def of(self, member: Config) -> Dataset:
        """Return what a member learns from."""
        return self.datasets[member.data.images]

    @property
    def names(self) -> str:
        """The names of the data sets."""
        return ", ".join(dict.fromkeys(dataset.name for dataset in self.datasets.values()))

    @property
    def notice(self) -> str:
        """What must be shown wherever any of the data are shown, or ''."""
        notices = dict.fromkeys(dataset.notice for dataset in self.datasets.values())
        return " ".join(notice for notice in notices if notice)


def load_collection(members: Iterable[Config], given: GivenArrays | None = None) -> DataCollection:
    """Read or make the images that each member asks for, once for all that ask for the same.

    Args:
        members: the settings of each.
        given: the images of a caller's own, where members learn from such.

    Raises:
        UserError: a source or a contrast is unknown, or files are missing or can't be used.
    """
    wanted = dict.fromkeys(member.data.images for member in members)
    return DataCollection({images: load(images, given) for images in wanted})
