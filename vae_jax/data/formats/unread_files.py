"""Picture files that Pillow does not read, or misreads, recognised by their first bytes."""

from pathlib import Path

# Of a camera's raw file Pillow would read the small preview.
RAW = {".arw", ".cr2", ".dng", ".nef", ".nrw", ".orf", ".pef", ".rw2", ".srw"}
HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
AVIF_BRANDS = {b"avif", b"avis"}
OTHERS = {
    b"\xff\x0a": "JPEG XL",
    b"\0\0\0\x0cJXL ": "JPEG XL",
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n": "PNG",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"GIF8": "GIF",
}
NO_PICTURE = "not a picture"
NEEDED = 64  # bytes


def kind_of(path: Path) -> str:
    """Return `HEIC`, or in a few words why the file must not be read as a picture, or '' for any other file.

    Raises:
        OSError: it can't be read.
    """
    start = _start(path)
    if path.suffix.lower() in RAW or start[4:12] == b"ftypcrx ":
        return "a camera's raw file; needs a JPEG or PNG of it"
    brands = _brands(start)
    return "HEIC" if brands & HEIC_BRANDS and not brands & AVIF_BRANDS else ""


def what_it_is(path: Path) -> str:
    """Describe a file that Pillow does not recognise."""
    try:
        start = _start(path)
    except OSError as error:
        return f"{error.strerror}"
    kinds = [kind for bytes_of, kind in OTHERS.items() if start.startswith(bytes_of)]
    if _brands(start) & AVIF_BRANDS:
        kinds = ["AVIF"]
    return f"{kinds[0]} of a kind that Pillow does not read, or damaged" if kinds else NO_PICTURE


def _start(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(NEEDED)


def _brands(start: bytes) -> set[bytes]:
    """Return the brands of a file in the ISO base media format."""
    if start[4:8] != b"ftyp":
        return set()
    end = min(int.from_bytes(start[:4]), len(start))
    return {start[8:12], *(start[k : k + 4] for k in range(16, end, 4))}
