"""Morphs of any pictures: prepared like a run's images, and taken along paths through its latent space."""

import logging
import math
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from jaxtyping import Float

from vae_jax.core.errors import UnusablePictureError, UserError
from vae_jax.data.contrast import CONTRASTS
from vae_jax.data.faces.alignment import Face, Picture, Points, align_face, cut_square
from vae_jax.data.faces.face_finder import find_face
from vae_jax.data.faces.photographs.landmark_table import TABLE, points_beside
from vae_jax.data.faces.photographs.photo import files_in
from vae_jax.data.formats.picture_files import read_reduced
from vae_jax.evaluation.encoding import image_losses
from vae_jax.evaluation.morphs import Image, Morph, ReferenceSet
from vae_jax.figures.animation import WRITERS, is_animated
from vae_jax.interpolation.paths import PATHS
from vae_jax.runs.trained import Trained

log = logging.getLogger("vae_jax")

NEIGHBOURS = 15
STRIP, RECONSTRUCTION, TOGETHER = "_strip.png", "_reconstruction.png", ("losses.png", "cover.png")
HOW_TO_MARK = "mark its eyes and nose in a landmarks.csv beside it, or give --cropped if the whole picture is the face"


def morphed_files(out: Path) -> tuple[Path, Path, Path]:
    """Return the files that a morph writes: the animation, and the strip and the reconstruction beside it."""
    return out, out.with_name(out.stem + STRIP), out.with_name(out.stem + RECONSTRUCTION)


def earlier_morphs(pictures: Iterable[Path]) -> set[Path]:
    """Return those pictures of a folder that an earlier morph wrote.

    These are a strip with a reconstruction of the same name, the animations of that name (but no photograph), and the
    two pictures of all morphs together.
    """
    existing, written = set(pictures), set[Path]()
    for path in existing:
        if path.name.endswith(STRIP):
            start = path.name.removesuffix(STRIP)
            pair = {path, path.with_name(start + RECONSTRUCTION)}
            if existing.issuperset(pair):
                outs = (path.with_name(start + suffix) for suffix in WRITERS)
                written |= pair | {out for out in outs if out in existing and is_animated(out)}
    together = {path for path in existing if path.name in TOGETHER}
    return written | (together if written and len(together) == len(TOGETHER) else set())


def named_pictures(folder: Path) -> dict[str, Path]:
    """List the files of a folder by unique names, without landmarks and what an earlier morph wrote."""
    found, named = [path for path in files_in(folder) if path.name != TABLE], dict[str, Path]()
    written = earlier_morphs(found)
    if written:
        log.warning("%s: %s pictures that an earlier morph wrote are left out", folder, f"{len(written):,}")
    paths = [path for path in found if path not in written]
    stems = [path.stem for path in paths]
    for path in paths:
        name = path.stem if stems.count(path.stem) == 1 else path.name.replace(".", "_")
        while name in named:
            name += "_"
        named[name] = path
    return named


def read_face(path: Path, trained: Trained, *, cropped: bool = False) -> Image:
    """Read a picture and prepare it like the images that a model was trained on.

    If these are aligned faces, the eyes and the nose are those in the `landmarks.csv` beside the picture, or those of
    the largest face found in it.

    Args:
        path: of any picture file.
        trained: the model.
        cropped: use the central square where the picture has no landmarks.

    Returns:
        uint8, of the run's image shape.

    Raises:
        UnusablePictureError: the picture can't be used, or no face is found in it.
        UserError: a `landmarks.csv` can't be read.
    """
    height, width, channels = trained.spec.image_shape
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of large or odd files
        picture, reduced = read_reduced(path, colour=channels == 3)
    if trained.template is None:
        square = as_its_tones(cut_square(picture, max(height, width)), trained)
        top, left = (len(square) - height) // 2, (len(square) - width) // 2
        return square[top : top + height, left : left + width]
    points = points_beside(path)
    if points is None and cropped:
        return as_its_tones(cut_square(picture, height), trained)
    try:
        points = find_face(picture) if points is None else points / reduced
    except UnusablePictureError as error:
        raise UnusablePictureError(f"{error}; {HOW_TO_MARK}") from None
    return as_its_tones(lay_over(picture, points, trained), trained)


