"""Checks for objectives that compare the images of a batch."""

from vae_jax.core.errors import UserError
from vae_jax.objectives.contracts import ObjectiveBuild


def check_pairs(build: ObjectiveBuild) -> None:
    """Check that there is one latent sample of each image, and more than one image in a batch.

    Raises:
        UserError: one of these does not hold.
    """
    objective = build.config.objective
    if objective.samples > 1:
        raise UserError(
            f"config.objective.samples: found {objective.samples}; config.objective.name={objective.name} uses one "
            "sample of each image; needs 1"
        )
    if build.batch_size < 2:
        raise UserError(
            f"config.train.batch_size: found {build.batch_size}; config.objective.name={objective.name} compares the "
            "images of a batch; needs 2 or more"
        )
