"""Published sets of faces: downloads of the free ones, and how to get the others."""

from dataclasses import dataclass
from pathlib import Path

from vae_jax.core.errors import UserError
from vae_jax.core.progress import Progress
from vae_jax.data.downloads import fetch
from vae_jax.data.formats.archives import unpack


@dataclass(frozen=True)
class Part:
    """An archive of a set, which holds a folder of the same name as `folder`."""

    archive: str  # below raw/downloads
    addresses: tuple[str, ...]
    checksum: str
    folder: str  # below raw
    most_bytes: int  # unpacked


@dataclass(frozen=True)
class FaceSet:
    """A set of faces: its name, terms of use and archives."""

    name: str
    terms: str
    parts: tuple[Part, ...]


LFW = FaceSet(
    "Labeled Faces in the Wild, funneled (13,233 photographs of people)",
    "made for research on faces, no licence stated, the news photographs remain their owners'; "
    "cite Huang, Ramesh, Berg and Learned-Miller 2007",
    (
        Part(
            "lfw-funneled.tgz",
            # as in scikit-learn; the first address sometimes gives an empty answer (202)
            ("https://ndownloader.figshare.com/files/5976015", "https://api.figshare.com/v2/file/download/5976015"),
            "b47c8422c8cded889dc5a13418c4bc2abbda121092b3533a83306f90d900100a",
            "lfw_funneled",
            1_000_000_000,
        ),
    ),
)
PETS = FaceSet(
    "Oxford-IIIT Pet (7,390 photographs of dogs and cats)",
    "CC BY-SA 4.0, the photographs remain their owners'; cite Parkhi, Vedaldi, Zisserman and Jawahar 2012",
    tuple(
        Part(
            f"oxford_pets/{name}.tar.gz",
            (
                f"https://thor.robots.ox.ac.uk/~vgg/data/pets/{name}.tar.gz",
                f"https://www.robots.ox.ac.uk/~vgg/data/pets/data/{name}.tar.gz",
            ),
            checksum,
            f"oxford_pets/{name}",
            2_000_000_000,
        )
        for name, checksum in (
            ("annotations", "52425fb6de5c424942b7626b428656fcbd798db970a937df61750c0f1d358e91"),
            ("images", "67195c5e1c01f1ab5f9b6a5d22b8c27a580d896ece458917e61d459337fa318d"),
        )
    ),
)
BY_HAND = """\
Two sets must be requested; put them into the raw folder (config.data.raw_dir, or VAE_JAX_RAW):
- UTKFace (Zhang, Song and Qi 2017), 23,708 faces of people: https://susanqq.github.io/UTKFace/
  Terms: for non-commercial research only; the photographs remain their owners'.
  Take "Aligned & Cropped Faces"; they go to utkface/UTKFace/*.jpg
- Columbia Dogs with Parts (Liu, Kanazawa, Jacobs and Belhumeur 2012), 8,351 dogs of 133 breeds:
  http://faceserv.cs.columbia.edu/DogData/
  Terms: those of its page; the photographs remain their owners'.
  It goes to CU_Dogs/dogImages/<NNN.Breed>/*.jpg, CU_Dogs/dogParts/<NNN.Breed>/*.txt,
  CU_Dogs/training.txt and CU_Dogs/testing.txt
"""


def fetch_faces(raw: Path, sets: tuple[FaceSet, ...] = (LFW, PETS)) -> None:
    """Download and unpack sets of faces, and print a line for each.

    Args:
        raw: the raw folder; archives go to its `downloads`, where they may be put by hand too.
        sets: which sets.

    Raises:
        UserError: a set can't be downloaded or unpacked; raised after the other sets.
    """
    failures = []
    for faces in sets:
        try:
            print(f"{faces.name}: {_fetch(faces, raw)}. Terms: {faces.terms}.")
        except UserError as error:
            failures.append(f"{faces.name}: {error}")
    if failures:
        raise UserError("; ".join(failures))


def _fetch(faces: FaceSet, raw: Path) -> str:
    folders = ", ".join(str(raw / part.folder) for part in faces.parts)
    missing = [part for part in faces.parts if not (raw / part.folder).is_dir()]
    if not missing:
        return f"there already ({folders}), left alone"
    for part in missing:
        archive = raw / "downloads" / part.archive
        try:
            fetch(part.addresses, part.checksum, archive)
        except UserError as error:
            raise UserError(f"can't be downloaded ({error}); put the archive to {archive} by hand") from None
        with Progress(f"unpacking {part.archive}"):
            unpack(archive, raw / part.folder, most_bytes=part.most_bytes, inner=Path(part.folder).name)
    archives = ", ".join(str(raw / "downloads" / part.archive) for part in missing)
    return f"now in {folders}; no longer needed: {archives}"
