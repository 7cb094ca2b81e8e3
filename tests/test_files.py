"""Pictures of every kind come back as the grey they hold; what is no picture is named and refused."""

import io
import os
import struct
import warnings
import zlib

import cv2
import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from karyogram.errors import PictureError
from karyogram.files import read_picture, write_bytes, write_picture

GREY = np.random.default_rng(0).integers(0, 256, (40, 31), dtype=np.uint8)
GREY[0, :2] = 0, 255
RGB = np.stack([GREY] * 3, axis=-1)
ALPHA = np.full_like(GREY, 255)
ALPHA[:9] = 0
ON_WHITE = np.where(ALPHA == 0, 255, GREY)
BITS = np.where(GREY > 127, 255, 0)
DEEP = GREY.astype(np.uint16) * 257


def pillow(array, mode=None, **options):
    image = Image.fromarray(array)
    return lambda path: (image.convert(mode) if mode else image).save(path, **options)


def tiff(array, **options):
    return lambda path: tifffile.imwrite(path, array, **options)


def opencv(array):
    return lambda path: cv2.imwrite(str(path), array)


def grey_with_alpha(path):
    Image.merge("LA", [Image.fromarray(GREY), Image.fromarray(ALPHA)]).save(path)


EXACT = {
    "grey.png": (pillow(GREY), GREY),
    "grey.bmp": (pillow(GREY), GREY),
    "grey.tif": (pillow(GREY), GREY),
    "rgb.png": (pillow(RGB), GREY),
    "rgb.bmp": (pillow(RGB), GREY),
    "rgb.tif": (pillow(RGB), GREY),
    "palette.png": (pillow(GREY, "P"), GREY),
    "palette.bmp": (pillow(GREY, "P"), GREY),
    "palette.tif": (pillow(GREY, "P"), GREY),
    "bits.png": (pillow(BITS > 0), BITS),
    "bits.bmp": (pillow(BITS > 0), BITS),
    "bits.tif": (pillow(BITS > 0), BITS),
    "fax.tif": (pillow(BITS > 0, compression="group4"), BITS),
    "rgba.png": (pillow(np.dstack([RGB, ALPHA])), ON_WHITE),
    "rgba.tif": (pillow(np.dstack([RGB, ALPHA])), ON_WHITE),
    "grey_alpha.png": (grey_with_alpha, ON_WHITE),
    "grey_alpha.tif": (grey_with_alpha, ON_WHITE),
    "one_grey_transparent.png": (pillow(GREY, transparency=7), np.where(GREY == 7, 255, GREY)),
    "palette_transparent.png": (pillow(GREY, "P", transparency=7), np.where(GREY == 7, 255, GREY)),
    "deep.png": (pillow(DEEP), GREY),
    "deep.tif": (tiff(DEEP), GREY),
    "deep_12_bits_used.tif": (tiff(GREY.astype(np.uint16) * 16), GREY),
    "deep_big_endian.tif": (tiff(DEEP, byteorder=">"), GREY),
    "deep_predictor.tif": (tiff(DEEP, compression="zlib", predictor=True), GREY),
    "deep_rgb.tif": (tiff(RGB.astype(np.uint16) * 257, photometric="rgb"), GREY),
    "deep_rgb_12_bits_used.png": (opencv(RGB.astype(np.uint16) * 16), GREY),
    "deep_rgba.png": (opencv(np.dstack([RGB, ALPHA]).astype(np.uint16) * 257), ON_WHITE),
    "lzw.tif": (pillow(GREY, compression="tiff_lzw"), GREY),
    "deflate.tif": (pillow(GREY, compression="tiff_adobe_deflate"), GREY),
    "packbits.tif": (pillow(RGB, compression="packbits"), GREY),
    "white_is_zero.tif": (tiff(255 - GREY, photometric="miniswhite"), GREY),
    "deep_white_is_zero.tif": (tiff(65535 - DEEP, photometric="miniswhite"), GREY),
    "planes.tif": (tiff(np.stack([GREY] * 3), photometric="rgb", planarconfig="separate"), GREY),
    "strips.tif": (tiff(GREY, rowsperstrip=7), GREY),
    "tiles.tif": (tiff(GREY, tile=(64, 64)), GREY),
    "big.tif": (tiff(GREY, bigtiff=True), GREY),
    "float.tif": (tiff(GREY.astype(np.float32) / 255), GREY),
    "signed.tif": (tiff(GREY.astype(np.int16) - 100), GREY),
}


