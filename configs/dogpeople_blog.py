"""People and dogs by the post's recipe to the letter: 2500-2000-60, squared error, beta_KL 0."""

from vae_jax.config.presets import blog


def get_config():
    config = blog()
    config.data.name = "dogpeople"
    config.model.hidden = (2000,)
    config.model.latent_dim = 60
    config.train.epochs = 200
    return config
