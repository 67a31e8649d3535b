"""Larochelle's binarised MNIST with the one-layer model of Burda et al. 2016: 784-200-200-50."""

from vae_jax.config import default_config


def get_config():
    config = default_config()
    config.data.name = "binarized_mnist"
    config.data.validation_fraction = 1 / 6
    config.model.hidden = (200, 200)
    config.model.latent_dim = 50
    config.model.activation = "tanh"
    return config
