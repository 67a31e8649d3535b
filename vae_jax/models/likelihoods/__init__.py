"""Likelihoods by name: from decoder outputs to p(x|z)."""

from vae_jax.core.registry import Registry
from vae_jax.models.contracts import Likelihood
from vae_jax.models.likelihoods.bernoulli import Bernoulli
from vae_jax.models.likelihoods.discretised_logistic import DiscretisedLogistic
from vae_jax.models.likelihoods.gaussian import Gaussian, GaussianLearned, SquaredError

LIKELIHOODS: Registry[type[Likelihood]] = Registry(
    "config.model.likelihood",
    {
        "bernoulli": Bernoulli,
        "discretised_logistic": DiscretisedLogistic,
        "gaussian": Gaussian,
        "gaussian_learned": GaussianLearned,
        "mse": SquaredError,
    },
)