@pytest.mark.parametrize("name", EXACT)
def test_lossless_pictures_come_back_exactly(tmp_path, name):
    write, expected = EXACT[name]
    write(tmp_path / name)
    picture = read_picture(tmp_path / name)
    assert picture.pixels.dtype == np.uint8
    assert picture.warnings == ()
    np.testing.assert_allclose(picture.pixels, expected.astype(int), atol=1)


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_jpeg_comes_back_nearly(tmp_path, mode):
    smooth = cv2.GaussianBlur(GREY, (0, 0), 3)
    pillow(smooth, mode, quality=95)(tmp_path / "a.jpg")
    np.testing.assert_allclose(read_picture(tmp_path / "a.jpg").pixels, smooth.astype(int), atol=6)


def test_colours_are_weighed_as_the_eye_does(tmp_path):
    write_picture(tmp_path / "a.png", np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255]]], np.uint8))
    write_picture(tmp_path / "a.tif", np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255]]], np.uint8))
    for name in ("a.png", "a.tif"):
        assert read_picture(tmp_path / name).pixels.tolist() == [[76, 150, 29]]


def test_a_deep_picture_with_a_transparent_level_keeps_its_levels(tmp_path):
    deep = np.linspace(0, 4000, 64 * 48).astype(np.uint16).reshape(48, 64)
    deep[:5] = 0
    pillow(deep)(tmp_path / "plain.png")
    pillow(deep, transparency=0)(tmp_path / "clear.png")
    plain, clear = (read_picture(tmp_path / name).pixels.astype(int) for name in ("plain.png", "clear.png"))
    assert (clear[deep == 0] == 255).all(), "what is transparent is white"
    assert np.abs(clear - plain)[deep > 0].max() <= 1


def test_a_flat_deep_picture_is_black_and_no_error(tmp_path):
    tiff(np.full((5, 4), 700, np.uint16))(tmp_path / "a.tif")
    assert not read_picture(tmp_path / "a.tif").pixels.any()


def test_only_the_first_page_is_read_and_the_reader_is_told(tmp_path):
    tiff(np.stack([GREY, 255 - GREY, GREY]), photometric="minisblack")(tmp_path / "a.tif")
    picture = read_picture(tmp_path / "a.tif")
    assert (picture.pixels == GREY).all()
    assert picture.warnings == ("3 pages, only the first was read",)


def two_strip_tiff(pixels: np.ndarray) -> bytes:
    """A TIFF that declares two strips though one holds every row; the second is the file's own directory."""
    height, width = pixels.shape
    start = 8 + pixels.size
    count = 9
    arrays = start + 2 + 12 * count + 4
    tags = [
        (256, 3, 1, width),
        (257, 3, 1, height),
        (258, 3, 1, 8),
        (259, 3, 1, 1),
        (262, 3, 1, 1),
        (273, 4, 2, arrays),
        (277, 3, 1, 1),
        (278, 3, 1, height),
        (279, 4, 2, arrays + 8),
    ]
    directory = struct.pack("<H", count) + b"".join(struct.pack("<HHII", *tag) for tag in tags) + struct.pack("<I", 0)
    strips = struct.pack("<4I", 8, start, pixels.size, pixels.size)
    tail = bytes(pixels.size)  # so that the second "strip" can be read to its end
    return struct.pack("<2sHI", b"II", 42, start) + pixels.tobytes() + directory + strips + tail


def test_a_second_strip_that_is_none_is_not_painted_over_the_picture(tmp_path):
    data = two_strip_tiff(GREY)
    with Image.open(io.BytesIO(data)) as image, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert (np.asarray(image) != GREY).any(), "Pillow got it right: this test no longer tests anything"
    (tmp_path / "a.tiff").write_bytes(data)
    assert (read_picture(tmp_path / "a.tiff").pixels == GREY).all()


def encoded(suffix: str, **options) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(GREY).save(buffer, format=suffix, **options)
    return buffer.getvalue()


