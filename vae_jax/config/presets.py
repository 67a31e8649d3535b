"""Settings that several config files share."""

from ml_collections import ConfigDict

from vae_jax.config.schema import default_config


def blog() -> ConfigDict:
    """Return the recipe of the post "Variational Autoencoders in Haskell", without its data and sizes."""
    config = default_config()
    config.data.levels = 256
    config.data.sampling = "replacement"
    config.model.activation = "tanh"
    config.model.init = "blog"
    config.model.likelihood = "mse"
    config.objective.reduction = "blog"
    config.objective.beta_kl = 0.0
    config.objective.warmup = "delayed"
    config.train.epochs = 100
    config.train.steps_per_epoch = 100
    config.train.batch_size = 32
    config.optimisers.adam.eps = 1e-6
    return config
