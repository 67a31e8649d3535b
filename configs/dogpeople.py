"""Faces of people and dogs, grey, 50×50 pixels, in a latent space of 50: who lies between?"""

from vae_jax.config import default_config


def get_config():
    config = default_config()
    config.data.name = "dogpeople"
    config.data.mirror = True
    config.model.hidden = (1000,)
    config.model.latent_dim = 50
    config.model.likelihood = "gaussian_learned"
    config.train.epochs = 40
    # The pixels of a photograph sum to about 1,200, so that at 1e-3 one step of Adam may move a hidden unit by 1.2,
    # from one end of its range to the other: the loss jumped to three times its height. At 3e-4 it does not.
    config.optimiser.learning_rate = 3e-4
    config.train.steps_per_epoch = 100
    config.train.batch_size = 64
    return config
