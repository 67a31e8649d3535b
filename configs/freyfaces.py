"""Frey faces: 1,965 frames of one face, 28×20 pixels, with a Gaussian whose scale is learned."""

from vae_jax.config import default_config


def get_config():
    config = default_config()
    config.data.name = "freyfaces"
    config.model.hidden = (200,)
    config.model.likelihood = "gaussian_learned"
    config.train.batch_size = 100
    config.train.epochs = 200
    return config
