"""Images and their classes as TFDS builders that need no TensorFlow."""

import io
import logging
import math
import shutil
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from vae_jax.core.progress import Progress
from vae_jax.core.threaded_map import threaded_map

# An image `[height, width, channels]`, the number of its class, and facts about it.
Example = tuple[np.ndarray, int, Mapping[str, str | int]]

# How many examples a split has, and what gives each by its place.
Examples = tuple[int, Callable[[int], Example]]

# TFDS holds a file's examples until it is whole: no more than have so many bytes of pixels, unless a split would have
# more files than a system likes to have open.
FILE_SIZE, MOST_FILES = 2**21, 100


def make_builder(
    name: str,
    shape: tuple[int, int, int],
    class_names: tuple[str, ...],
    splits: Mapping[str, Examples],
    folder: Path,
    facts: Mapping[str, type] | None = None,
    instructions: str = "",
) -> Any:
    """Make a TFDS builder.

    Args:
        name: the data set's.
        shape: height, width and channels of every image.
        class_names: of the labels.
        splits: the examples of each; several are asked for at once, from other threads.
        folder: where TFDS keeps what it prepared.
        facts: the name of each fact about an image, and whether it is a `str` or an `int`.
        instructions: where raw files come from that must be had by hand.
    """
    logging.getLogger("absl").setLevel(logging.ERROR)
    import tensorflow_datasets as tfds

    kinds = {str: tfds.features.Text, int: lambda: tfds.features.Scalar(np.int32)}

    class Pictures(tfds.core.ShardBasedBuilder, skip_registration=True):  # type: ignore[misc,call-arg]
        """Images and their classes, as PNG, in the order in which they are given."""

        VERSION = tfds.core.Version("1.0.0")
        advance: Callable[[], object] = staticmethod(lambda: None)  # called with every picture that is written
        MANUAL_DOWNLOAD_INSTRUCTIONS = instructions or None

        def _info(self) -> Any:
            features = {
                "image": tfds.features.Image(shape=shape, encoding_format="png"),
                "label": tfds.features.ClassLabel(names=class_names),
                **{fact: kinds[kind]() for fact, kind in (facts or {}).items()},
            }
            return self.dataset_info_from_configs(features=tfds.features.FeaturesDict(features), disable_shuffling=True)

        def _shard_iterators_per_split(self, dl_manager: Any) -> dict[str, Any]:
            del dl_manager
            return {
                split: [
                    partial(_encoded, shape, example, places, self.advance)
                    for places in _files(count, math.prod(shape))
                ]
                for split, (count, example) in splits.items()
            }

        def _log_download_bytes(self) -> None:
            """Say nothing of a download: there is none."""

        def _log_download_done(self) -> None:
            """Say nothing of a download: there was none."""

    Pictures.name = name
    Pictures.count = sum(count for count, _ in splits.values())
    return Pictures(data_dir=str(folder), file_format="array_record")


def _files(count: int, size: int) -> list[range]:
    """Spread examples over files: the places of those in each, where each has `size` bytes of pixels."""
    in_one = max(1, FILE_SIZE // size, -(-count // MOST_FILES))
    return [range(first, min(first + in_one, count)) for first in range(0, count, in_one)]


def _encoded(
    shape: tuple[int, int, int], example: Callable[[int], Example], places: range, advance: Callable[[], object]
) -> Iterator[tuple[int, dict[str, Any]]]:
    def encode(k: int) -> tuple[int, dict[str, Any]]:
        image, label, about = example(k)
        if image.shape != shape or image.dtype != np.uint8:  # TFDS does not look
            raise ValueError(f"found an image {image.dtype}{image.shape}; needs uint8{shape}")
        return k, {"image": _png(image), "label": label, **about}

    for pair in threaded_map(encode, places):
        yield pair
        advance()


def _png(image: np.ndarray) -> bytes:
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(image if image.shape[2] == 3 else image[..., 0]).save(file, "PNG", compress_level=1)
    return file.getvalue()


def prepare(builder: Any) -> None:
    """Write the builder's files where they are not there yet."""
    with Progress("loading TensorFlow Datasets"):
        import tensorflow_datasets as tfds

    tfds.disable_progress_bar()
    config = tfds.download.DownloadConfig(compute_stats="skip", manual_dir=builder.data_dir)
    with Progress(f"writing {builder.name}", builder.count, unit="picture") as progress:
        builder.advance = progress.advance
        builder.download_and_prepare(download_config=config)
    _remove_empty(Path(builder.data_dir).parents[1] / "downloads")  # TFDS makes it, and there were none


def _remove_empty(folder: Path) -> None:
    """Remove a folder, if there are only folders in it."""
    if folder.is_dir() and all(path.is_dir() for path in folder.rglob("*")):
        shutil.rmtree(folder)


def read_split(builder: Any, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Read a prepared split whole: uint8 `[n, height, width, channels]` and int32 `[n]`.

    Raises:
        ValueError: it holds something else.
    """
    shape = builder.info.features["image"].shape
    with Progress(f"opening the {split} pictures"):
        source = builder.as_data_source(split=split)
    images, labels = np.empty((len(source), *shape), np.uint8), np.empty(len(source), np.int32)
    with Progress(f"reading the {split} pictures", len(source), unit="picture") as progress:
        for k in range(0, len(source), 1_000):
            rows = source.__getitems__(range(k, min(k + 1_000, len(source))))
            for j, row in enumerate(rows, k):
                if row["image"].shape != shape or row["image"].dtype != np.uint8:
                    raise ValueError(f"found an image {row['image'].dtype}{row['image'].shape}; needs uint8{shape}")
                images[j], labels[j] = row["image"], row["label"]
            progress.advance(len(rows))
    return images, labels