def lay_over(picture: Picture, points: Points, trained: Trained) -> Face:
    """Cut a face out of a picture, aligned like a model's images.

    Args:
        picture: uint8 `[height, width, channels]`.
        points: left eye, right eye, nose as x, y in pixels from the top left corner.
        trained: a model of aligned faces.

    Returns:
        uint8, of the run's image shape; its tones are the picture's.

    Raises:
        UnusablePictureError: the points can't be used.
        UserError: the model's images are not aligned faces.
    """
    if trained.template is None:
        raise UserError(f"{trained.folder}: its images are not aligned faces; needs a model of such")
    return align_face(picture, points, trained.spec.image_shape[0], trained.template)


def as_its_tones(image: Image, trained: Trained) -> Image:
    """Change the tones of an image, uint8 `[height, width, channels]`, like those of a model's images."""
    return CONTRASTS[trained.config.data.contrast](image)


def reference_of(trained: Trained) -> ReferenceSet:
    """Encode the run's test images, which morphs are compared to.

    Raises:
        UserError: the model is conditioned on classes, which other pictures don't have.
    """
    if trained.spec.classes:
        raise UserError("config.data.condition: found 'labels', and pictures from elsewhere have none; needs 'none'")
    codes, spec = trained.encode_test(), trained.spec
    losses, unit = image_losses(trained.spec, codes)
    pixels = math.prod(trained.spec.image_shape)
    return ReferenceSet(
        title=trained.title,
        notice=trained.notice,
        class_names=trained.class_names,
        labels=trained.test.labels,
        mu=codes.mu,
        losses=losses,
        loss_unit=unit,
        encoder_sizes=(pixels, *spec.encoder_layers, spec.latent_dim),
        decoder_sizes=(spec.latent_dim, *spec.decoder_layers, pixels),
        posterior="" if codes.sigma is not None else trained.config.model.posterior,
    )


def morphs_from(
    faces: Mapping[str, Image], end: Image | None, trained: Trained, reference: ReferenceSet, steps: int, path: str
) -> list[Morph]:
    """Morph each picture into an end.

    Args:
        faces: the pictures to start from, by name.
        end: the last image; None means the test image that `nearest_end` chooses for each.
        trained: the model.
        reference: of the model.
        steps: of the path, both ends included.
        path: a name in `PATHS`.

    Raises:
        UserError: there is no such path, or no test image of another class.
    """
    walk, starts = PATHS[path], np.stack(list(faces.values()))
    codes = trained.encode(starts)
    losses, _ = image_losses(trained.spec, codes)
    given = None if end is None else (end, trained.encode(end[None]).mu[0])
    morphs = []
    for k, name in enumerate(faces):
        nearest = nearest_end(reference, codes.mu[k]) if given is None else 0
        last, code = given or (trained.test.images[nearest], reference.mu[nearest])
        way = walk(codes.mu[k], code, steps)
        frames = trained.decode(way)
        morphs.append(Morph(name, starts[k], last, codes.reconstructions[k], float(losses[k]), way, frames))
    return morphs


def nearest_end(reference: ReferenceSet, start: Float[np.ndarray, " latent"]) -> int:
    """Choose the test image to end at: the nearest dog; for a dog the nearest person; else any other class's nearest.

    Only the better reconstructed half of these are considered.

    Args:
        reference: the test images.
        start: a posterior mean; its class is that of most of its nearest neighbours.

    Returns:
        the image's index; distances are Euclidean, between posterior means.

    Raises:
        UserError: all test images are of the start's class.
    """
    distances = np.linalg.norm(reference.mu - start, axis=1)
    order = np.argsort(distances, kind="stable")
    likely = np.bincount(reference.labels[order[:NEIGHBOURS]]).argmax()
    others = [label for label in np.unique(reference.labels).tolist() if label != likely]
    named = (label for name in ("dogs", "people") for label in others if reference.class_names[label] == name)
    wanted = next(([label] for label in named), others)
    among = np.isin(reference.labels, wanted)
    suited = order[(among & (reference.losses <= np.median(reference.losses[among])))[order]] if wanted else order[:0]
    if not len(suited):
        raise UserError("end: missing, and the run's test images are all of one class; needs a picture to go to")
    return int(suited[0])
