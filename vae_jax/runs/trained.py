"""A trained member as one object, read from its run folder; the data set is not needed."""

import logging
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, UInt8
from numpy.typing import ArrayLike

from vae_jax.config.checks import LARGEST_WHOLE
from vae_jax.config.schema import Config
from vae_jax.core.checked_arguments import checked_image, checked_images, checked_points, checked_whole
from vae_jax.core.errors import UserError
from vae_jax.core.jax_settings import check_jax
from vae_jax.core.user_paths import from_home
from vae_jax.data.dataset import Images, Split
from vae_jax.data.faces.alignment import Template
from vae_jax.data.kept_data import KeptData, read_kept
from vae_jax.evaluation.encoding import (
    Codes,
    condition_of,
    conditions_between,
    decode_latents,
    encode_images,
    sample_prior,
)
from vae_jax.evaluation.likelihood import log_likelihoods, samples_used
from vae_jax.interpolation.paths import PATHS
from vae_jax.reports.summary import member_title
from vae_jax.runs.folder import RunFolder
from vae_jax.training.checkpoints import Checkpoints
from vae_jax.training.examples import split_arrays
from vae_jax.training.extraction import spec_alone, state_alone, state_shapes
from vae_jax.training.groups import MEMBERS_FILE, Group, Numbered, group_of, read_members
from vae_jax.training.member import Weights, model_of
from vae_jax.training.memory import free_bytes
from vae_jax.training.metrics_log import read_metrics
from vae_jax.training.non_finite import failed_for_good
from vae_jax.training.sharding import Layout
from vae_jax.training.spec import Spec
from vae_jax.training.steps import TrainState

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

    def sample(self, n: int, seed: int = 0, labels: Labels | None = None) -> Images:
        """Decode latents drawn from the prior.

        Args:
            n: how many; at least one, and no more than fit into the memory.
            seed: decides the images; 0 to 4,294,967,295, like `config.seed`.
            labels: the class of each, or one for all, for a conditional model.

        Returns:
            uint8 `[n, height, width, channels]`.

        Raises:
            UserError: `n`, `seed` or the labels can't be used.
        """
        count, seed = self._count("n", n, low=1), checked_whole("seed", seed, 0, 2**32 - 1)
        condition = self._condition(labels, count)
        latents = sample_prior(self.spec, self.weights, count, seed, condition)
        return decode_latents(self.spec, self.weights, latents, condition)

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
        try:
            given = np.asarray(labels)
        except ValueError:  # rows of several lengths
            given = np.empty(0)
        if given.dtype.kind not in "iu" or given.size not in (1, count) or given.min() < 0 or given.max() >= classes:
            raise UserError(f"labels: found {str(labels)[:60]}; needs {names}")
        return condition_of(self.spec, np.broadcast_to(given.ravel(), count))

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
        alone = sum(map(len, _groups(run).values())) == 1
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


def sample(model: Trained, n: int, seed: int = 0, labels: Labels | None = None) -> Images:
    """Call `Trained.sample`."""
    return _trained(model).sample(n, seed, labels)


def _trained(model: object) -> Trained:
    if not isinstance(model, Trained):
        found = type(model).__name__
        raise UserError(f"model: found {found}; needs a trained model, such as from load_run(FOLDER) or sweep.load(0)")
    return model


def load_run(folder: Path | str, member: int | None = None, *, last: bool = False) -> Trained:
    """Read a trained member from a run folder, at its newest checkpoint.

    Args:
        folder: the run's.
        member: its number; not needed if the run has only one.
        last: read the weights of the last step also where those of the best step are kept (`train.keep_best`).

    Raises:
        UserError: there is no trained run, or no such member; or its `data.npz` is missing, damaged or of other data;
            or JAX can't be used with its settings.
    """
    check_jax()
    run = RunFolder(from_home(folder))
    config, groups = run.read_config(), _groups(run)
    number = _chosen(run, member, sorted(number for members in groups.values() for number, _ in members))
    name = next(name for name, members in groups.items() if number in dict(members))
    return _reader(run, config, name, groups[name], last=last)(number)


