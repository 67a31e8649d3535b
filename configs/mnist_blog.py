"""MNIST by the post's recipe to the letter: 784-1000-2, squared error, beta_KL 0.

For its second latent space: `--config.objective.beta_kl=1e-4` (0 for half of the run, then a ramp).
"""

from vae_jax.config.presets import blog


def get_config():
    config = blog()
    config.data.name = "mnist"
    config.model.hidden = (1000,)
    return config
