"""A trained member as one object; the data set is not needed."""

import dataclasses
import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int, UInt8
from numpy.typing import ArrayLike

from vae_jax.config.checks import LARGEST_WHOLE
from vae_jax.config.schema import Config
from vae_jax.core.checked_arguments import checked_image, checked_images, checked_points, checked_whole
from vae_jax.core.errors import UserError
from vae_jax.data.dataset import Images, Split
from vae_jax.data.faces.alignment import Template
from vae_jax.evaluation.encoding import (
    Codes,
    condition_of,
    conditions_between,
    decode_latents,
    encode_images,
    sample_prior,
)
from vae_jax.evaluation.fitted_sampler import FittedSampler
from vae_jax.evaluation.likelihood import log_likelihoods, samples_used
from vae_jax.interpolation.paths import PATHS
from vae_jax.runs.folder import RunFolder
from vae_jax.runs.kept_sampler import kept_sampler, sampler_of
from vae_jax.runs.members import started_groups
from vae_jax.samplers import SAMPLERS
from vae_jax.samplers.prior import Prior
from vae_jax.training.examples import split_arrays
from vae_jax.training.member import Weights, model_of
from vae_jax.training.memory import free_bytes
from vae_jax.training.metrics_log import read_metrics
from vae_jax.training.sharding import Layout
from vae_jax.training.spec import Spec

log = logging.getLogger("vae_jax")

Labels = ArrayLike | Sequence[int]