def load_members(folder: Path | str, wanted: Iterable[int], step: int | None = None) -> Iterator[Trained]:
    """Read several trained members from a run folder, each checkpoint once.

    Args:
        folder: the run's.
        wanted: their numbers; they are yielded in the order of their groups.
        step: of the checkpoint to read, for the weights of this step; None means the newest checkpoint, and the weights
            of the best step where they are kept.

    Raises:
        UserError: there is no trained run, or no such checkpoint.
    """
    run, numbers = RunFolder(from_home(folder)), set(wanted)
    config = run.read_config()
    for name, members in _groups(run).items():
        here = [number for number, _ in members if number in numbers]
        yield from map(_reader(run, config, name, members, step, last=step is not None), here) if here else ()


def settings_of(folder: Path | str) -> dict[int, Config]:
    """Return the settings of every member of a run by number.

    Raises:
        UserError: there is no trained run.
    """
    run = RunFolder(from_home(folder))
    return {number: config for members in _groups(run).values() for number, config in members}


def saved_steps(folder: Path | str) -> list[int]:
    """Return the steps that all members of a run have a checkpoint of, in order."""
    run = RunFolder(from_home(folder))
    steps = [set(Checkpoints(run.checkpoints / name, keep=1, tidy=False).steps()) for name in _groups(run)]
    return sorted(set.intersection(*steps))


def _reader(
    run: RunFolder, config: Config, name: str, members: Numbered, step: int | None = None, *, last: bool
) -> Callable[[int], Trained]:
    """Read a group, and return a function from a member's number to the member."""
    data = run.data(config, members[0][1])
    kept = read_kept(data)
    group = group_of(name, members, kept)
    state = _state(run, group, kept, data, step)

    def member_of(number: int) -> Trained:
        index = group.numbers.index(number)
        alone, own = group.configs[index], state_alone(group, index, state)
        if failed_for_good(alone, failed := int(state.failed[index])):
            log.warning("member %s failed in step %s; its weights are from before this step", number, f"{failed:,}")
        return Trained(
            folder=run.path,
            member=number,
            config=alone,
            spec=spec_alone(group, index),
            weights=jax.tree.map(lambda leaf: leaf[0], (own if last else own.at_best()).weights),
            title=member_title(config, alone),
            test=kept.test,
            class_names=kept.class_names,
            template=kept.template,
            notice=kept.notice,
        )

    return member_of


def _groups(run: RunFolder) -> dict[str, Numbered]:
    """Return the members of each started group.

    Raises:
        UserError: there is none, or a part from outside is not registered.
    """
    run.check_parts()
    folders = sorted(path.parent for path in run.checkpoints.glob(f"*/{MEMBERS_FILE}"))
    groups = {folder.name: read_members(folder) for folder in folders}
    if not groups:
        raise UserError(f"{run.checkpoints}: no checkpoint yet; train the run first")
    return groups


def _chosen(run: RunFolder, member: int | None, known: list[int]) -> int:
    there = f"members {known[0]} to {known[-1]}" if len(known) > 1 else f"member {known[0]} only"
    if member is None and len(known) > 1:
        raise UserError(
            f"{run.path}: a sweep with {there}; needs the number of a member (members.csv says which is which)"
        )
    if member is not None and member not in known:
        raise UserError(f"member: found {member}; {run.path} has {there}")
    return known[0] if member is None else member


def _state(run: RunFolder, group: Group, kept: KeptData, data: Path, step: int | None) -> TrainState:
    """Read the newest state of a group, or that of a step, rounded to the precision of this process."""
    checkpoints = Checkpoints(run.checkpoints / group.name, keep=1, tidy=False)
    found = checkpoints.restore(state_shapes(group.spec, group.configs), step, cast=True)
    checkpoints.close()
    if found is None:
        if step is None:
            raise UserError(f"{checkpoints.folder}: no checkpoint yet; train the run first")
        known = ", ".join(map(str, checkpoints.steps()))
        raise UserError(f"{checkpoints.folder}: found none of step {step}; has {known}")
    state, record = found
    if record["data"] != kept.fingerprint:
        raise UserError(f"{data}: of other data than the checkpoint's; run --mode=evaluate where the data are")
    return state
