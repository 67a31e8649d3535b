"""MNIST-like data sets as TFDS builders that need no TensorFlow."""

import io
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from vae_jax.data.idx import read_idx
from vae_jax.errors import UserError

log = logging.getLogger("vae_jax")


def read_images(path: Path) -> np.ndarray:
    """Read 28×28 images, `[n, 28, 28]`; TFDS does not check shapes.

    Raises:
        UserError: the file holds something else.
    """
    images = read_idx(path, 3)
    if images.shape[1:] != (28, 28):
        raise UserError(f"{path}: found images of shape {images.shape[1:]}; needs (28, 28)")
    return images


def make_builder(name: str, files: dict[str, tuple[Path, Path]], class_names: tuple[str, ...], folder: Path) -> Any:
    """Make a TFDS builder over raw idx files.

    Args:
        name: the data set's.
        files: images and labels of each split.
        class_names: of the labels.
        folder: where TFDS keeps what it prepared.
    """
    logging.getLogger("absl").setLevel(logging.ERROR)
    import tensorflow_datasets as tfds
    from PIL import Image

    class IdxImages(tfds.core.GeneratorBasedBuilder, skip_registration=True):  # type: ignore[misc,call-arg]
        """Grey images and their classes, as PNG."""

        VERSION = tfds.core.Version("1.0.0")

        def _info(self) -> Any:
            features = {
                "image": tfds.features.Image(shape=(28, 28, 1), encoding_format="png"),
                "label": tfds.features.ClassLabel(names=class_names),
            }
            return self.dataset_info_from_configs(features=tfds.features.FeaturesDict(features), disable_shuffling=True)

        def _split_generators(self, dl_manager: Any) -> dict[str, Iterator[tuple[int, dict[str, Any]]]]:
            del dl_manager
            return {split: self._generate_examples(*paths) for split, paths in files.items()}

        def _generate_examples(self, images: Path, labels: Path) -> Iterator[tuple[int, dict[str, Any]]]:
            for k, (image, label) in enumerate(zip(read_images(images), read_idx(labels, 1), strict=True)):
                png = io.BytesIO()
                Image.fromarray(image).save(png, "PNG", compress_level=1)
                yield k, {"image": png.getvalue(), "label": int(label)}

    IdxImages.name = name
    return IdxImages(data_dir=str(folder), file_format="array_record")


def prepare(builder: Any) -> None:
    """Write the builder's files where they are not there yet."""
    import tensorflow_datasets as tfds

    tfds.disable_progress_bar()
    builder.download_and_prepare(download_config=tfds.download.DownloadConfig(compute_stats="skip"))


def read_split(builder: Any, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Read a prepared split whole: uint8 `[n, 28, 28, 1]` and int32 `[n]`.

    Raises:
        ValueError: it holds something else.
    """
    source = builder.as_data_source(split=split)
    rows = [
        row
        for k in range(0, len(source), 10_000)
        for row in source.__getitems__(range(k, min(k + 10_000, len(source))))
    ]
    images = np.stack([row["image"] for row in rows])
    if images.shape[1:] != (28, 28, 1) or images.dtype != np.uint8:
        raise ValueError(f"found images {images.dtype}{images.shape[1:]}")
    return images, np.array([row["label"] for row in rows], np.int32)
