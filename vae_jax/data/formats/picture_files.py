"""Reading of untrusted picture files; those that can't be used raise an error with the reason."""

import io
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib import import_module
from pathlib import Path
from threading import Lock
from typing import BinaryIO

import numpy as np
from PIL import Image, UnidentifiedImageError

from vae_jax.core.errors import UnusablePictureError
from vae_jax.data.faces.alignment import Picture
from vae_jax.data.formats.picture_metadata import without_metadata
from vae_jax.data.formats.unread_files import NO_PICTURE, kind_of, what_it_is

MOST_PIXELS = 150_000_000  # larger pictures are refused by their header, before they are decoded
LARGE = 50_000_000  # pixels: larger pictures are halved while they are decoded, one at a time
ROWS = 512  # of a large picture that are halved together

# Formats that Pillow opens but decodes or renders with another program.
DRAWINGS = {"BUFR", "EPS", "GRIB", "HDF5", "MPEG", "WMF"}

ORIENTATION = 0x112
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

_one_large_picture = Lock()


def read_picture(path: Path, *, colour: bool = False) -> Picture:
    """Read a picture as `read_reduced` does, and return it without the factor."""
    return read_reduced(path, colour=colour)[0]


def read_reduced(path: Path, *, colour: bool = False) -> tuple[Picture, int]:
    """Read a picture, turned by its EXIF orientation, with transparency over white.

    The format is known by the content, not by the name. Of animations and files of several pages the first is read.

    Args:
        path: of the file.
        colour: return red, green and blue; else one channel of grey.

    Returns:
        the picture, and the factor by which its sides were divided: 2 if it has more than `LARGE` pixels, else 1.

    Raises:
        UnusablePictureError: it can't be read, or is too large.
    """
    try:
        with _opened(path) as picture:
            return _decoded(picture, colour)
    except UnusablePictureError:
        raise
    except Exception as error:  # a decoder may raise anything on a damaged file
        again = _without_metadata(path, colour)
        if again is None:
            raise UnusablePictureError(_reason(path, error)) from None
        return again


def _decoded(picture: Image.Image, colour: bool) -> tuple[Picture, int]:
    if picture.width * picture.height > MOST_PIXELS:
        raise UnusablePictureError(f"{picture.width} by {picture.height} pixels, more than {MOST_PIXELS:,}")
    if picture.mode[0] in "IF":  # converting would clip them to white
        raise UnusablePictureError("more than 8 bits a pixel")
    large = picture.width * picture.height > LARGE
    alone: AbstractContextManager[object] = _one_large_picture if large else nullcontext()
    with alone:
        reduced = _halved(picture) if large else picture
        upright = _over_white(_upright(reduced, picture))
        pixels = np.asarray(upright.convert("RGB" if colour else "L"))
    return pixels if colour else pixels[..., None], 2 if large else 1


def _without_metadata(path: Path, colour: bool) -> tuple[Picture, int] | None:
    """Read a PNG or TIFF file without its metadata; None if it still can't be read."""
    try:
        content = without_metadata(path)
        if content is None:
            return None
        with Image.open(io.BytesIO(content), formats=("PNG", "TIFF")) as picture:
            return _decoded(picture, colour)
    except UnusablePictureError:
        raise
    except Exception:
        return None


def _reason(path: Path, error: Exception) -> str:
    if isinstance(error, UnidentifiedImageError):
        return what_it_is(path)
    if isinstance(error, Image.DecompressionBombError):
        return f"more than {MOST_PIXELS:,} pixels"
    if isinstance(error, OSError) and error.strerror:
        return f"can't be read ({error.strerror})"
    return f"damaged: {str(error).splitlines()[0] if str(error) else 'no data'}"


def is_picture(path: Path) -> bool:
    """Return whether a file is a picture, perhaps a damaged one, by its first bytes."""
    try:
        with _opened(path):
            return True
    except UnidentifiedImageError:
        return what_it_is(path) != NO_PICTURE
    except Exception:  # a damaged picture, which is reported when it is read
        return True


def picture_size(path: Path) -> tuple[int, int] | None:
    """Return the width and height in pixels from the header of a picture; None if it can't be read."""
    try:
        with _opened(path) as picture:
            return picture.width, picture.height
    except Exception:  # reported when the picture is read
        return None


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    """Open a picture file by its content.

    Raises:
        UnidentifiedImageError: it is not a picture.
        UnusablePictureError: it is of a kind that can't be read, or not a file.
    """
    if not path.is_file():  # a pipe would block
        raise UnusablePictureError("not a file")
    if not path.stat().st_size:
        raise UnusablePictureError("empty file")
    kind = kind_of(path)
    if kind not in ("", "HEIC"):
        raise UnusablePictureError(kind)
    Image.init()
    # Not by path: Pillow would map uncompressed TIFFs into memory, and mix up the rows of rotated ones.
    with path.open("rb") as file:
        if kind == "HEIC":
            yield _heic_class()(file)
        else:
            with Image.open(file, formats=[name for name in Image.ID if name not in DRAWINGS]) as picture:
                yield picture


def _heic_class() -> Callable[[BinaryIO], Image.Image]:
    """Return the opener of HEIC files, without registering it with Pillow."""
    try:
        opener: Callable[[BinaryIO], Image.Image] = import_module("pillow_heif").HeifImageFile
    except ImportError:
        raise UnusablePictureError("HEIC, and no pillow-heif to read it with (pip install 'vae_jax[heic]')") from None
    return opener


def _halved(picture: Image.Image) -> Image.Image:
    """Decode a large picture at half its size, or halve it in strips if the format has no reduced decoding."""
    size = picture.size
    picture.draft(None, (size[0] // 2, size[1] // 2))  # JPEGs only
    if picture.size != size:
        return picture
    picture.load()  # applies the orientation of TIFFs
    size = picture.size
    half = Image.new("RGBA" if picture.has_transparency_data else "RGB", (-(-size[0] // 2), -(-size[1] // 2)))
    for top in range(0, size[1], ROWS):
        strip = picture.crop((0, top, size[0], min(top + ROWS, size[1])))
        half.paste(_in_rgb(strip).convert(half.mode).reduce(2), (0, top // 2))
    return half


def _upright(picture: Image.Image, opened: Image.Image) -> Image.Image:
    """Turn a picture by the orientation in the metadata of the file, if these can be read."""
    picture.load()  # decoding applies the orientation of TIFFs and removes it from the metadata
    try:
        turn = TURNS.get(opened.getexif().get(ORIENTATION, 1))
    except Exception:  # Pillow may raise anything on odd metadata
        turn = None
    return picture if turn is None else picture.transpose(turn)


def _over_white(picture: Image.Image) -> Image.Image:
    if not picture.has_transparency_data:
        return _in_rgb(picture)
    solid = picture.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", solid.size, "white"), solid)


def _in_rgb(picture: Image.Image) -> Image.Image:
    """Convert CIE L*a*b* to sRGB, which Pillow does by profile only; leave other colours as they are."""
    if picture.mode != "LAB":
        return picture
    try:
        from PIL import ImageCms

        from_lab, to_rgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        return ImageCms.applyTransform(picture, ImageCms.buildTransform(from_lab, to_rgb, "LAB", "RGB"))
    except (ImportError, ImageCms.PyCMSError):
        raise UnusablePictureError("L*a*b* colours, which this Pillow can't convert") from None
