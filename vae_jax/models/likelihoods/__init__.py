"""Likelihoods by name: from decoder outputs to p(x|z)."""

from vae_jax.core.registry import Registry
from vae_jax.models.contracts import Likelihood
from vae_jax.models.likelihoods.bernoulli import Bernoulli
from vae_jax.models.likelihoods.continuous_bernoulli import ContinuousBernoulli
from vae_jax.models.likelihoods.discretised_logistic import DiscretisedLogistic
from vae_jax.models.likelihoods.discretised_logistic_mixture import DiscretisedLogisticMixture
from vae_jax.models.likelihoods.gaussian import Gaussian, GaussianLearned, SquaredError
from vae_jax.models.likelihoods.gaussian_image import GaussianImage
from vae_jax.models.likelihoods.gaussian_optimal import GaussianOptimal
from vae_jax.models.likelihoods.laplace import Laplace
from vae_jax.models.likelihoods.student_t import StudentT

LIKELIHOODS: Registry[type[Likelihood]] = Registry(
    "config.model.likelihood",
    {
        "bernoulli": Bernoulli,
        "continuous_bernoulli": ContinuousBernoulli,
        "discretised_logistic": DiscretisedLogistic,
        "discretised_logistic_mixture": DiscretisedLogisticMixture,
        "gaussian": Gaussian,
        "gaussian_image": GaussianImage,
        "gaussian_learned": GaussianLearned,
        "gaussian_optimal": GaussianOptimal,
        "laplace": Laplace,
        "mse": SquaredError,
        "student_t": StudentT,
    },
)
