"""Whether a group can continue from a checkpoint."""

from collections.abc import Mapping
from typing import Any

from vae_jax.core.errors import UserError
from vae_jax.data.dataset import Dataset
from vae_jax.training.groups import Group


def check_goes_on(record: Mapping[str, Any], group: Group, dataset: Dataset) -> None:
    """Make sure that a group can continue on a data set from the checkpoint with this record.

    Raises:
        UserError: the checkpoint was trained on other images, or lies between two logged moments.
    """
    if record["data"] != dataset.fingerprint:
        raise UserError(
            f"config.data: the run's checkpoint was trained on other images (fingerprint {record['data']}, found "
            f"{dataset.fingerprint} from {dataset.source}); use the same data (config.data.raw_dir says where they "
            "are; give arrays in the same order) or another workdir"
        )
    if record["step"] % group.block:
        raise UserError(
            f"config.log.every_steps: found {group.block}, which does not divide the {record['step']:,} steps taken; "
            "needs a divisor, such as the run's value before"
        )
