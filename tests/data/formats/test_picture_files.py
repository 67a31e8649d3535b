"""Picture files: upright pixels, or a few words on why a file can't be used."""

import io
import struct
import sys
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFile

from vae_jax.core.errors import UnusablePictureError
from vae_jax.data.formats import picture_files
from vae_jax.data.formats.picture_files import MOST_PIXELS, is_picture, picture_size, read_picture, read_reduced

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
    Image.init()
    if kind not in Image.SAVE:
        pytest.skip(f"this Pillow writes no {kind}")
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


@pytest.mark.parametrize("kind", ["PNG", "GIF", "BMP", "TIFF", "DIB", "PPM", "PCX", "TGA", "SGI", "ICO", "QOI"])
def test_the_content_decides_the_format_not_the_name(read, kind):
    picture = Image.fromarray(GREY)
    content = encoded(picture.convert("RGBA" if kind in ("ICO", "QOI") else "L"), kind, sizes=[GREY.shape[::-1]])
    for name in ("picture.jpg", "picture", "picture.txt"):
        np.testing.assert_array_equal(read(content, name), GREY)


@pytest.mark.parametrize("kind", ["AVIF", "JPEG2000", "WEBP"])
def test_newer_formats_are_read(read, kind):
    smooth = np.tile(np.arange(0, 256, 4, dtype=np.uint8), (64, 1))
    np.testing.assert_allclose(read(encoded(Image.fromarray(smooth), kind)), smooth, atol=6)


def test_the_first_frame_or_page_is_read(read):
    pictures = [Image.fromarray(each) for each in (GREY, GREY[::-1].copy())]
    for kind in ("GIF", "PNG", "TIFF"):
        np.testing.assert_array_equal(read(encoded(pictures[0], kind, save_all=True, append_images=pictures[1:])), GREY)


def test_lab_colours_are_converted(read):
    """CIE L*a*b*: of grey, L* is 116 Y^(1/3) - 16, and sRGB's Y is known for every level."""
    content = encoded(
        Image.merge("LAB", [Image.new("L", (4, 4), round(2.55 * 53.585)), *2 * [Image.new("L", (4, 4), 128)]]), "TIFF"
    )
    np.testing.assert_allclose(read(content), 128, atol=1)


def test_colours_become_their_luma(read):
    colours = np.random.default_rng(1).integers(0, 256, (4, 6, 3)).astype(np.uint8)
    luma = colours @ np.array([0.299, 0.587, 0.114])
    np.testing.assert_allclose(read(encoded(Image.fromarray(colours), "PNG")), luma, atol=1)


@pytest.mark.parametrize("mode", ["1", "P", "LA", "PA", "RGBA", "RGBX", "CMYK", "YCbCr"])
def test_every_common_kind_of_pixel_is_read(read, mode):
    pixels = np.kron(np.where(GREY > 127, 255, 0), np.ones((2, 2))).astype(np.uint8)  # colours may be stored by twos
    stored = {"format": "PNG"}
    if mode in ("CMYK", "YCbCr", "PA", "RGBX"):  # deflated: Pillow 11 writes other YCbCr a few bytes short
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
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_a_picture_is_turned_as_its_exif_orientation_says(read, kind, orientation):
    content = encoded(Image.fromarray(GREY), kind, exif=exif(orientation))
    np.testing.assert_array_equal(read(content), TURNS[orientation](GREY))


def test_a_rotated_photograph_is_upright(read):
    """Orientation 6: the stored left side is the top."""
    stored = np.full((32, 64), 20, np.uint8)
    stored[:, :32] = 220
    upright = read(encoded(Image.fromarray(stored), "JPEG", exif=exif(6)))
    assert upright.shape == (64, 32)
    assert upright[:28].min() > 200
    assert upright[36:].max() < 40


def odd_exif(*entries):
    """EXIF data with odd entries: tag, type, count and four bytes or more."""
    directory, beyond, behind = struct.pack("<H", len(entries)), b"", 14 + 12 * len(entries)
    for tag, kind, count, value in entries:
        place = value.ljust(4, b"\0") if len(value) <= 4 else struct.pack("<I", behind + len(beyond))
        directory += struct.pack("<HHI", tag, kind, count) + place
        beyond += value if len(value) > 4 else b""
    return b"Exif\0\0II*\0\x08\0\0\0" + directory + bytes(4) + beyond


