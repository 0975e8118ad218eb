"""Prepares images: upright, centre-cropped, resized and converted to the recipe's size and channels."""

from __future__ import annotations

import functools
import io
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TypeAlias, TypeVar

import numpy as np
from PIL import ExifTags, Image, ImageOps

from aigc_tf.errors import UnreadableError
from aigc_tf.recipes.images import ImageSettings

# Formats to read, whatever a file's name says; others that Pillow supports are slow or run programs.
_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
MAX_PIXELS = 2**27  # maximum of an image file: 134 million; decoding takes up to 9 bytes per pixel
_COPIES = {"WEBP": 2}  # formats for which Pillow's reader holds several copies, at twice the bytes per pixel
_BAND_PIXELS = 2**20  # converted at once: conversions need several copies
_FILTER = Image.Resampling.LANCZOS
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


Turn: TypeAlias = Image.Transpose | None
"""The transpose operation that makes an image upright."""
T = TypeVar("T")


class PixelBudget:
    """Limits the pixels that all threads decode at the same time; a thread waits until there is room."""

    def __init__(self, pixels: int) -> None:
        self._all = self._free = pixels
        self._changed = threading.Condition()

    @contextmanager
    def taken(self, pixels: int) -> Iterator[None]:
        """Reserve room for `pixels`; an image larger than the whole budget is decoded alone."""
        pixels = min(pixels, self._all)
        with self._changed:
            self._changed.wait_for(lambda: self._free >= pixels)
            self._free -= pixels
        try:
            yield
        finally:
            with self._changed:
                self._free += pixels
                self._changed.notify_all()


_BUDGET = PixelBudget(MAX_PIXELS)


def decode_image(data: bytes, settings: ImageSettings) -> np.ndarray:
    """Decode an image in the bytes of a PNG, JPEG, WebP, BMP, GIF or TIFF file; the first one if there are several.

    HEIC files are read if pillow-heif is installed. The image is rotated according to its EXIF orientation, composed
    over white where it is transparent, centre-cropped to the target aspect ratio and resized with antialiasing.

    Returns:
        uint8 `[height, width, channels]`.

    Raises:
        UnreadableError: the bytes are empty, damaged, of another format, or have more than `MAX_PIXELS` pixels: a small
            file can decompress to more than fits in memory.
    """

    def finish(image: Image.Image, turn: Turn) -> np.ndarray:
        return _fit(_upright_eight_bit(image, turn, settings.channels), settings)

    return read_image(data, finish, 2 * max(settings.height, settings.width))


def decode_whole(data: bytes, channels: int) -> np.ndarray:
    """Decode an image at its original size; see `decode_image`.

    Args:
        data: content of the file.
        channels: 1 for greyscale, 3 for RGB.

    Returns:
        uint8 `[height, width, channels]`.

    Raises:
        UnreadableError: as for `decode_image`.
    """

    return read_image(data, partial(whole, channels=channels))


def whole(image: Image.Image, turn: Turn, channels: int) -> np.ndarray:
    """A loaded image at its original size: uint8 `[height, width, channels]`. It may be closed afterwards."""
    pixels = _upright_eight_bit(image, turn, channels)
    return np.asarray(pixels).reshape(pixels.height, pixels.width, channels)


def prepare_arrays(images: np.ndarray, settings: ImageSettings) -> np.ndarray:
    """Centre-crop, resize and convert decoded images.

    Args:
        images: uint8 `[count, any height, any width, 1 or 3]`.

    Returns:
        uint8 `[count, height, width, channels]`; it may be `images` itself.
    """
    if images.shape[1:3] == (settings.height, settings.width):
        return _convert_channels(images, settings.channels)
    pictures = images[..., 0] if images.shape[-1] == 1 else images
    return np.stack([_fit(_eight_bit(Image.fromarray(picture), settings.channels), settings) for picture in pictures])


