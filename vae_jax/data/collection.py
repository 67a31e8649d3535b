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
        datasets: by the settings that choose their images, in the order of the members.
    """

    datasets: Mapping[DataConfig, Dataset]

    def of(self, member: Config) -> Dataset:
        """Return the data set of a member."""
        return self.datasets[member.data.images]

    @property
    def names(self) -> str:
        """The names of the data sets, in one line."""
        return ", ".join(dict.fromkeys(dataset.name for dataset in self.datasets.values()))

    @property
    def notice(self) -> str:
        """The notices of the data sets in one line, or ''."""
        notices = dict.fromkeys(dataset.notice for dataset in self.datasets.values())
        return " ".join(notice for notice in notices if notice)


def load_collection(members: Iterable[Config], given: GivenArrays | None = None) -> DataCollection:
    """Load each data set that a member needs, once.

    Args:
        members: their settings.
        given: the caller's own images, for members with `data.name="arrays"`.

    Raises:
        UserError: a source or a contrast is unknown, or files are missing or can't be used.
    """
    wanted = dict.fromkeys(member.data.images for member in members)
    return DataCollection({images: load(images, given) for images in wanted})
