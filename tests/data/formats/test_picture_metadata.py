"""Metadata because of which Pillow refuses a file with undamaged pixels."""

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from vae_jax.data.formats.picture_files import read_picture
from vae_jax.data.formats.picture_metadata import without_metadata

GREY = np.random.default_rng(0).integers(0, 256, (5, 7)).astype(np.uint8)


def png(orientation=1):
    """With a text, a compressed text and an orientation."""
    words, exif, file = PngImagePlugin.PngInfo(), Image.Exif(), io.BytesIO()
    words.add_text("Comment", "words of someone")
    words.add_text("Software", "words " * 20, zip=True)
    exif[0x112] = orientation
    Image.fromarray(GREY).save(file, "PNG", pnginfo=words, exif=exif)
    return file.getvalue()


def tiff(order="<"):
    """Written by hand: size, bits, no compression, grey, a text, offset of the pixels, rows, bytes, resolution."""
    entries = [(256, 7), (257, 5), (258, 8), (259, 1), (262, 1), (270, 17), (273, 163), (278, 5), (279, 35), (282, 138)]
    kinds = {270: (2, 17), 282: (5, 1)}  # letters, a fraction
    directory = struct.pack(f"{order}H", len(entries))
    for tag, value in entries:
        kind, count = kinds.get(tag, (4, 1))
        directory += struct.pack(f"{order}HHII", tag, kind, count, 146 if tag == 270 else value)
    start = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", 8)
    beyond = struct.pack(f"{order}II", 72, 1) + b"words of someone\0"
    whole = (start + directory + bytes(4)).ljust(138, b"\0") + beyond
    return whole + GREY.tobytes()


def kept(tmp_path, content):
    (tmp_path / "a").write_bytes(content)
    return without_metadata(tmp_path / "a")


def pixels(tmp_path, content):
    (tmp_path / "a").write_bytes(content)
    return read_picture(tmp_path / "a")[..., 0]


@pytest.mark.parametrize("content", [png(), tiff("<"), tiff(">")], ids=["PNG", "TIFF", "TIFF of the other order"])
def test_pixels_are_kept_and_texts_removed(tmp_path, content):
    made = kept(tmp_path, content)
    with Image.open(io.BytesIO(made)) as picture:
        np.testing.assert_array_equal(np.asarray(picture), GREY)
        assert not any(b"words" in str(value).encode() for value in picture.info.values())


def test_a_text_with_a_wrong_checksum_is_removed_and_the_orientation_kept(tmp_path):
    damaged = png(6).replace(b"words of", b"Words of")
    with pytest.raises(OSError, match="identify"):
        Image.open(io.BytesIO(damaged)).load()
    np.testing.assert_array_equal(pixels(tmp_path, damaged), np.rot90(GREY, -1))


def test_exif_data_with_a_wrong_checksum_are_removed(tmp_path):
    damaged = png(6)
    at = damaged.index(b"eXIf")
    damaged = damaged[: at + 8] + b"?" + damaged[at + 9 :]
    np.testing.assert_array_equal(pixels(tmp_path, damaged), GREY)


def test_a_text_that_decompresses_to_megabytes_is_removed(tmp_path):
    def chunk(kind, data):
        return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)

    whole = png()
    for place in (33, len(whole) - 12):  # before and after the pixels
        swollen = whole[:place] + chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(10_000_000))) + whole[place:]
        np.testing.assert_array_equal(pixels(tmp_path, swollen), GREY)


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_tiff_with_an_invalid_resolution_is_read(tmp_path, order):
    content, byteorder = bytearray(tiff(order)), "little" if order == "<" else "big"
    at = content.index((282).to_bytes(2, byteorder) + (5).to_bytes(2, byteorder))
    content[at + 2 : at + 4] = (2).to_bytes(2, byteorder)  # letters
    np.testing.assert_array_equal(pixels(tmp_path, bytes(content)), GREY)


@pytest.mark.parametrize("content", [b"", b"text", b"\xff\xd8\xff\xe0", b"II*", b"II*\0\xff\xff\xff\xff"])
def test_other_files_give_none(tmp_path, content):
    assert kept(tmp_path, content) is None


@given(st.sampled_from([png(), tiff("<"), tiff(">")]), st.integers(0, 400), st.binary(max_size=9))
@settings(max_examples=50)
def test_any_bytes_give_bytes_or_none(tmp_path_factory, whole, place, new):
    content = bytearray(whole)
    content[place : place + len(new)] = new
    assert isinstance(kept(tmp_path_factory.mktemp("a"), bytes(content)), bytes | None)
