"""Reading picture files that may be anything: what can't be used is skipped with its name and reason."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from vae_jax.data.alignment import Picture
from vae_jax.errors import UnusablePictureError

MOST_PIXELS = 50_000_000  # a picture larger than this is refused by its header, before it is decoded


def read_picture(path: Path, *, colour: bool = False) -> Picture:
    """Read a picture, turned as its EXIF orientation says, what is transparent laid over white.

    Args:
        path: of the file.
        colour: whether to give red, green and blue, or one channel of grey.

    Raises:
        UnusablePictureError: it can't be read, or is too large.
    """
    try:
        if not path.is_file():
            raise UnusablePictureError("not a file")
        if not path.stat().st_size:
            raise UnusablePictureError("empty file")
        with Image.open(path) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise UnusablePictureError(f"{picture.width} by {picture.height} pixels, more than {MOST_PIXELS:,}")
            if picture.mode[0] in "IF":  # converting would clip them to white
                raise UnusablePictureError("more than 8 bits a pixel")
            upright = _over_white(ImageOps.exif_transpose(picture))
            pixels = np.asarray(upright.convert("RGB" if colour else "L"))
            return pixels if colour else pixels[..., None]
    except UnusablePictureError:
        raise
    except UnidentifiedImageError:
        raise UnusablePictureError("not a picture") from None
    except Exception as error:  # a decoder may raise anything on a damaged file
        raise UnusablePictureError(f"damaged: {str(error).splitlines()[0] if str(error) else 'no data'}") from None


def _over_white(picture: Image.Image) -> Image.Image:
    if not picture.has_transparency_data:
        return picture
    solid = picture.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", solid.size, "white"), solid)
