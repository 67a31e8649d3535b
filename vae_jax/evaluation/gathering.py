"""Computes the arrays that the figures of a trained member show."""

import numpy as np
from jaxtyping import Int32, UInt8

from vae_jax.data.dataset import Dataset, Split
from vae_jax.evaluation.encoding import (
    condition_of,
    conditions_between,
    decode_latents,
    encode_images,
    even_condition,
    image_losses,
    sample_prior,
)
from vae_jax.evaluation.fitted_sampler import FittedSampler
from vae_jax.evaluation.member_arrays import MemberArrays
from vae_jax.interpolation.paths import PATHS
from vae_jax.interpolation.planes import principal_components, square_grid, widest_plane
from vae_jax.training.member import Weights
from vae_jax.training.spec import Spec

STEPS, GRID_SIDE, PAIRS, SAMPLES, SHEET = 25, 15, 6, 60, 20
MOST_SHEETS = 20  # maximum number of classes whose training images are shown


def gather_member_arrays(
    spec: Spec, weights: Weights, dataset: Dataset, *, seed: int, title: str, sampler: FittedSampler | None = None
) -> MemberArrays:
    """Return the arrays that the figures of one member show.

    Args:
        spec: the member's.
        weights: the member's, without a members axis.
        dataset: what it was trained on.
        seed: the member's; determines samples and pairs.
        title: the member in a few words.
        sampler: what new latents are drawn from beside the prior, if anything.
    """
    test = dataset.test
    condition = condition_of(spec, test.labels)
    codes = encode_images(spec, weights, test.images, condition)
    choose = np.random.default_rng(seed)
    starts, ends = pick_pairs(test.labels, PAIRS, choose)
    line = PATHS["linear"]
    paths = np.stack([line(codes.mu[a], codes.mu[b], STEPS) for a, b in zip(starts, ends, strict=True)])
    plane, components = widest_plane(codes.mu), principal_components(codes.mu)
    grid = square_grid(plane, codes.mu, GRID_SIDE)
    classes_in_turn = np.arange(SAMPLES) % max(1, spec.classes)
    every_class = condition_of(spec, classes_in_turn)
    prior, fitted_samples = sample_prior(spec, weights, SAMPLES, seed, every_class), None
    if sampler is not None:
        # Latents of any class where the model is conditioned on one that has no training images.
        all_trained = np.isin(np.arange(spec.classes), dataset.train.labels).all()
        latents = sampler.sample(SAMPLES, classes_in_turn if spec.classes and all_trained else None, seed)
        fitted_samples = decode_latents(spec, weights, latents, every_class)
    path_conditions = None if condition is None else conditions_between(condition[starts], condition[ends], STEPS)
    morphs = decode_latents(spec, weights, paths, path_conditions)
    losses, loss_unit = image_losses(spec, codes)
    sheet_labels = some_classes(len(dataset.class_names))
    return MemberArrays(
        title=title,
        notice=dataset.notice,
        class_names=dataset.class_names,
        test_images=test.images,
        test_labels=test.labels,
        reconstructions=codes.reconstructions,
        mu=codes.mu,
        sigma=codes.sigma,
        losses=losses,
        loss_unit=loss_unit,
        sheet_labels=sheet_labels,
        class_sheets=class_sheets(dataset.train, sheet_labels, choose),
        samples=decode_latents(spec, weights, prior, every_class),
        fitted_samples=fitted_samples,
        sampler="" if sampler is None else sampler.name,
        sampler_codes=0 if sampler is None else sampler.codes,
        plane_points=grid,
        plane_images=decode_latents(spec, weights, grid, even_condition(spec, grid.shape[:2])),
        plane=plane,
        path_points=paths[0],
        path_images=morphs[0],
        morph_starts=starts,
        morph_ends=ends,
        morph_images=morphs,
        pca_directions=components.directions,
        pca_explained=components.explained,
        told_classes=spec.classes > 0,
    )


def pick_pairs(
    labels: Int32[np.ndarray, " n"], pairs: int, choose: np.random.Generator
) -> tuple[Int32[np.ndarray, " pairs"], Int32[np.ndarray, " pairs"]]:
    """Choose pairs of test images to morph.

    With two or three classes, from the first class to the second that occurs; with more, between two neighbouring
    classes, cyclically; with one class, between two different images.

    Args:
        labels: the classes of the test images.
        pairs: number of pairs, all different; fewer if there are too few images.
        choose: the random generator.

    Returns:
        the indices of the starts and of the ends.
    """
    classes = np.unique(labels)
    members = [choose.permutation(np.flatnonzero(labels == label)) for label in classes]
    if len(classes) == 1:
        halves = np.array_split(members[0], 2)
        if not len(halves[1]):
            halves[1] = halves[0]
        members = [halves[0], halves[1]]
    if len(members) <= 3:  # as people and dogs
        turns = [(0, 1)] * pairs
    else:
        turns = [(2 * k % len(members), (2 * k + 1) % len(members)) for k in range(pairs)]
    found = [(members[a][k % len(members[a])], members[b][k % len(members[b])]) for k, (a, b) in enumerate(turns)]
    starts, ends = np.array(list(dict.fromkeys(found)), np.int32).T
    return starts, ends


def some_classes(count: int) -> Int32[np.ndarray, " sheets"]:
    """Return all classes, or an even selection of many."""
    picked: Int32[np.ndarray, " sheets"] = np.linspace(0, count - 1, min(count, MOST_SHEETS)).round().astype(np.int32)
    return picked


def class_sheets(
    split: Split, labels: Int32[np.ndarray, " sheets"], choose: np.random.Generator
) -> UInt8[np.ndarray, "sheets k height width channels"]:
    """Choose images of each of some classes; missing images are white."""
    sheets = np.full((len(labels), SHEET, *split.images.shape[1:]), 255, np.uint8)
    for sheet, label in zip(sheets, labels, strict=True):
        of_class = choose.permutation(np.flatnonzero(split.labels == label))[:SHEET]
        sheet[: len(of_class)] = split.images[of_class]
    return sheets
