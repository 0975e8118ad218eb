"""Photograph files: bit depth, transparency, colour profile and orientation survive a round trip."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import ExifTags, Image, ImageCms, ImageOps, PngImagePlugin

from aigc_tf.data.photos.photograph import Photograph, upright_exif
from aigc_tf.errors import InputError, UnreadableError
from aigc_tf.modalities.photographs import Masks, Photographs

RANDOM = np.random.default_rng(0)
COLOURS = RANDOM.integers(0, 256, (12, 20, 3), np.uint8)
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
ORIGIN = {"Software": "aigc_tf", "run": "example"}


def round_trip(photo: Photograph, path: Path, channels: int = 3) -> Photograph:
    Photographs(channels).write(path, photo, ORIGIN)
    return Photographs(channels).read(path)


def test_all_that_a_file_says_is_kept(tmp_path: Path):
    alpha = RANDOM.integers(0, 256, (12, 20, 1), np.uint8)
    given = Photograph(COLOURS, alpha, PROFILE)
    found = round_trip(given, tmp_path / "kept.png")
    np.testing.assert_array_equal(found.pixels, COLOURS)
    np.testing.assert_array_equal(found.alpha, alpha)
    assert found.profile == PROFILE
    with Image.open(tmp_path / "kept.png") as image:
        image.load()
        assert image.text == ORIGIN and image.mode == "RGBA"  # type: ignore[attr-defined]


@pytest.mark.parametrize("channels", [1, 3])
def test_16_bits(tmp_path: Path, channels: int):
    fine = RANDOM.integers(0, 65536, (12, 20, channels), np.uint16)
    found = round_trip(Photograph(fine, None, PROFILE), tmp_path / "fine.png", channels)
    assert found.pixels.dtype == np.uint16 and found.profile == (PROFILE if channels == 3 else None)
    np.testing.assert_array_equal(found.pixels, fine)
    np.testing.assert_allclose(found.unit, fine / 65535, atol=1e-6)
    np.testing.assert_array_equal(found.with_pixels(found.unit).pixels, fine)


def test_grey_and_colours_of_16_bits(tmp_path: Path):
    path = tmp_path / "fine.png"
    fine = RANDOM.integers(0, 65536, (12, 20, 1), np.uint16)
    path.write_bytes(tf.io.encode_png(fine).numpy())
    np.testing.assert_array_equal(Photographs(3).read(path).pixels, np.repeat(fine, 3, axis=-1))
    colours = np.full((4, 5, 3), (65535, 0, 0), np.uint16)
    path.write_bytes(tf.io.encode_png(colours).numpy())
    np.testing.assert_allclose(Photographs(1).read(path).unit, 0.299, atol=1e-4)
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(UnreadableError, match="damaged"):
        Photographs(3).read(path)


def taken_with(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    exif[ExifTags.Base.Model] = "a camera"
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "2024:01:02 03:04:05"
    return exif


def with_exif(png: bytes, exif: bytes) -> bytes:
    """A PNG file with EXIF data before its pixels."""
    chunk = io.BytesIO()
    PngImagePlugin.putchunk(chunk, b"eXIf", exif.removeprefix(b"Exif\0\0"))
    place = png.index(b"IDAT") - 4
    return png[:place] + chunk.getvalue() + png[place:]


@pytest.mark.parametrize("kind", ["RGB", "RGBA", "16 bits"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_photographs_are_upright_and_keep_their_exif_data(tmp_path: Path, kind: str, orientation: int):
    exif, path = taken_with(orientation), tmp_path / "turned.png"
    upright = np.asarray(ImageOps.exif_transpose(with_orientation(Image.fromarray(COLOURS), exif)))
    if kind == "16 bits":
        path.write_bytes(with_exif(tf.io.encode_png(COLOURS.astype(np.uint16) * 257).numpy(), exif.tobytes()))
    else:
        Image.fromarray(COLOURS).convert(kind).save(path, exif=exif)
    read = Photographs(3).read(path)
    np.testing.assert_array_equal(np.round(read.unit * 255), upright)
    written = round_trip(read, tmp_path / "again.png")
    np.testing.assert_array_equal(written.pixels, read.pixels)
    with Image.open(tmp_path / "again.png") as image:
        found = image.getexif()
        assert found[ExifTags.Base.Orientation] == 1 and found[ExifTags.Base.Model] == "a camera"
        assert found.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] == "2024:01:02 03:04:05"


def with_orientation(image: Image.Image, exif: Image.Exif) -> Image.Image:
    file = io.BytesIO()
    image.save(file, "PNG", exif=exif)
    return Image.open(file)


def test_damaged_exif_data_are_left_out():
    whole = taken_with(6).tobytes()
    for damaged in (b"", b"Exif\0\0", b"no EXIF data", whole[:12], b"II*\0\xff\xff\xff\xff" + whole):
        assert upright_exif(damaged) is None
    for end in range(16, len(whole)):  # truncated after the header: what is there is kept
        kept = upright_exif(whole[:end])
        assert kept is not None and len(kept) == end - len(b"Exif\0\0")
    little = b"II*\0\x08\0\0\0\x01\0" + b"\x12\x01\x03\0\x01\0\0\0\x06\0\0\0" + bytes(4)
    assert upright_exif(little) == little.replace(b"\x06", b"\x01")


def test_enlarged_transparency():
    alpha = np.zeros((12, 20, 1), np.uint8)
    alpha[:, 10:] = 255
    larger = Photograph(COLOURS, alpha).with_pixels(np.zeros((24, 40, 3), np.float32))
    assert larger.alpha is not None and larger.alpha.shape == (24, 40, 1)
    assert (larger.alpha[:, :16] == 0).all() and (larger.alpha[:, 24:] == 255).all()


def test_a_mask_is_white_where_something_is_missing(tmp_path: Path):
    drawn = np.zeros((12, 20), np.uint8)
    drawn[3:5, 7:9] = 255
    file = io.BytesIO()
    Image.fromarray(drawn).convert("1").save(file, "PNG")
    (tmp_path / "mask.png").write_bytes(file.getvalue())
    mask = Masks().read(tmp_path / "mask.png")
    np.testing.assert_array_equal(mask[..., 0] * 255, drawn)
    for given in (drawn, drawn[..., np.newaxis] > 0, [drawn / 255.0]):
        (row,) = Masks().values(given, 1)
        np.testing.assert_array_equal(row, mask)


def test_photographs_of_any_sizes_are_shown_together():
    sheet = Photographs(3).show([COLOURS, np.zeros((5, 6, 3), np.float32), Photograph(COLOURS[:4])])
    assert sheet.dtype == np.uint8 and sheet.ndim == 3 and sheet.shape[0] >= 2 * 12


def test_masks_of_other_shapes_are_refused():
    for given in (np.zeros((4, 5, 3)), [np.zeros((4, 5)), np.zeros(7)]):
        with pytest.raises(InputError, match=r"a mask has shape .*: expected \[height, width\]"):
            Masks().values(given, 2)


@pytest.mark.parametrize(("space", "channels"), [(b"RGB ", 3), (b"GRAY", 1), (b"CMYK", None)])
def test_only_a_profile_of_the_colours_that_are_written_is_kept(tmp_path: Path, space: bytes, channels: int | None):
    """A grey photograph may have been colourised, and CMYK is read as RGB."""
    profile = PROFILE[:16] + space + PROFILE[20:]
    for written in (1, 3):
        found = round_trip(Photograph(COLOURS[..., :written], None, profile), tmp_path / "kept.png", written)
        assert found.profile == (profile if written == channels else None)
