"""Removing metadata because of which Pillow refuses a picture file."""

import struct
import zlib
from pathlib import Path

PNG, TIFF = b"\x89PNG\r\n\x1a\n", {b"II*\0": "<", b"MM\0*": ">"}
PNG_PIXELS, PNG_EXIF = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}, b"eXIf"
# The tags needed to read the pixels, and the orientation.
TIFF_PIXELS = {
    *range(254, 267), 273, 274, *range(277, 280), 284, 317, *range(320, 326), 330, 332, *range(338, 342), 347,
    *range(529, 533),
}  # fmt: skip
LARGEST = 2**30  # bytes of a file that is read into memory
UNKNOWN_TAG = 65_000  # of the range for private tags


def without_metadata(path: Path) -> bytes | None:
    """Return the content of a PNG or TIFF file with its pixels and undamaged EXIF data or orientation only.

    Returns:
        the new content; None if the file is of another kind, or larger than `LARGEST`.

    Raises:
        OSError: it can't be read.
    """
    with path.open("rb") as file:
        start = file.read(len(PNG))
        if not (start == PNG or start[:4] in TIFF) or path.stat().st_size > LARGEST:
            return None
        content = start + file.read()
    return _png(content) if start == PNG else _tiff(content, TIFF[start[:4]])


def _png(content: bytes) -> bytes:
    kept, at = [PNG], len(PNG)
    while at < len(content):
        length = int.from_bytes(content[at : at + 4])
        chunk = content[at : at + 12 + length]
        kind, crc = chunk[4:8], chunk[8 + length :]
        if kind in PNG_PIXELS or (kind == PNG_EXIF and zlib.crc32(chunk[4:-4]) == int.from_bytes(crc)):
            kept.append(chunk)
        at += 12 + length
    return b"".join(kept)


def _tiff(content: bytes, order: str) -> bytes | None:
    """Give the metadata tags of the first page a number and a type that readers ignore."""
    made = bytearray(content)
    try:
        (at,) = struct.unpack_from(f"{order}I", made, 4)
        (tags,) = struct.unpack_from(f"{order}H", made, at)
        for entry in range(at + 2, at + 2 + 12 * tags, 12):
            if struct.unpack_from(f"{order}H", made, entry)[0] not in TIFF_PIXELS:
                struct.pack_into(f"{order}HHI4x", made, entry, UNKNOWN_TAG, 1, 1)
    except struct.error:  # cut off
        return None
    return bytes(made)
