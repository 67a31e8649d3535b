"""What a run folder keeps of its data, so that a trained model can be used where the data are not."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vae_jax.core.errors import UserError
from vae_jax.data.dataset import Dataset, Split
from vae_jax.data.faces.alignment import Template
from vae_jax.data.formats.prepared_arrays import text_array, text_value

MOST_IMAGES, MOST_BYTES = 10_000, 64_000_000


@dataclass(frozen=True)
class KeptData:
    """A data set without its training images.

    Attributes:
        name, source, class_names, notice, template, fingerprint: as in `Dataset`.
        test: its test images, or as many of them, evenly picked, as a run folder holds.
        sampling_indices, validation: as long as the data set's.
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
    """Write what is kept of a data set, whole or not at all; nothing where it lies there already.

    Args:
        path: of the file, a NumPy archive.
        dataset: the run's.
    """
    if kept_fingerprint(path) == dataset.fingerprint:
        return
    test = dataset.test
    count = min(len(test), MOST_IMAGES, max(1, MOST_BYTES // test.images[0].nbytes))
    picked = np.linspace(0, len(test) - 1, count).round().astype(int)
    facts = {
        "name": dataset.name,
        "source": dataset.source,
        "class_names": dataset.class_names,
        "notice": dataset.notice,
        "template": dataset.template,
        "fingerprint": dataset.fingerprint,
        "sampling_indices": len(dataset.sampling_indices),
        "validation": len(dataset.validation),
    }
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("wb") as file:
        np.savez_compressed(file, facts=text_array(facts), images=test.images[picked], labels=test.labels[picked])
    partial.replace(path)


def kept_fingerprint(path: Path) -> str | None:
    """Return the fingerprint of the data set that a file is of; None where it is not there, or damaged."""
    try:
        return read_kept(path).fingerprint
    except UserError:
        return None


def read_kept(path: Path) -> KeptData:
    """Read what `keep_data` wrote.

    Raises:
        UserError: it is not there, or damaged.
    """
    again = "; python -m vae_jax.main --mode=evaluate --workdir=..., where the data are, writes it again"
    if not path.is_file():
        raise UserError(f"{path}: not there{again}")
    try:
        with np.load(path, allow_pickle=False) as arrays:
            facts, test = text_value(arrays["facts"]), Split(arrays["images"], arrays["labels"])
        assert isinstance(facts, dict)
        template = facts["template"] and tuple((x, y) for x, y in facts["template"])
        named = facts | {"class_names": tuple(facts["class_names"]), "template": template}
        lengths = {name: range(facts[name]) for name in ("sampling_indices", "validation")}
        return KeptData(**(named | lengths | {"test": test}))
    except Exception as error:  # a damaged archive may raise anything
        raise UserError(f"{path}: can't be read ({type(error).__name__}){again}") from None
