"""The part of its data that a run folder keeps, so that a trained model can be used without the data."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vae_jax.core.atomic_files import written_atomically
from vae_jax.core.errors import UserError
from vae_jax.data.dataset import Dataset, Split
from vae_jax.data.faces.alignment import Template
from vae_jax.data.formats.prepared_arrays import text_array, text_value

MOST_IMAGES, MOST_BYTES = 10_000, 64_000_000
FACTS = ("name", "source", "class_names", "notice", "template", "fingerprint")
LENGTHS = ("sampling_indices", "validation")


@dataclass(frozen=True)
class KeptData:
    """A data set without its training images.

    Attributes:
        name, source, class_names, notice, template, fingerprint: as in `Dataset`.
        test: its test images; of too many a part, evenly spaced.
        sampling_indices, validation: ranges of the data set's lengths.
    """

    name: str
    source: str
    class_names: tuple[str, ...]
    notice: str
    template: Template | None
    fingerprint: str
    test: Split
    sampling_indices: range
    validation: range

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Height and width in pixels, and channels."""
        height, width, channels = self.test.images.shape[1:]
        return height, width, channels


def keep_data(path: Path, dataset: Dataset) -> None:
    """Write the kept part of a data set atomically, unless the file holds it already.

    Args:
        path: the file, a NumPy archive.
        dataset: the data set of the run.
    """
    if kept_fingerprint(path) == dataset.fingerprint:
        return
    test = dataset.test
    count = min(len(test), MOST_IMAGES, max(1, MOST_BYTES // test.images[0].nbytes))
    picked = np.linspace(0, len(test) - 1, count).round().astype(int)
    facts: dict[str, object] = {name: getattr(dataset, name) for name in FACTS}
    facts |= {name: len(getattr(dataset, name)) for name in LENGTHS}
    with written_atomically(path) as partial, partial.open("wb") as file:
        np.savez_compressed(file, facts=text_array(facts), images=test.images[picked], labels=test.labels[picked])


def kept_fingerprint(path: Path) -> str | None:
    """Return the fingerprint of the data set that a file holds; None where it is missing or damaged."""
    try:
        return read_kept(path).fingerprint
    except UserError:
        return None


def read_kept(path: Path) -> KeptData:
    """Read what `keep_data` wrote.

    Raises:
        UserError: the file is missing or damaged.
    """
    again = "; python -m vae_jax.main --mode=evaluate --workdir=..., where the data are, writes it again"
    if not path.is_file():
        raise UserError(f"{path}: no such file{again}")
    try:
        with np.load(path, allow_pickle=False) as arrays:
            facts, test = text_value(arrays["facts"]), Split(arrays["images"], arrays["labels"])
        template = facts["template"] and tuple((x, y) for x, y in facts["template"])
        named = facts | {"class_names": tuple(facts["class_names"]), "template": template}
        lengths = {name: range(facts[name]) for name in LENGTHS}
        return KeptData(**(named | lengths | {"test": test}))
    except Exception as error:  # a damaged archive may raise anything
        raise UserError(f"{path}: can't be read ({type(error).__name__}){again}") from None
