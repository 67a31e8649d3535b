"""The plan of a run, made before anything is compiled: its members, their data, and which train together."""

from collections.abc import Sequence
from dataclasses import dataclass

from vae_jax.config.schema import Config
from vae_jax.config.sweep_language import expand
from vae_jax.core.errors import UserError
from vae_jax.data.collection import DataCollection, load_collection
from vae_jax.data.dataset import Dataset
from vae_jax.data.kept_data import keep_data, kept_fingerprint
from vae_jax.data.sources.arrays import GivenArrays
from vae_jax.runs.folder import RunFolder
from vae_jax.training.check_fit import check_fit
from vae_jax.training.checkpoints import Checkpoints
from vae_jax.training.extraction import state_shapes
from vae_jax.training.groups import Group, plan_groups
from vae_jax.training.memory import check_memory, most_members
from vae_jax.training.resume import check_goes_on
from vae_jax.training.spec import Spec, check_length, check_names


@dataclass(frozen=True)
class Plan:
    """A run before it starts or continues.

    Attributes:
        folder: the run folder.
        config: the settings.
        collection: the data sets of its members.
        groups: the members that train together.
    """

    folder: RunFolder
    config: Config
    collection: DataCollection
    groups: Sequence[Group]

    @property
    def members(self) -> dict[int, Config]:
        """Every member's settings by its number."""
        pairs = (pair for group in self.groups for pair in zip(group.numbers, group.configs, strict=True))
        return dict(sorted(pairs, key=lambda pair: pair[0]))

    def dataset(self, group: Group) -> Dataset:
        """The data that a group is trained on."""
        return self.collection.of(group.configs[0])

    def check_memory(self) -> None:
        """Make sure that every group fits into the memory.

        Raises:
            UserError: one doesn't.
        """
        for group in self.groups:
            check_memory(group, self.dataset(group))

    def keep_test_images(self) -> None:
        """Write the test images, so that the trained members can be used without the data set."""
        files = {self.folder.data(self.config, group.configs[0]): self.dataset(group) for group in self.groups}
        for file, dataset in files.items():
            keep_data(file, dataset)
        for file in set(self.folder.path.glob("data_????????.npz")) - set(files):
            file.unlink()  # of members whose data were in another folder


def plan_run(folder: RunFolder, config: Config, given: GivenArrays | None = None) -> Plan:
    """Read the data, and plan which members train together, by the folder and the memory.

    Args:
        folder: the run's.
        config: the settings.
        given: the caller's own images, where members are trained on arrays.

    Raises:
        UserError: a field doesn't fit the data, or two parts don't fit together, or files are missing or can't be used;
            or the run was trained on other images, or in another precision.
    """
    configs = check_config(config)
    collection = load_collection(configs, given)

    def most(spec: Spec, member: Config) -> int:
        return most_members(spec, member, collection.of(member))

    if given is not None:
        _check_same_images(folder, config, configs, collection)
    plan = Plan(folder, config, collection, plan_groups(configs, collection.of, folder.checkpoints, most))
    for group in plan.groups:
        checkpoints = Checkpoints(folder.checkpoints / group.name, keep=1, tidy=False)
        if checkpoints.steps():
            record = checkpoints.newest_record(state_shapes(group.spec, group.configs))
            checkpoints.close()
            if record is not None:
                check_goes_on(record, group, plan.dataset(group))
    check_fit(plan.groups, plan.dataset)
    return plan


def _check_same_images(
    folder: RunFolder, config: Config, configs: Sequence[Config], collection: DataCollection
) -> None:
    """Make sure that arrays are those that the run began with: the checkpoint may not even have the shapes for others.

    Raises:
        UserError: they are not.
    """
    files = {folder.data(config, member): collection.of(member) for member in configs}
    for file, dataset in files.items():
        kept = kept_fingerprint(file) if folder.checkpoints.is_dir() else None
        if kept not in (None, dataset.fingerprint):
            raise UserError(
                f"{folder.path}: this run began with other images (fingerprint {kept}, found {dataset.fingerprint} of "
                f"{dataset.source}); give the same arrays in the same order, or another workdir"
            )


def check_config(config: Config) -> list[Config]:
    """Return each member's settings, after checking the names of parts and the length.

    Raises:
        UserError: a line of the sweep, a name or a length can't be used.
    """
    configs = expand(config)
    for member in configs:
        check_names(member)
        check_length(member, member.train.steps_per_epoch)
    return configs
