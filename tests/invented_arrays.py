"""Invented many_member_arrays of any shape, as no model has to be trained for, that tests of the figures draw."""

import dataclasses

import numpy as np

from vae_jax.evaluation.gathering import GRID_SIDE, PAIRS, SAMPLES, SHEET, STEPS, pick_pairs, some_classes
from vae_jax.evaluation.member_arrays import MemberArrays
from vae_jax.interpolation.paths import linear
from vae_jax.interpolation.planes import principal_components, square_grid, widest_plane


def member_arrays(latent=2, classes=2, shape=(8, 8, 1), n=60, mu=None, **fields):
    """A member_arrays of noise: as many latent units, classes and test images, images of that shape.

    Args:
        mu: the codes where they shall not be drawn by chance.
        fields: of the member_arrays, to be replaced in the end.
    """
    draw = np.random.default_rng(0)

    def images(*leading):
        return draw.integers(0, 256, (*leading, *shape)).astype(np.uint8)

    mu = draw.normal(0, 2, (n, latent)).astype(np.float32) if mu is None else mu
    labels = (np.arange(n) % classes).astype(np.int32)
    starts, ends = pick_pairs(labels, PAIRS, draw)
    plane, components = widest_plane(mu), principal_components(mu)
    made = MemberArrays(
        title=f"invented · {latent} latent · beta_KL 1 · seed 0",
        notice="",
        class_names=tuple(f"class {k}" for k in range(classes)),
        test_images=images(n),
        test_labels=labels,
        reconstructions=images(n),
        mu=mu,
        sigma=np.ones_like(mu),
        losses=draw.gamma(4, 40, n).astype(np.float32),
        loss_unit="nats per image",
        sheet_labels=some_classes(classes),
        class_sheets=images(len(some_classes(classes)), SHEET),
        samples=images(SAMPLES),
        plane_points=square_grid(plane, mu, GRID_SIDE),
        plane_images=images(GRID_SIDE, GRID_SIDE),
        plane=plane,
        path_points=linear(mu[starts[0]], mu[ends[0]], STEPS),
        path_images=images(STEPS),
        morph_starts=starts,
        morph_ends=ends,
        morph_images=images(len(starts), STEPS),
        pca_directions=components.directions,
        pca_explained=components.explained,
    )
    return dataclasses.replace(made, **fields)
