"""Preparing images of any format: size, channels, orientation."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image, ImageOps

from aigc_tf.data.images import prepare
from aigc_tf.data.images.prepare import PixelBudget, decode_image, prepare_arrays
from aigc_tf.errors import UnreadableError
from aigc_tf.recipes.images import ImageSettings

GREY = ImageSettings(height=4, width=4)
RGB = ImageSettings(height=4, width=4, channels=3)


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def plain(*colour: int, mode: str = "RGB", size: tuple[int, int] = (8, 8)) -> Image.Image:
    return Image.new(mode, size, colour if len(colour) > 1 else colour[0])


@pytest.mark.parametrize("kind", ["PNG", "BMP", "WEBP", "JPEG", "TIFF", "GIF"])
@pytest.mark.parametrize("settings", [GREY, RGB])
def test_each_format_is_read_in_grey_and_in_colour(kind: str, settings: ImageSettings) -> None:
    pixels = decode_image(
        encoded(plain(200, 100, 50), kind, **({"lossless": True} if kind == "WEBP" else {})), settings
    )
    assert pixels.shape == settings.shape and pixels.dtype == np.uint8
    expected = [124] if settings is GREY else [200, 100, 50]  # 0.299 R + 0.587 G + 0.114 B
    np.testing.assert_allclose(pixels.reshape(-1, settings.channels).mean(0), expected, atol=2 if kind == "JPEG" else 0)


def test_grey_becomes_three_equal_channels() -> None:
    np.testing.assert_array_equal(decode_image(encoded(plain(77, mode="L")), RGB), np.full((4, 4, 3), 77))


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (plain(200, 0, 100, 0, mode="RGBA"), (255, 255, 255)),
        (plain(200, 0, 100, 255, mode="RGBA"), (200, 0, 100)),
        (plain(200, 0, 100, 51, mode="RGBA"), (244, 204, 224)),  # 20 % of the colour, 80 % of white
        (plain(100, 51, mode="LA"), (224, 224, 224)),
        (plain(100, 0, mode="LA"), (255, 255, 255)),
    ],
)
def test_transparency_is_composed_over_white(image: Image.Image, expected: tuple[int, int, int]) -> None:
    np.testing.assert_array_equal(decode_image(encoded(image), RGB), np.broadcast_to(expected, (4, 4, 3)))
    np.testing.assert_allclose(
        decode_image(encoded(image), GREY)[..., 0], np.asarray(Image.new("RGB", (4, 4), expected).convert("L"))
    )


def test_transparent_colours_of_palettes_and_of_png_are_white() -> None:
    palette = Image.new("P", (8, 8), 1)
    palette.putpalette([10, 20, 30, 40, 50, 60])
    assert (decode_image(encoded(palette), RGB) == (40, 50, 60)).all()
    assert (decode_image(encoded(palette, transparency=1), RGB) == 255).all()
    assert (decode_image(encoded(palette, transparency=b"\x00\x33"), RGB) == (212, 214, 216)).all()
    assert (decode_image(encoded(plain(1, 2, 3), transparency=(1, 2, 3)), RGB) == 255).all()
    assert (decode_image(encoded(plain(9, mode="L"), transparency=9), GREY) == 255).all()


@pytest.mark.parametrize(("level", "expected"), [(0, 0), (65535, 255), (32768, 128), (257 * 9, 9), (128, 0), (129, 1)])
def test_sixteen_bit_grey_is_scaled(level: int, expected: int) -> None:
    image = Image.fromarray(np.full((8, 8), level, np.uint16))
    assert (decode_image(encoded(image), GREY) == expected).all()


def test_cmyk_is_converted() -> None:
    data = encoded(plain(0, 255, 255, 0, mode="CMYK"), "JPEG", quality=100)
    np.testing.assert_allclose(decode_image(data, RGB).reshape(-1, 3).mean(0), (255, 0, 0), atol=2)
    np.testing.assert_allclose(decode_image(data, GREY).mean(), 76, atol=2)


def test_one_bit_images_are_black_and_white() -> None:
    assert (decode_image(encoded(plain(1, mode="1")), GREY) == 255).all()


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_of_an_animation_the_first_picture_is_taken(kind: str) -> None:
    data = encoded(plain(250, 0, 0), kind, save_all=True, append_images=[plain(0, 0, 250)], lossless=True)
    assert (decode_image(data, RGB) == (250, 0, 0)).all()


def test_a_phone_jpeg_with_several_pictures_is_read() -> None:
    data = encoded(plain(250, 0, 0), "MPO", save_all=True, append_images=[plain(0, 0, 250)])
    np.testing.assert_allclose(decode_image(data, RGB).reshape(-1, 3).mean(0), (250, 0, 0), atol=4)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_exif_rotation_is_applied(kind: str) -> None:
    # Stored rotated: orientation 6 means a rotation by 90° clockwise.
    upright = np.zeros((16, 16), np.uint8)
    upright[:4, 12:] = 255  # white corner at the top right
    exif = Image.Exif()
    exif[0x0112] = 6
    stored = Image.fromarray(np.rot90(upright))  # 90° anticlockwise
    pixels = decode_image(encoded(stored.convert("RGB"), kind, exif=exif), GREY)[..., 0]
    assert pixels[0, 3] > 200 and pixels[0, 0] < 55 and pixels[3, 3] < 55 and pixels[3, 0] < 55


def test_the_centre_survives_the_crop() -> None:
    wide = np.zeros((4, 10), np.uint8)
    wide[:, 3:7] = np.arange(1, 17).reshape(4, 4)
    np.testing.assert_array_equal(decode_image(encoded(Image.fromarray(wide)), GREY)[..., 0], wide[:, 3:7])
    np.testing.assert_array_equal(decode_image(encoded(Image.fromarray(wide.T)), GREY)[..., 0], wide.T[3:7])
    oblong = ImageSettings(height=4, width=8)
    np.testing.assert_array_equal(decode_image(encoded(Image.fromarray(wide)), oblong)[..., 0], wide[:, 1:9])


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_resizing_is_antialiased(kind: str) -> None:
    checkerboard = (np.indices((200, 200)).sum(axis=0) % 2 * 255).astype(np.uint8)
    pixels = decode_image(encoded(Image.fromarray(checkerboard), kind), GREY)
    np.testing.assert_allclose(pixels, 127.5, atol=3)


def test_large_jpegs_are_decoded_small_without_losing_quality(random: np.random.Generator) -> None:
    coarse = Image.fromarray(random.integers(0, 256, (12, 9, 3), np.uint8)).resize(
        (960, 1280), Image.Resampling.BICUBIC
    )
    settings = ImageSettings(height=16, width=16, channels=3)
    small = decode_image(encoded(coarse, "JPEG", quality=95), settings).astype(int)
    full = decode_image(encoded(coarse, "PNG"), settings).astype(int)
    assert np.abs(small - full).max() <= 3


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP"])
def test_a_truncated_file_is_unreadable(kind: str, random: np.random.Generator) -> None:
    data = encoded(Image.fromarray(random.integers(0, 256, (64, 64, 3), np.uint8)), kind)
    with pytest.raises(UnreadableError):
        decode_image(data[: len(data) // 2], GREY)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty file"),
        (b"no image", "not a readable PNG"),
        (encoded(plain(1, 2, 3), "PPM"), "not a readable PNG"),
        (encoded(Image.fromarray(np.ones((8, 8), np.float32)), "TIFF"), "pixels are floating-point numbers"),
        (encoded(Image.fromarray(np.full((8, 8), 70_000, np.int32)), "TIFF"), "pixels have more than 16 bits"),
        (encoded(plain(1, 2, 3))[:-24], "damaged: "),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not a readable PNG"),
    ],
)
def test_what_is_no_image_says_why(data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableError, match=reason):
        decode_image(data, GREY)


def test_decompression_bombs_are_unreadable(monkeypatch: pytest.MonkeyPatch) -> None:
    header = b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + struct.pack("<IiiHH", 40, 20_000, 6_800, 1, 1) + bytes(24)
    with (
        pytest.warns(Image.DecompressionBombWarning),  # suppressed by `decode_files`
        pytest.raises(UnreadableError, match="20000x6800 pixels, more than 134,217,728 in all"),
    ):
        decode_image(header, GREY)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)  # as a program may set it
    with pytest.raises(UnreadableError, match="20000x6800 pixels"):
        decode_image(header, GREY)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    with pytest.raises(UnreadableError, match="more than 134,217,728 pixels"):
        decode_image(header, GREY)


@pytest.mark.parametrize("kind", ["PNG", "GIF", "WEBP", "TIFF"])
def test_the_first_picture_of_an_animation_is_taken(kind: str) -> None:
    frames = [plain(level, mode="L", size=(8, 8)) for level in (50, 150, 250)]
    data = encoded(
        frames[0], kind, save_all=True, append_images=frames[1:], **({"lossless": True} if kind == "WEBP" else {})
    )
    with Image.open(io.BytesIO(data)) as image:
        assert image.n_frames == 3
    np.testing.assert_allclose(decode_image(data, GREY), 50, atol=1)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("wanted", [1, 3])
@pytest.mark.parametrize("size", [(4, 4), (6, 9)])
def test_arrays_get_the_same_pixels_as_files(
    channels: int, wanted: int, size: tuple[int, int], random: np.random.Generator
) -> None:
    images = random.integers(0, 256, (5, *size, channels), np.uint8)
    settings = ImageSettings(height=4, width=4, channels=wanted)
    files = [encoded(Image.fromarray(image[..., 0] if channels == 1 else image)) for image in images]
    np.testing.assert_array_equal(prepare_arrays(images, settings), [decode_image(file, settings) for file in files])


@pytest.mark.parametrize("turn", range(1, 9))
def test_each_orientation_is_that_of_pillow(turn: int, random: np.random.Generator) -> None:
    exif = Image.Exif()
    exif[0x0112] = turn
    data = encoded(Image.fromarray(random.integers(0, 256, (8, 8, 3), np.uint8)), exif=exif)
    with Image.open(io.BytesIO(data)) as image:
        upright = encoded(ImageOps.exif_transpose(image))
    np.testing.assert_array_equal(decode_image(data, RGB), decode_image(upright, RGB))


def test_odd_exif_does_not_matter() -> None:
    """Software as a rational number: Pillow cannot write it, so ImageOps.exif_transpose would fail."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x0131] = "x" * 7
    data = encoded(plain(200, 100, 50), "JPEG", exif=exif)
    entry = struct.pack(">HHI", 0x0131, 2, 8)
    assert data.count(entry) == 1
    odd = data.replace(entry, struct.pack(">HHI", 0x0131, 5, 1))
    with Image.open(io.BytesIO(odd)) as image, pytest.raises(AttributeError):
        ImageOps.exif_transpose(image)
    np.testing.assert_array_equal(decode_image(odd, RGB), decode_image(data, RGB))


