"""Fashion-MNIST: 60,000 pictures of clothes, 28×28 pixels."""

from vae_jax.config import default_config


def get_config():
    config = default_config()
    config.data.name = "fashion_mnist"
    config.model.latent_dim = 10
    return config
