"""Arrays in, pictures out; nothing here trains, loads data or knows of JAX.

Of one model: `images` (reconstructions, samples, morphs), `losses`, `spaces` (the latent space), `schematic`; all
together: `gallery`. Of a sweep: `sweep_table`, `side_by_side`. Of any table: `panels`. Of ways between pictures:
`morphs`, `cover`. What all share: `canvas`, `legends`, `text`, `matplotlib_settings`.
"""

from vae_jax.figures.matplotlib_settings import import_matplotlib

import_matplotlib()  # before any of these files asks for a part of it
