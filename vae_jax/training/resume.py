"""Whether a group of members can go on from a checkpoint."""

from collections.abc import Mapping
from typing import Any

from vae_jax.core.errors import UserError
from vae_jax.data.dataset import Dataset
from vae_jax.training.groups import Group


def check_goes_on(record: Mapping[str, Any], group: Group, dataset: Dataset) -> None:
    """See that a group can go on from a checkpoint.

    Args:
        record: the checkpoint's.
        group: as it shall go on.
        dataset: what on.

    Raises:
        UserError: it was made from other images, or between two moments that are logged now.
    """
    if record["data"] != dataset.fingerprint:
        raise UserError(
            f"config.data: the run's checkpoint was trained on other images (fingerprint {record['data']}, found "
            f"{dataset.fingerprint} from {dataset.source}); give it the same data (config.data.raw_dir says where they "
            "are; arrays are given in the same order) or another workdir"
        )
    if record["step"] % group.block:
        raise UserError(
            f"config.log.every_steps: found a moment every {group.block} steps, which does not divide the "
            f"{record['step']:,} that were taken; needs a divisor, such as what the run was begun with"
        )
