"""A way from one picture to another through the latent space, and the test images that it is shown against."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int32, UInt8

Image = UInt8[np.ndarray, "height width channels"]


@dataclass(frozen=True)
class Morph:
    """From a picture to another, ready to be drawn.

    Attributes:
        name: of the picture that it starts from.
        start, end: the pictures, as the model sees them.
        remade: what the model makes of the start, from z = mu.
        loss: the start's reconstruction loss, in the reference's unit.
        way: `[steps, latent]`, from the start's posterior mean to the end's.
        frames: `[steps, height, width, channels]`, decoded on the way.
    """

    name: str
    start: Image
    end: Image
    remade: Image
    loss: float
    way: Float[np.ndarray, "steps latent"]
    frames: UInt8[np.ndarray, "steps height width channels"]


@dataclass(frozen=True)
class ReferenceSet:
    """The model and the test images that morphs are shown against.

    Attributes:
        title, notice, class_names: as in `MemberArrays`.
        labels: of the test images, `[n]`.
        mu: their posterior means, `[n, latent]`.
        losses: their reconstruction losses at z = mu, `[n]`.
        loss_unit: of all losses.
        encoder_sizes, decoder_sizes: units of every layer, from the pixels to the latent units and back.
    """

    title: str
    notice: str
    class_names: tuple[str, ...]
    labels: Int32[np.ndarray, " n"]
    mu: Float[np.ndarray, "n latent"]
    losses: Float[np.ndarray, " n"]
    loss_unit: str
    encoder_sizes: tuple[int, ...]
    decoder_sizes: tuple[int, ...]
