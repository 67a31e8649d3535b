"""The base of objectives that compare the images of a batch."""

from typing import Any

from vae_jax.core.errors import UserError
from vae_jax.objectives.contracts import ObjectiveBuild
from vae_jax.objectives.elbo import ELBO


class WithinBatch(ELBO):
    """An objective that takes one latent sample of each image, and needs more than one image in a batch."""

    depends_on_batch = True

    def __init__(self, settings: Any, build: ObjectiveBuild) -> None:
        """Keep the settings.

        Raises:
            UserError: there are several samples of an image, or one image in a batch.
        """
        super().__init__(None, build)
        self.settings, objective = settings, build.config.objective
        if objective.samples > 1:
            raise UserError(
                f"config.objective.samples: found {objective.samples}; config.objective.name={objective.name} uses one "
                "sample of each image; needs 1"
            )
        if build.batch_size < 2:
            raise UserError(
                f"config.train.batch_size: found {build.batch_size}; config.objective.name={objective.name} compares "
                "the images of a batch; needs 2 or more"
            )
