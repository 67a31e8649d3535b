"""A likelihood over {0, 1} on grey pixels, which it takes as shares of white: its numbers compare with no paper's.

The post's recipe and many tutorials do so on purpose, so it is said, not refused.
"""

from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp

from vae_jax.config.schema import FIXED, Config
from vae_jax.core.noise import Noise
from vae_jax.core.registry import registry_of
from vae_jax.data.dataset import Dataset
from vae_jax.data.transforms import TRANSFORMS
from vae_jax.training.examples import to_unit

BINARY = "{0, 1}"  # the `support` of a likelihood of black and white pixels
TRIED = 8  # images on which a transform from outside is tried


def grey_pixels(members: Sequence[Config], dataset_of: Callable[[Config], Dataset]) -> str:
    """Return a line on the members whose likelihood is over {0, 1} and whose pixels are not; '' if there are none.

    Args:
        members: of a run.
        dataset_of: gives the images of each.
    """
    grey = [member for member in members if _meets_grey(member, dataset_of(member))]
    if not grey:
        return ""
    some = f"{len(grey)} of {len(members)} members: " if len(grey) < len(members) else ""
    names, likelihoods = (
        ", ".join(dict.fromkeys(each))
        for each in ((member.data.name for member in grey), (member.model.likelihood for member in grey))
    )
    binary = all(dataset_of(member).is_binary for member in grey)
    better = "config.data.levels=255" if binary else "config.data.binarise=drawn"
    return (
        f"{some}{likelihoods} on grey pixels ({names}): the ELBO bounds no log-likelihood over {BINARY} and compares "
        f"with no paper's; {better} would make it do so"
    )


def _meets_grey(member: Config, dataset: Dataset) -> bool:
    likelihood, name = registry_of("likelihood")[member.model.likelihood], member.data.binarise
    if getattr(likelihood, "support", "") != BINARY or name == "drawn":
        return False
    if name in ("none", FIXED):
        return member.data.levels != 255 or not dataset.is_binary
    some = to_unit(jnp.asarray(dataset.test.images[:TRIED]), member.data.levels)
    x = TRANSFORMS[name](some, Noise(jax.random.key(0), len(some), jnp.arange(len(some))))
    return not bool(((x == 0) | (x == 1)).all())