@dataclass(frozen=True)
class Trained:
    """One trained model, with what is needed to use it.

    Attributes:
        folder: the run's.
        member: its number in the run.
        config: its settings, as of a single run.
        spec: what shapes its program.
        weights: its parameters and its other variables.
        title: a short description.
        test: test images of the run.
        class_names: the name of each label.
        template: positions of eyes and nose in the images, if they are aligned faces.
        notice: a line that every figure must show, or ''.
    """

    folder: Path
    member: int
    config: Config
    spec: Spec
    weights: Weights
    title: str
    test: Split
    class_names: tuple[str, ...]
    template: Template | None
    notice: str

    def __repr__(self) -> str:
        """Describe the model in one line."""
        return (
            f"Trained({str(self.folder)!r}, member {self.member}: {self.title}; {self.spec.sizes}, "
            f"{len(self.test):,} test images)"
        )

    @property
    def latent_dim(self) -> int:
        """Numbers of one latent."""
        return model_of(self.spec, self.weights).units.size

    def encode(self, images: ArrayLike, labels: Labels | None = None) -> Codes:
        """Return the posterior of each image, and its reconstruction from the posterior mean.

        Args:
            images: like `test.images`: uint8, of the model's image size; at least one.
            labels: the class of each, like `test.labels`, for a conditional model (`config.data.condition`).

        Returns:
            `mu` and `sigma`, the mean and the standard deviation `[n, latent]`, and `reconstructions`, like `images`.

        Raises:
            UserError: the images or labels can't be used.
        """
        given = checked_images("images", images, self.spec.image_shape)
        return encode_images(self.spec, self.weights, given, self._condition(labels, len(given)))

    def encode_test(self) -> Codes:
        """Return the codes of `test.images`, conditioned on their classes for a conditional model."""
        return encode_images(self.spec, self.weights, self.test.images, condition_of(self.spec, self.test.labels))

    def decode(self, z: ArrayLike, labels: Labels | None = None) -> UInt8[np.ndarray, "*shape height width channels"]:
        """Return the expected image of each latent.

        Args:
            z: latents `[..., latent]`, an array or nested lists; at least one.
            labels: the class of each `[...]`, or one for all, for a conditional model.

        Returns:
            uint8 `[..., height, width, channels]`.

        Raises:
            UserError: the latents have another size or are not finite, or the labels can't be used.
        """
        points = checked_points("z", z, self.latent_dim)
        count = math.prod(points.shape[:-1])
        return decode_latents(self.spec, self.weights, points, self._condition(labels, count))

    def sample(self, n: int, seed: int = 0, labels: Labels | None = None, sampler: str | None = None) -> Images:
        """Decode random latents.

        Args:
            n: how many; at least one, and no more than fit into the memory.
            seed: decides the images; 0 to 4,294,967,295, like `config.seed`.
            labels: the class of each, or one for all: for a conditional model, and for a fitted sampler if wanted.
            sampler: what latents are drawn from: `prior`, or a sampler that was fitted to this member, such as
                `gaussian_mixture`. A run fits that of its config to each member that it draws in full, `--mode=sample`
                to any member. None is that of the config, or the prior with a warning where it is not fitted.

        Returns:
            uint8 `[n, height, width, channels]`.

        Raises:
            UserError: an argument can't be used, or the sampler was not fitted to this member.
        """
        count, seed = self._count("n", n, low=1), checked_whole("seed", seed, 0, 2**32 - 1)
        fitted = self._fitted(sampler)
        condition = self._condition(labels, count) if fitted is None or self.spec.classes else None
        if fitted is None:
            latents = sample_prior(self.spec, self.weights, count, seed, condition)
        else:
            classes = None if labels is None else self._classes(labels, count, len(self.class_names))
            latents = fitted.sample(count, classes, seed)
        return decode_latents(self.spec, self.weights, latents, condition)

    def _fitted(self, name: str | None) -> FittedSampler | None:
        """Return a sampler that is fitted to this member; None for the prior.

        Raises:
            UserError: there is no such sampler, or it is not fitted to this member.
        """
        asked = self.config.sampler.name if name is None else name
        own = dataclasses.replace(self.config, sampler=dataclasses.replace(self.config.sampler, name=asked))
        if SAMPLERS[asked] is Prior:
            return None
        found = kept_sampler(RunFolder(self.folder), self.member, *sampler_of(own), self.weights)
        if found is None:
            command = f"--mode=sample --workdir={self.folder} --member={self.member} --config.sampler.name={asked}"
            missing = f"sampler: {asked} is not fitted to member {self.member} of {self.folder}"
            if name is not None:
                raise UserError(f"{missing}; fit it with python -m vae_jax.main {command}, or use sampler='prior'")
            log.warning("%s, so latents are drawn from the prior; %s fits it", missing, command)
        return found

    def morph(
        self,
        start: ArrayLike,
        end: ArrayLike,
        steps: int = 25,
        path: str = "linear",
        labels: Labels | None = None,
    ) -> Images:
        """Decode a path through latent space from one image to another.

        Args:
            start, end: each like one of `test.images`: uint8, of the model's image size.
            steps: how many, both ends included: 2 or more.
            path: a name in `vae_jax.interpolation.paths.PATHS`.
            labels: the classes of both, for a conditional model; the condition is interpolated linearly.

        Returns:
            uint8 `[steps, height, width, channels]`.

        Raises:
            UserError: there is no such path, or the images, `steps` or the labels can't be used.
        """
        walk, count = PATHS[path], self._count("steps", steps, low=2)
        size = self.spec.image_shape
        ends = np.stack([checked_image("start", start, size), checked_image("end", end, size)])
        condition = self._condition(labels, 2)
        mu = encode_images(self.spec, self.weights, ends, condition).mu
        conditions = None if condition is None else conditions_between(condition[:1], condition[1:], count)
        latents = walk(mu[0], mu[1], count)
        return decode_latents(self.spec, self.weights, latents, None if conditions is None else conditions[0])

    def log_likelihood(self, images: ArrayLike, k: int = 5000, labels: Labels | None = None) -> Float[np.ndarray, " n"]:
        """Estimate log p(x) of each image in nats by importance sampling (Burda et al. 2016, eq. 8).

        In expectation the estimate lies below log p(x), and it rises with `k`. It is the same for the same image at the
        same place; for `test.images` it is what the `nll` of a run's summary is the mean of. Of a discrete posterior it
        is log p(x, z) of the only code.

        Args:
            images: as for `encode`; with `config.data.binarise=drawn` grey ones, drawn as in evaluation.
            k: latent samples of each image; any number fits into memory.
            labels: as for `encode`.

        Raises:
            UserError: the images, `k` or the labels can't be used.
        """
        given = checked_images("images", images, self.spec.image_shape)
        count = checked_whole("k", k, 1, LARGEST_WHOLE)
        condition = self._condition(labels, len(given))
        classes = np.zeros(len(given), np.int32) if condition is None else condition.argmax(axis=1).astype(np.int32)
        split = split_arrays(Split(given, classes))
        weights, seeds = jax.tree.map(lambda leaf: leaf[None], self.weights), jnp.array([self.config.seed], jnp.uint32)
        used = samples_used(self.spec, split, weights, count)
        found: Float[np.ndarray, " n"] = log_likelihoods(self.spec, Layout(), split, seeds, weights, used)[0]
        return found

    def _condition(self, labels: Labels | None, count: int) -> Float[np.ndarray, "n classes"] | None:
        """Return the one-hot condition of examples of these classes; None for an unconditional model.

        Raises:
            UserError: labels are missing, or not used by the model, or out of range.
        """
        classes = self.spec.classes
        if labels is None and not classes:
            return None
        if not classes:
            raise UserError("labels: found some; this model is not conditional (config.data.condition=none)")
        names = f"whole numbers from 0 to {classes - 1}, one for all or {count}"
        if labels is None:
            raise UserError(f"labels: missing; this model is conditioned on the class of each image: needs {names}")
        return condition_of(self.spec, self._classes(labels, count, classes))

    def _classes(self, labels: Labels, count: int, classes: int) -> Int[np.ndarray, " n"]:
        """Return the class of each example.

        Raises:
            UserError: labels are no whole numbers, or too many or too few, or out of range.
        """
        try:
            given = np.asarray(labels)
        except ValueError:  # rows of several lengths
            given = np.empty(0)
        if given.dtype.kind not in "iu" or given.size not in (1, count) or given.min() < 0 or given.max() >= classes:
            names = f"whole numbers from 0 to {classes - 1}, one for all or {count}"
            raise UserError(f"labels: found {str(labels)[:60]}; needs {names}")
        return np.broadcast_to(given.ravel(), count)

    def _count(self, name: str, found: int, low: int) -> int:
        """Check a number of images: two copies of them and of their latents must fit into the memory."""
        bytes_each = 2 * (math.prod(self.spec.image_shape) + 4 * self.latent_dim)
        return checked_whole(name, found, low, max(low, free_bytes() // bytes_each))

    def metrics(self) -> list[dict[str, Any]]:
        """Return the member's lines of `metrics.jsonl`.

        Returns:
            for every logged moment `step`, `epoch`, `split` (`train`, `validation`, `test`), `beta_kl`; `loss`, `recon`
            and `kl` in the run's normalisation; `distortion`, `rate` and `elbo` in nats per image.

        Raises:
            UserError: the file is missing.
        """
        file = RunFolder(self.folder).metrics
        if not file.is_file():
            raise UserError(f"{file}: not there; restore it from where the run was trained")
        return [line for line in read_metrics(file) if line["member"] == self.member]

    def figures(self) -> dict[str, Path]:
        """Return the member's figures in the run folder by their names; empty if it was not drawn.

        `loss_curves` is included if the member is the run's only one; a sweep's belong to `Sweep.figures`.
        """
        from vae_jax.figures.gallery import FIGURES, LOSS_CURVES

        run = RunFolder(self.folder)
        alone = sum(map(len, started_groups(run).values())) == 1
        suffix = "" if alone else f"_member{self.member}"
        paths = {name: run.figures / f"{name}{suffix}.png" for name in (*FIGURES, *(LOSS_CURVES[:1] if alone else ()))}
        return {name: path for name, path in paths.items() if path.is_file()}


def encode(model: Trained, images: ArrayLike, labels: Labels | None = None) -> Codes:
    """Call `Trained.encode`."""
    return _trained(model).encode(images, labels)


def decode(
    model: Trained, z: ArrayLike, labels: Labels | None = None
) -> UInt8[np.ndarray, "*shape height width channels"]:
    """Call `Trained.decode`."""
    return _trained(model).decode(z, labels)


def sample(model: Trained, n: int, seed: int = 0, labels: Labels | None = None, sampler: str | None = None) -> Images:
    """Call `Trained.sample`."""
    return _trained(model).sample(n, seed, labels, sampler)


def _trained(model: object) -> Trained:
    if not isinstance(model, Trained):
        found = type(model).__name__
        raise UserError(f"model: found {found}; needs a trained model, such as from load_run(FOLDER) or sweep.load(0)")
    return model
