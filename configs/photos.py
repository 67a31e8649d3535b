"""Any folder of pictures: `--config.data.raw_dir=FOLDER`; its subfolders are the classes."""

from vae_jax.config import default_config


def get_config():
    config = default_config()
    config.data.name = "photos"
    config.data.image_size = 64
    config.model.hidden = (1000,)
    config.model.latent_dim = 32
    config.model.likelihood = "gaussian_learned"
    config.train.epochs = 40
    config.optimiser.learning_rate = 3e-4
    config.train.batch_size = 64
    return config
