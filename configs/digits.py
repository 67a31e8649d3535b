"""scikit-learn's bundled handwritten digits, 8×8 pixels: always there, trained in seconds."""

from vae_jax.config import default_config


def get_config():
    config = default_config()
    config.data.name = "digits"
    config.model.hidden = (128,)
    config.train.batch_size = 64
    config.train.epochs = 100
    return config
