"""A dense decoder with any number of hidden layers."""

from flax import nnx
from jaxtyping import Array, Float, Key

from vae_jax.core.random_keys import named
from vae_jax.models.contracts import Build
from vae_jax.models.dense import DenseSettings, DenseStack, UnitStem, linear, nonlinearity, pixels_of
from vae_jax.models.initialisers import INITIALISERS


class MLPDecoder(nnx.Module):
    """The layers `model.decoder_hidden`, or the encoder's mirrored, then a layer with the outputs of each pixel."""

    Settings = DenseSettings

    def __init__(self, settings: DenseSettings, build: Build, key: Key[Array, ""]) -> None:
        """Draw the starting weights; masked units do not change them."""
        model, (height, width, channels) = build.config.model, build.image_shape
        hidden, outputs = model.decoder_hidden or model.hidden[::-1], pixels_of(build) * build.outputs
        self.shape = (height, width, channels * build.outputs)
        self.activation, of_feature = nonlinearity(build, settings.gated)
        self.stem = UnitStem(of_feature * hidden[0] if hidden else outputs, build, named(key, "stem"))
        self.layers = (
            DenseStack(hidden[0], hidden[1:], build, named(key, "layers"), gated=settings.gated) if hidden else None
        )
        self.last = linear(hidden[-1], outputs, INITIALISERS[model.init], named(key, "last")) if hidden else None

    def __call__(
        self, z: Float[Array, "n units"], condition: Float[Array, "n condition"] | None
    ) -> Float[Array, "n height width outputs"]:
        """Decode latents."""
        y = self.stem(z, condition)
        if self.layers is not None and self.last is not None:
            y = self.last(self.layers(self.activation(y)))
        return y.reshape(len(z), *self.shape)
