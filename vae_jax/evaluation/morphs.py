"""A morph from one image to another, and the test images that it is compared with."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int32, UInt8

Image = UInt8[np.ndarray, "height width channels"]


@dataclass(frozen=True)
class Morph:
    """A morph from one image to another.

    Attributes:
        name: of the start.
        start, end: the images, as the model sees them.
        remade: the reconstruction of the start from z = mu.
        loss: the start's reconstruction loss, in the reference's unit.
        way: `[steps, latent]`, the path from the start's posterior mean to the end's.
        frames: `[steps, height, width, channels]`, decoded along the path.
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
    """The model and the test images that morphs are compared with.

    Attributes:
        title, notice, class_names: as in `MemberArrays`.
        labels: of the test images, `[n]`.
        mu: their posterior means, `[n, latent]`.
        losses: their reconstruction losses at z = mu, `[n]`.
        loss_unit: of all losses.
        encoder_sizes, decoder_sizes: units of every layer, from the pixels to the latent units and back; the name of a
            network that is not dense stands for its hidden layers.
        posterior: name of a posterior without mu and sigma, else ''.
    """

    title: str
    notice: str
    class_names: tuple[str, ...]
    labels: Int32[np.ndarray, " n"]
    mu: Float[np.ndarray, "n latent"]
    losses: Float[np.ndarray, " n"]
    loss_unit: str
    encoder_sizes: tuple[int | str, ...]
    decoder_sizes: tuple[int | str, ...]
    posterior: str = ""
