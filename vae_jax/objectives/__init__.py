"""Objectives by name: the training losses."""

from collections.abc import Callable

from vae_jax.core.registry import Registry
from vae_jax.objectives.beta_tc import BetaTC
from vae_jax.objectives.capacity import Capacity
from vae_jax.objectives.ciwae import CIWAE
from vae_jax.objectives.contracts import Objective
from vae_jax.objectives.elbo import ELBO
from vae_jax.objectives.factor import Factor
from vae_jax.objectives.iwae import IWAE, IWAEDReG
from vae_jax.objectives.miwae import MIWAE
from vae_jax.objectives.piwae import PIWAE

OBJECTIVES: Registry[Callable[..., Objective]] = Registry(
    "config.objective.name",
    {
        "beta_tc": BetaTC,
        "capacity": Capacity,
        "ciwae": CIWAE,
        "elbo": ELBO,
        "factor": Factor,
        "iwae": IWAE,
        "iwae_dreg": IWAEDReG,
        "miwae": MIWAE,
        "piwae": PIWAE,
    },
)
