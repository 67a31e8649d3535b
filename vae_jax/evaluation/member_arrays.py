"""The arrays that the figures of one trained member show."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int32, UInt8

from vae_jax.interpolation.planes import Plane


@dataclass(frozen=True)
class MemberArrays:
    """What the figures of one member show, as NumPy arrays, without the model or JAX.

    Attributes:
        title: the member in a few words (data, latent size, beta_KL, seed).
        notice: a line that every figure must carry, such as that the faces are drawn, or ''.
        class_names: the name of each label.
        test_images: `[n, height, width, channels]`, in any order.
        test_labels: `[n]`.
        reconstructions: `[n, height, width, channels]`, decoded from z = mu.
        mu: `[n, latent]`, the code of each test image: the mean of a normal posterior.
        sigma: `[n, latent]`, its standard deviations; None if the posterior has none.
        losses: `[n]`, each image's reconstruction loss at z = mu, in `loss_unit`.
        loss_unit: e.g. `nats per image` or `mse loss per pixel`.
        sheet_labels: `[sheets]`, classes whose training images are shown: all, or an even selection.
        class_sheets: `[sheets, k, height, width, channels]`, training images of these classes.
        samples: `[drawn, height, width, channels]`, decoded from the prior.
        fitted_samples: like `samples`, decoded from the sampler that is fitted to the training codes; None without one.
        sampler: its name, or ''.
        sampler_codes: how many codes it was fitted to.
        plane_points: `[g, g, latent]`, a square grid in the latent space; row 0 is its upper edge.
        plane_images: `[g, g, height, width, channels]`, decoded from it.
        plane: the plane of the grid (the whole latent space if it has two units).
        path_points: `[steps, latent]`, a straight line between two test images of different classes.
        path_images: `[steps, height, width, channels]`.
        morph_starts, morph_ends: `[pairs]`, indices of test images of different classes.
        morph_images: `[pairs, steps, height, width, channels]`, from start to end in equal steps of z.
        pca_directions: `[components, latent]`, of the test posterior means, largest variance first.
        pca_explained: `[components]`, explained variance ratios.
        told_classes: whether the model is conditioned on classes: samples on the classes in turn, the grid on all with
            equal weight, and paths on a mixture of the classes of their ends.
    """

    title: str
    notice: str
    class_names: tuple[str, ...]
    test_images: UInt8[np.ndarray, "n height width channels"]
    test_labels: Int32[np.ndarray, " n"]
    reconstructions: UInt8[np.ndarray, "n height width channels"]
    mu: Float[np.ndarray, "n latent"]
    sigma: Float[np.ndarray, "n latent"] | None
    losses: Float[np.ndarray, " n"]
    loss_unit: str
    sheet_labels: Int32[np.ndarray, " sheets"]
    class_sheets: UInt8[np.ndarray, "sheets k height width channels"]
    samples: UInt8[np.ndarray, "drawn height width channels"]
    plane_points: Float[np.ndarray, "g g latent"]
    plane_images: UInt8[np.ndarray, "g g height width channels"]
    plane: Plane
    path_points: Float[np.ndarray, "steps latent"]
    path_images: UInt8[np.ndarray, "steps height width channels"]
    morph_starts: Int32[np.ndarray, " pairs"]
    morph_ends: Int32[np.ndarray, " pairs"]
    morph_images: UInt8[np.ndarray, "pairs steps height width channels"]
    pca_directions: Float[np.ndarray, "components latent"]
    pca_explained: Float[np.ndarray, " components"]
    told_classes: bool = False
    fitted_samples: UInt8[np.ndarray, "drawn height width channels"] | None = None
    sampler: str = ""
    sampler_codes: int = 0
