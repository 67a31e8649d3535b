"""Figures from arrays; nothing here trains, loads data or uses JAX.

One model: `images` (reconstructions, samples, morphs), `losses`, `spaces` (the latent space), `schematic`, and their
list, `gallery`. A sweep: `sweep_table`, `side_by_side`. Any table: `panels`. Morphs of user images: `morphs`, `cover`.
Shared: `canvas`, `legends`, `text`, `matplotlib_settings`.
"""

from vae_jax.figures.matplotlib_settings import import_matplotlib

import_matplotlib()  # before any of these files imports a part of it