LYING = (ORIENTATION, 3, 1, struct.pack("<H", 6))
ODD = {
    "negative signed fraction": (LYING, (0x11A, 10, 1, struct.pack("<ii", -1, 0))),
    "fraction by nought": (LYING, (0x11A, 5, 1, struct.pack("<II", 72, 0))),
    "letters as number": (LYING, (0x11A, 2, 3, b"72\0")),
    "beyond the end": (LYING, (0x11A, 5, 1000, struct.pack("<I", 10**9))),
    "part that leads nowhere": (LYING, (0x8769, 4, 1, struct.pack("<I", 10**9))),
    "position of letters": (LYING, (0x8825, 2, 3, b"12\0")),
}


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("entries", ODD.values(), ids=ODD)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_odd_metadata_do_not_prevent_reading_and_keep_the_orientation(read, kind, entries):
    stored = np.full((32, 64), 20, np.uint8)
    stored[:, :32] = 220
    upright = read(encoded(Image.fromarray(stored), kind, exif=odd_exif(*entries)))
    assert upright.shape == (64, 32)
    assert upright[:28].min() > 200 > 40 > upright[36:].max()


@pytest.mark.parametrize("value", [0, 9, 65_535])
def test_an_unknown_orientation_is_ignored(read, value):
    content = encoded(Image.fromarray(GREY), "PNG", exif=odd_exif((ORIENTATION, 3, 1, struct.pack("<H", value))))
    np.testing.assert_array_equal(read(content), GREY)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty file"),
        (b"<html>Not Found</html>", "not a picture"),
        (bytes(5000), "not a picture"),
        (encoded(Image.fromarray(np.tile(GREY, (20, 20))), "JPEG")[:-300], "damaged: image file is truncated"),
        (encoded(Image.fromarray(GREY), "PNG")[:60], "damaged: "),
        (encoded(Image.fromarray(GREY), "PNG")[:20], "damaged: "),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not a picture"),
        (b"\x89HDF\r\n\x1a\n" + bytes(99), "not a picture"),
        (b"\xff\x0a" + bytes(99), "JPEG XL of a kind that Pillow does not read"),
        (encoded(Image.fromarray(GREY.astype(np.uint16) << 8), "PNG"), "more than 8 bits a pixel"),
        (encoded(Image.fromarray(GREY / np.float32(255)), "TIFF"), "more than 8 bits a pixel"),
    ],
    ids=[
        "empty",
        "text",
        "zeros",
        "truncated",
        "truncated PNG",
        "PNG without a header",
        "EPS",
        "HDF5",
        "JPEG XL",
        "16 bits",
        "real numbers",
    ],
)
def test_an_unusable_file_has_a_reason(read, content, reason):
    with pytest.raises(UnusablePictureError) as error:
        read(content)
    assert str(error.value).startswith(reason)