@pytest.mark.parametrize(
    "error", [AttributeError("no attribute"), ZeroDivisionError(), RecursionError(), MemoryError()]
)
def test_whatever_a_decoder_raises_is_about_its_file(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def stumble(*arguments: object, **options: object) -> None:
        raise error

    monkeypatch.setattr(Image, "open", stumble)
    with pytest.raises(UnreadableError, match=f"damaged: {str(error) or type(error).__name__}"):
        decode_image(b"any bytes", GREY)


@pytest.mark.parametrize(
    "image",
    [plain(3000, mode="I;16"), plain(200, 0, 100, 51, mode="RGBA"), plain(7, mode="P"), plain(1, 2, 3)],
    ids=lambda image: image.mode,
)
def test_large_images_are_converted_band_by_band_with_the_same_pixels(
    image: Image.Image, monkeypatch: pytest.MonkeyPatch, random: np.random.Generator
) -> None:
    levels = random.integers(0, 250, (20, 30), np.uint8)
    image = image.resize((30, 40))
    image.paste(Image.fromarray(levels).convert(image.mode) if image.mode not in ("P", "I;16") else 9, (0, 0, 30, 20))
    whole = decode_image(encoded(image), RGB)
    monkeypatch.setattr(prepare, "_BAND_PIXELS", 70)
    np.testing.assert_array_equal(decode_image(encoded(image), RGB), whole)


def test_an_image_of_which_the_decoder_makes_copies_counts_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepare, "MAX_PIXELS", 100)
    assert decode_image(encoded(plain(1, 2, 3, size=(10, 10))), RGB).shape == (4, 4, 3)
    with pytest.raises(UnreadableError, match="10x10 pixels, more than 50 in all"):
        decode_image(encoded(plain(1, 2, 3, size=(10, 10)), "WEBP"), RGB)