def read_image(data: bytes, finish: Callable[[Image.Image, Turn], T], draft_side: int | None = None) -> T:
    """Open the image in the bytes of a file and apply `finish` to it; see `decode_image`.

    Args:
        data: content of the file.
        finish: takes the loaded image and the transpose operation that makes it upright, or None.
        draft_side: minimum height and width in pixels: JPEG files are decoded at 1/2, 1/4 or 1/8 of their size if that
            is enough, which is several times faster.

    Raises:
        UnreadableError: as for `decode_image`.
    """
    if not data:
        raise UnreadableError("empty file")
    if data[4:8] == b"ftyp" and data[8:12] in _HEIC_BRANDS and not _heic_is_read():
        raise UnreadableError("HEIC, for which pillow-heif is needed: pip install 'aigc-tf[heic]'")
    try:
        return _decode(data, finish, draft_side)
    except UnreadableError:
        raise
    except Image.UnidentifiedImageError:
        raise UnreadableError("not a readable PNG, JPEG, WebP, BMP, GIF or TIFF image") from None
    except Image.DecompressionBombError:  # Pillow's own limit, at twice as many
        raise UnreadableError(f"more than {MAX_PIXELS:,} pixels") from None
    except Exception as error:  # Pillow's readers raise all kinds of errors for damaged files
        reason = " ".join(str(error).split()) or type(error).__name__
        raise UnreadableError(f"damaged: {reason}") from error


def _decode(data: bytes, finish: Callable[[Image.Image, Turn], T], draft_side: int | None) -> T:
    with Image.open(io.BytesIO(data), formats=(*_FORMATS, *(("HEIF",) if _heic_is_read() else ()))) as image:
        copies = _COPIES.get(image.format or "", 1)
        if image.width * image.height > MAX_PIXELS // copies:
            raise UnreadableError(f"{image.width}x{image.height} pixels, more than {MAX_PIXELS // copies:,} in all")
        if draft_side is not None:
            image.draft(None, (draft_side, draft_side))
        with _BUDGET.taken(image.width * image.height * copies):
            image.load()
            # The tag only: rewriting the other EXIF data, as ImageOps does, fails for odd ones.
            return finish(image, _TURNS.get(image.getexif().get(ExifTags.Base.Orientation, 1)))


def _upright_eight_bit(image: Image.Image, turn: Turn, channels: int) -> Image.Image:
    pixels = _eight_bit(image, channels)
    if pixels is not image:
        image.close()  # before the next copy is made
    return pixels if turn is None else pixels.transpose(turn)


@functools.cache
def _heic_is_read() -> bool:
    """Whether pillow-heif is installed; registers it with Pillow."""
    try:
        import pillow_heif
    except ImportError:
        return False
    pillow_heif.register_heif_opener()
    return True


def _fit(image: Image.Image, settings: ImageSettings) -> np.ndarray:
    image = ImageOps.fit(image, (settings.width, settings.height), _FILTER, centering=(0.5, 0.5))
    return np.asarray(image).reshape(settings.shape)


def _eight_bit(image: Image.Image, channels: int) -> Image.Image:
    """An image as "L" or "RGB", converted in bands; unchanged if it already is."""
    mode = "L" if channels == 1 else "RGB"
    if image.mode == mode and not image.has_transparency_data:
        return image
    rows = max(1, _BAND_PIXELS // image.width)
    if rows >= image.height:
        return _converted(image, mode)
    whole = Image.new(mode, image.size)
    for top in range(0, image.height, rows):
        band = image.crop((0, top, image.width, min(top + rows, image.height)))
        whole.paste(_converted(band, mode), (0, top))
    return whole


def _converted(image: Image.Image, mode: str) -> Image.Image:
    """Convert to "L" or "RGB"; only Pillow's 16-bit modes and transparency need special treatment."""
    if image.mode == "F":
        raise UnreadableError("pixels are floating-point numbers: save them as 8- or 16-bit numbers")
    if image.mode.startswith("I"):  # 16-bit grey: Pillow's own conversion would clip at 255
        levels = np.asarray(image).astype(np.int64)
        if levels.min() < 0 or levels.max() > 65535:
            raise UnreadableError("pixels have more than 16 bits: save them as 8- or 16-bit numbers")
        image = Image.fromarray(((levels + 128) // 257).astype(np.uint8))  # 65535 -> 255, rounded
    elif image.has_transparency_data:
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image.convert("RGBA"))
    return image.convert(mode)


def _convert_channels(images: np.ndarray, channels: int) -> np.ndarray:
    """Convert uint8 `[count, height, width, 1 or 3]` to `channels`; grey is Pillow's "L": ITU-R 601-2 luma."""
    if images.shape[-1] == channels:
        return images
    if channels == 3:
        return np.repeat(images, 3, axis=-1)
    red, green, blue = np.moveaxis(images.astype(np.uint32), -1, 0)
    return ((19595 * red + 38470 * green + 7471 * blue + 32768) >> 16).astype(np.uint8)[..., np.newaxis]
