"""The suite checks the shapes and types that the package's signatures state."""

import os

os.environ.setdefault("JAX_PLATFORMS", "cpu")

import hypothesis
import jaxtyping

jaxtyping.install_import_hook("vae_jax", "strict_types.typechecked")
# The first example compiles; a deadline would only measure that.
hypothesis.settings.register_profile("vae_jax", deadline=None, max_examples=50)
hypothesis.settings.load_profile("vae_jax")
