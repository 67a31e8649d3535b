"""Picture files: grey levels the right way up, or a few words on why a file can't be used."""

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFile

from vae_jax.data.picture_files import MOST_PIXELS, read_picture
from vae_jax.errors import UnusablePictureError

GREY = np.random.default_rng(0).integers(0, 256, (5, 7)).astype(np.uint8)
ORIENTATION = 0x112
# What a viewer does to the stored pixels, by the EXIF standard.
TURNS = {
    1: lambda a: a,
    2: np.fliplr,
    3: lambda a: np.rot90(a, 2),
    4: np.flipud,
    5: np.transpose,
    6: lambda a: np.rot90(a, -1),
    7: lambda a: np.rot90(a, 2).T,
    8: np.rot90,
}


def encoded(picture, kind, **options):
    content = io.BytesIO()
    picture.save(content, kind, **options)
    return content.getvalue()


def exif(orientation):
    made = Image.Exif()
    made[ORIENTATION] = orientation
    return made


def png(width, height, depth=1):
    """The start of a black-and-white PNG of that size; a kilobyte whatever the size."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, depth, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(10_000)))


@pytest.fixture
def read(tmp_path):
    """Read bytes as a picture file."""

    def from_bytes(content, name="picture.jpg"):
        (tmp_path / name).write_bytes(content)
        return read_picture(tmp_path / name)[..., 0]

    return from_bytes


@pytest.mark.parametrize("kind", ["PNG", "GIF", "BMP", "TIFF"])
def test_grey_levels_are_read_as_they_are_whatever_the_name_says(read, kind):
    np.testing.assert_array_equal(read(encoded(Image.fromarray(GREY), kind)), GREY)


def test_colours_become_their_luma(read):
    colours = np.random.default_rng(1).integers(0, 256, (4, 6, 3)).astype(np.uint8)
    luma = colours @ np.array([0.299, 0.587, 0.114])
    np.testing.assert_allclose(read(encoded(Image.fromarray(colours), "PNG")), luma, atol=1)


@pytest.mark.parametrize("mode", ["1", "P", "LA", "RGBA", "CMYK", "YCbCr"])
def test_every_common_kind_of_pixel_is_read(read, mode):
    pixels = np.kron(np.where(GREY > 127, 255, 0), np.ones((2, 2))).astype(np.uint8)  # colours may be stored by twos
    stored = {"format": "PNG"}
    if mode in ("CMYK", "YCbCr"):  # deflated: Pillow 11 writes other YCbCr a few bytes short
        stored = {"format": "TIFF", "compression": "tiff_adobe_deflate"}
    content = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(content, **stored)
    np.testing.assert_allclose(read(content.getvalue()), pixels, atol=2)


@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_is_read(read, progressive):
    smooth = np.tile(np.arange(0, 256, 4, dtype=np.uint8), (64, 1))
    content = encoded(Image.fromarray(smooth), "JPEG", quality=95, progressive=progressive)
    np.testing.assert_allclose(read(content), smooth, atol=6)


@pytest.mark.parametrize("orientation", TURNS)
def test_a_picture_is_turned_as_its_exif_orientation_says(read, orientation):
    content = encoded(Image.fromarray(GREY), "PNG", exif=exif(orientation))
    np.testing.assert_array_equal(read(content), TURNS[orientation](GREY))


def test_a_photograph_taken_on_its_side_stands_upright(read):
    """Orientation 6: the stored left side is the top."""
    stored = np.full((32, 64), 20, np.uint8)
    stored[:, :32] = 220
    upright = read(encoded(Image.fromarray(stored), "JPEG", exif=exif(6)))
    assert upright.shape == (64, 32)
    assert upright[:28].min() > 200
    assert upright[36:].max() < 40


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty file"),
        (b"<html>Not Found</html>", "not a picture"),
        (bytes(5000), "not a picture"),
        (encoded(Image.fromarray(np.tile(GREY, (20, 20))), "JPEG")[:-300], "damaged: image file is truncated"),
        (encoded(Image.fromarray(GREY), "PNG")[:60], "damaged: "),
        (encoded(Image.fromarray(GREY.astype(np.uint16) << 8), "PNG"), "more than 8 bits a pixel"),
        (encoded(Image.fromarray(GREY / np.float32(255)), "TIFF"), "more than 8 bits a pixel"),
    ],
    ids=["empty", "text", "zeros", "truncated", "truncated PNG", "16 bits", "real numbers"],
)
def test_a_file_that_can_not_be_used_says_why(read, content, reason):
    with pytest.raises(UnusablePictureError) as error:
        read(content)
    assert str(error.value).startswith(reason)


@pytest.mark.parametrize("name", ["nowhere.jpg", "", "x" * 300 + ".jpg", "null\0byte.jpg"])
def test_what_is_no_file_says_so(tmp_path, name):
    with pytest.raises(UnusablePictureError, match=r"not a file|File name too long"):
        read_picture(tmp_path / name)


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize(("width", "height"), [(8000, MOST_PIXELS // 8000 + 1), (10_000, 9_000), (60_000, 60_000)])
def test_a_picture_that_is_too_large_is_refused_before_it_is_decoded(read, monkeypatch, width, height):
    def load(_):
        raise MemoryError("decoded")

    monkeypatch.setattr(ImageFile.ImageFile, "load", load)
    with pytest.raises(UnusablePictureError, match="pixels"):
        read(png(width, height))


def test_a_picture_of_the_largest_size_is_read(read, monkeypatch):
    monkeypatch.setattr("vae_jax.data.picture_files.MOST_PIXELS", GREY.size)
    assert read(encoded(Image.fromarray(GREY), "PNG")).shape == GREY.shape
    with pytest.raises(UnusablePictureError, match="6 by 6 pixels, more than 35"):
        read(encoded(Image.fromarray(np.zeros((6, 6), np.uint8)), "PNG"))


WHOLE = [
    encoded(Image.fromarray(np.tile(GREY, (3, 3))).convert("RGB"), kind, exif=exif(6))
    for kind in ("JPEG", "PNG", "TIFF", "WEBP")
] + [encoded(Image.fromarray(GREY), kind) for kind in ("GIF", "BMP", "PPM", "TGA")]


@given(
    st.sampled_from(WHOLE) | st.binary(max_size=50),
    st.lists(st.tuples(st.integers(0, 300), st.integers(0, 255)), max_size=5),
    st.integers(0, 3000),
)
@pytest.mark.filterwarnings("ignore::Warning")
def test_any_bytes_are_grey_levels_or_a_reason_in_one_line(tmp_path_factory, whole, damage, end):
    content = bytearray(whole)
    for place, value in damage:
        content[place : place + 1] = bytes([value])
    path = tmp_path_factory.mktemp("fuzz") / "picture.jpg"
    path.write_bytes(content[:end])
    try:
        grey = read_picture(path)
    except UnusablePictureError as error:
        assert str(error)
        assert "\n" not in str(error)
    else:
        assert grey.ndim == 3
        assert grey.shape[2] == 1
        assert grey.dtype == np.uint8


def test_real_odd_files_are_all_pictures_but_the_matrix(real_folder):
    files = sorted(path for path in real_folder("odd_files").iterdir())
    unusable = []
    for path in files:
        try:
            grey = read_picture(path)
        except UnusablePictureError as error:
            unusable.append((path.suffix, str(error)))
        else:
            assert grey.std() > 10, path.name
    assert unusable == [(".mat", "not a picture")]
    assert len(files) > 5