def test_all_threads_share_a_budget_of_pixels() -> None:
    budget, together, most = PixelBudget(100), [0], []

    def decode(pixels: int) -> None:
        with budget.taken(pixels):
            together[0] += pixels
            most.append(together[0])
            time.sleep(0.01)
            together[0] -= pixels

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(decode, [60, 30, 50, 10, 80, 40, 500, 100, 20, 5] * 3))
    assert all(pixels <= 100 or pixels == 500 for pixels in most) and max(most[:3]) <= 100
    with budget.taken(100):  # all of it was released
        pass


def test_a_small_file_of_many_pixels_takes_little_memory() -> None:
    """A 130 kB PNG with 67 million 16-bit pixels took 1.2 GB."""
    script = """
import io, re, struct, zlib
from pathlib import Path
from aigc_tf.data.images.prepare import decode_image
from aigc_tf.recipes.images import ImageSettings

def peak():  # getrusage has the peak of the process that started this one
    return 1024 * int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])

def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

side = 2 ** 13
packer = zlib.compressobj(9)
packed = b"".join(packer.compress(bytes(2 * side + 1)) for _ in range(side)) + packer.flush()
header = struct.pack(">IIBBBBB", side, side, 16, 0, 0, 0, 0)
data = b"\\x89PNG\\r\\n\\x1a\\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")
before = peak()
decode_image(data, ImageSettings(channels=3))
print(len(data), (peak() - before) / side ** 2)
"""
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", script], capture_output=True, text=True, check=True)
    size, bytes_a_pixel = map(float, done.stdout.split())
    assert size < 140_000 and bytes_a_pixel < 9


def test_heic_is_read_where_pillow_heif_is(monkeypatch: pytest.MonkeyPatch) -> None:
    prepare._heic_is_read()
    data = encoded(plain(200, 100, 50, size=(64, 64)), "HEIF")
    np.testing.assert_allclose(decode_image(data, RGB).reshape(-1, 3).mean(0), [200, 100, 50], atol=4)
    monkeypatch.setattr(prepare, "_heic_is_read", lambda: False)
    with pytest.raises(UnreadableError, match="HEIC, for which pillow-heif is needed: pip install"):
        decode_image(data, RGB)
