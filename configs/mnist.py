"""MNIST: 60,000 handwritten digits of 28×28 pixels."""

from vae_jax.config import default_config


def get_config():
    config = default_config()
    config.data.name = "mnist"
    return config