@pytest.mark.parametrize("name", ["nowhere.jpg", "", "x" * 300 + ".jpg", "null\0byte.jpg"])
def test_a_path_that_is_not_a_file_has_a_reason(tmp_path, name):
    with pytest.raises(UnusablePictureError, match=r"not a file|can't be read \(File name too long\)"):
        read_picture(tmp_path / name)


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize(("width", "height"), [(8000, MOST_PIXELS // 8000 + 1), (20_000, 20_000), (60_000, 60_000)])
def test_a_picture_that_is_too_large_is_refused_before_it_is_decoded(read, monkeypatch, width, height):
    def load(_):
        raise MemoryError("decoded")

    monkeypatch.setattr(ImageFile.ImageFile, "load", load)
    with pytest.raises(UnusablePictureError, match="pixels"):
        read(png(width, height))


def test_a_picture_of_the_largest_size_is_read(read, monkeypatch):
    monkeypatch.setattr("vae_jax.data.formats.picture_files.MOST_PIXELS", GREY.size)
    assert read(encoded(Image.fromarray(GREY), "PNG")).shape == GREY.shape
    with pytest.raises(UnusablePictureError, match="6 by 6 pixels, more than 35"):
        read(encoded(Image.fromarray(np.zeros((6, 6), np.uint8)), "PNG"))


@pytest.fixture
def few_are_large(monkeypatch):
    """Make pictures of more than 2,000 pixels large, and halve them in strips of 8 rows."""
    monkeypatch.setattr(picture_files, "LARGE", 2000)
    monkeypatch.setattr(picture_files, "ROWS", 8)


SMOOTH = (np.add.outer(np.arange(60), 2 * np.arange(90))).astype(np.uint8)


@pytest.mark.usefixtures("few_are_large")
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", [1, 6])
def test_a_large_picture_is_halved_and_returned_with_the_factor(tmp_path, kind, orientation):
    path = tmp_path / "large"
    path.write_bytes(encoded(Image.fromarray(SMOOTH), kind, exif=exif(orientation), quality=98))
    halved, times = read_reduced(path)
    assert times == 2
    wanted = SMOOTH.reshape(30, 2, 45, 2).mean((1, 3))
    np.testing.assert_allclose(halved[..., 0], TURNS[orientation](wanted), atol=4)


@pytest.mark.usefixtures("few_are_large")
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_the_last_odd_row_and_column_of_a_large_picture_are_kept(tmp_path, kind):
    Image.fromarray(SMOOTH[:59, :89]).save(tmp_path / "large", kind)
    assert read_picture(tmp_path / "large").shape == (30, 45, 1)


@pytest.mark.usefixtures("few_are_large")
def test_transparency_in_a_large_picture_becomes_white(tmp_path):
    picture = Image.new("RGBA", (60, 60), (0, 0, 0, 0))
    picture.paste((10, 10, 10, 255), (0, 0, 30, 60))
    picture.save(tmp_path / "large.png")
    halved, _ = read_reduced(tmp_path / "large.png")
    assert set(halved[:, :15].ravel()) == {10}
    assert set(halved[:, 15:].ravel()) == {255}


def test_a_small_picture_is_not_divided(tmp_path):
    Image.fromarray(GREY).save(tmp_path / "small.png")
    assert read_reduced(tmp_path / "small.png")[1] == 1


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_a_panorama_of_a_hundred_million_pixels_is_read(tmp_path):
    Image.new("L", (15_000, 7_000), 99).save(tmp_path / "wide.jpg")
    halved, times = read_reduced(tmp_path / "wide.jpg")
    assert (halved.shape, times) == ((3500, 7500, 1), 2)


# As such a file begins; nothing is behind it.
HEIC = (28).to_bytes(4) + b"ftypheic" + bytes(4) + b"mif1heicmiaf" + bytes(99)


def test_without_pillow_heif_the_reason_says_what_to_install(read, monkeypatch):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    for name in ("picture.heic", "picture.jpg"):
        with pytest.raises(UnusablePictureError, match=r"^HEIC, and no pillow-heif to read it with \(pip install"):
            read(HEIC, name)


def test_a_heic_file_is_read_upright_and_nothing_is_registered_with_pillow(tmp_path):
    heif = pytest.importorskip("pillow_heif")
    stored = np.full((32, 64), 20, np.uint8)
    stored[:, :32] = 220
    heif.from_pillow(Image.fromarray(stored).convert("RGB")).save(tmp_path / "a.heic", exif=exif(6).tobytes())
    upright = read_picture(tmp_path / "a.heic")[..., 0]
    assert upright.shape == (64, 32)
    assert upright[:28].min() > 200 > 40 > upright[36:].max()
    assert ".heic" not in Image.registered_extensions()


def test_a_camera_s_raw_file_is_not_read_for_its_preview(read):
    with pytest.raises(UnusablePictureError, match="a camera's raw file; needs a JPEG or PNG of it"):
        read(encoded(Image.fromarray(GREY), "TIFF"), "DSC_0001.NEF")


@pytest.mark.parametrize(
    ("content", "wanted", "size"),
    [
        (encoded(Image.fromarray(GREY), "PNG"), True, (7, 5)),
        (encoded(Image.fromarray(GREY), "PNG")[:60], True, (7, 5)),
        (b"", True, None),
        (HEIC, True, None),
        (b"text", False, None),
    ],
    ids=["whole", "cut off", "empty", "HEIC", "text"],
)
def test_a_header_says_whether_a_file_is_a_picture_and_how_large(tmp_path, monkeypatch, content, wanted, size):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    (tmp_path / "a").write_bytes(content)
    assert (is_picture(tmp_path / "a"), picture_size(tmp_path / "a")) == (wanted, size)


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
def test_any_bytes_give_a_picture_or_a_reason_in_one_line(tmp_path_factory, whole, damage, end):
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