def huge_png(width: int, height: int) -> bytes:
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(b"")),
        (b"IEND", b""),
    ]
    parts = [struct.pack(">I", len(d)) + n + d + struct.pack(">I", zlib.crc32(n + d)) for n, d in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def huge_tiff(side: int) -> bytes:
    data = bytearray(two_strip_tiff(GREY))
    start = struct.unpack_from("<I", data, 4)[0] + 2
    for entry in (0, 1, 7):
        struct.pack_into("<HI", data, start + 12 * entry + 2, 4, 1)
        struct.pack_into("<I", data, start + 12 * entry + 8, side)
    return bytes(data)


BROKEN = {
    "empty.png": (b"", "empty"),
    "text.png": (b"no picture at all\nin two lines\n", "not a TIFF, PNG, JPEG or BMP"),
    "text.tif": (b"II*\0 or so it says", "picture"),
    "gif.png": (encoded("GIF"), "not a TIFF, PNG, JPEG or BMP"),
    "half.png": (encoded("PNG")[:400], "broken picture"),
    "half.jpg": (encoded("JPEG")[:500], "broken picture"),
    "half.bmp": (encoded("BMP")[:1200], "broken picture"),
    "half.tif": (encoded("TIFF", compression="tiff_lzw")[:400], "picture"),
    "magic.tif": (b"II*\0", "picture"),
    "magic.png": (b"\x89PNG\r\n\x1a\n", "picture"),
    "flat.png": (huge_png(0, 0), "picture"),
    "large.png": (huge_png(20_000, 10_001), "megapixels"),
    "huge.png": (huge_png(60_000, 60_000), "megapixels"),
    "huge.tif": (huge_tiff(60_000), "megapixels"),
    "huge.bmp": (
        encoded("BMP")[:18] + struct.pack("<ii", 30_000, 30_000) + encoded("BMP")[26:],
        "megapixels",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_picture_is_refused_in_one_line_that_names_it(tmp_path, name):
    data, reason = BROKEN[name]
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(PictureError) as caught:
        read_picture(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert reason in message
    assert "\n" not in message


@pytest.mark.parametrize("name", ["", "missing.png", "missing/x.tif"])
def test_a_folder_or_a_missing_file_is_refused(tmp_path, name):
    with pytest.raises(PictureError, match="cannot be read: ") as caught:
        read_picture(tmp_path / name)
    assert str(caught.value).startswith(f"{tmp_path / name}: ")


@settings(max_examples=150, deadline=None)
@given(
    data=st.sampled_from([encoded("PNG"), encoded("JPEG"), encoded("BMP"), encoded("TIFF"), two_strip_tiff(GREY)]),
    changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=4),
    near_start=st.booleans(),
)
def test_damaged_bytes_give_a_picture_or_a_picture_error(tmp_path_factory, data, changes, near_start):
    damaged = bytearray(data)
    reach = min(len(data), 200) if near_start else len(data)
    for where, value in changes:
        damaged[int(where * reach)] = value
    path = tmp_path_factory.getbasetemp() / "damaged"
    path.write_bytes(damaged)
    try:
        pixels, message = read_picture(path).pixels, None
    except PictureError as error:
        pixels, message = None, str(error)
    if message is None:
        assert (pixels.dtype, pixels.ndim) == (np.uint8, 2)
    else:
        assert message.startswith(f"{path}: ")
        assert "\n" not in message


@pytest.mark.parametrize("suffix", [".png", ".tiff", ".bmp", ".TIF"])
def test_what_is_written_is_read_back(tmp_path, suffix):
    assert (read_picture(write_picture(tmp_path / f"a{suffix}", GREY)).pixels == GREY).all()


@pytest.mark.parametrize("mask", [0o022, 0o077, 0o002])
def test_who_may_read_what_is_written_is_for_the_umask_to_say(tmp_path, mask):
    usual = os.umask(mask)
    try:
        written = write_bytes(tmp_path / "a", b"1")
        (tmp_path / "b").write_bytes(b"1")
    finally:
        os.umask(usual)
    assert written.stat().st_mode == (tmp_path / "b").stat().st_mode
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


@pytest.mark.data
def test_the_two_strip_pictures_of_cirnet_are_read_whole(data_folder):
    paths = sorted((data_folder / "cirnet").rglob("*.tiff"))[::73]
    assert len(paths) >= 29
    for path in paths:
        assert (read_picture(path).pixels == tifffile.imread(path)).all()
