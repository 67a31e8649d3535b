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
from vae_jax.data.faces.alignment import to_pillow
from vae_jax.data.formats.prepared_arrays import Arrays

# An image `[height, width, channels]`, its label, and facts about it.
Example = tuple[np.ndarray, int, Mapping[str, str | int]]

# The number of examples of a split, and a function that returns each by its index.
Examples = tuple[int, Callable[[int], Example]]

# TFDS holds the examples of a file in memory until it is complete: bytes of pixels in a file, unless a split would need
# more than `MOST_FILES` files, which are all open at once.
FILE_SIZE, MOST_FILES = 2**21, 100
AT_ONCE = 1_000  # examples that are read together


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
        name: of the data set.
        shape: height, width and channels of every image.
        class_names: of the labels.
        splits: the examples of each; they are made in several threads.
        folder: where TFDS writes.
        facts: name and type (`str` or `int`) of each fact about an image.
        instructions: how to get raw files that can't be downloaded.
    """
    logging.getLogger("absl").setLevel(logging.ERROR)
    import tensorflow_datasets as tfds

    kinds = {str: tfds.features.Text, int: lambda: tfds.features.Scalar(np.int32)}

    class Pictures(tfds.core.ShardBasedBuilder, skip_registration=True):  # type: ignore[misc,call-arg]
        """Images as PNG and their classes, in the given order."""

        VERSION = tfds.core.Version("1.0.0")
        advance: Callable[[], object] = staticmethod(lambda: None)  # called after each picture is written
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
            """Log nothing: there is no download."""

        def _log_download_done(self) -> None:
            """Log nothing: there was no download."""

    Pictures.name = name
    Pictures.count = sum(count for count, _ in splits.values())
    return Pictures(data_dir=str(folder), file_format="array_record")


def _files(count: int, size: int) -> list[range]:
    """Return the indices of the examples in each file, for examples of `size` bytes of pixels."""
    in_one = max(1, FILE_SIZE // size, -(-count // MOST_FILES))
    return [range(first, min(first + in_one, count)) for first in range(0, count, in_one)]


def _encoded(
    shape: tuple[int, int, int], example: Callable[[int], Example], places: range, advance: Callable[[], object]
) -> Iterator[tuple[int, dict[str, Any]]]:
    def encode(k: int) -> tuple[int, dict[str, Any]]:
        image, label, about = example(k)
        if image.shape != shape or image.dtype != np.uint8:  # TFDS does not check
            raise ValueError(f"found an image {image.dtype}{image.shape}; needs uint8{shape}")
        file = io.BytesIO()
        to_pillow(image).save(file, "PNG", compress_level=1)
        return k, {"image": file.getvalue(), "label": label, **about}

    for pair in threaded_map(encode, places):
        yield pair
        advance()


def prepare(builder: Any) -> None:
    """Write the files of the builder, unless they exist."""
    with Progress("loading TensorFlow Datasets"):
        import tensorflow_datasets as tfds

    tfds.disable_progress_bar()
    config = tfds.download.DownloadConfig(compute_stats="skip", manual_dir=builder.data_dir)
    with Progress(f"writing {builder.name}", builder.count, unit="picture") as progress:
        builder.advance = progress.advance
        builder.download_and_prepare(download_config=config)
    downloads = Path(builder.data_dir).parents[1] / "downloads"  # TFDS makes it, though there are none
    if downloads.is_dir() and all(path.is_dir() for path in downloads.rglob("*")):
        shutil.rmtree(downloads)


def read_splits(builder: Any) -> Arrays:
    """Read both prepared splits: `train_images`, `train_labels`, `test_images` and `test_labels`; see `read_split`."""
    arrays: dict[str, np.ndarray] = {}
    for split in ("train", "test"):
        arrays[f"{split}_images"], arrays[f"{split}_labels"] = read_split(builder, split)
    return arrays


def read_split(builder: Any, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Read a prepared split: images, uint8 `[n, height, width, channels]`, and labels, int32 `[n]`.

    Raises:
        ValueError: an image has another type or shape.
    """
    shape = builder.info.features["image"].shape
    with Progress(f"opening the {split} pictures"):
        source = builder.as_data_source(split=split)
    images, labels = np.empty((len(source), *shape), np.uint8), np.empty(len(source), np.int32)
    with Progress(f"reading the {split} pictures", len(source), unit="picture") as progress:
        for k, row in enumerate(rows_of(source)):
            if row["image"].shape != shape or row["image"].dtype != np.uint8:
                raise ValueError(f"found an image {row['image'].dtype}{row['image'].shape}; needs uint8{shape}")
            images[k], labels[k] = row["image"], row["label"]
            progress.advance()
    return images, labels


def rows_of(source: Any) -> Iterator[Any]:
    """Yield the examples of a TFDS data source in order, read in blocks."""
    for k in range(0, len(source), AT_ONCE):
        yield from source.__getitems__(range(k, min(k + AT_ONCE, len(source))))
