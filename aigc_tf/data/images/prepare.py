"""One form for every image: upright, centre-cropped, resized and converted to what a recipe asks for."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
from PIL import Image, ImageOps

from aigc_tf.errors import UnreadableError
from aigc_tf.recipes.images import ImageSettings

# The formats that are read, whatever a file's name says; Pillow knows others that are slow or run programs.
_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF")
MAX_PIXELS = 2**27  # of an image file: 134 million, half a gigabyte when it is decoded with transparency
_FILTER = Image.Resampling.LANCZOS
# What Pillow's readers raise for damaged files (found by flipping and cutting bytes).
_DAMAGE = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    EOFError,
    OverflowError,
    struct.error,
    zlib.error,
)


def decode_image(data: bytes, settings: ImageSettings) -> np.ndarray:
    """The image in a PNG, JPEG, WebP, BMP or GIF file's bytes; the first one when it is animated.

    It is turned as its EXIF data say, composed over white where it is transparent, centre-cropped to the
    asked proportions and resized with antialiasing.

    Returns:
        uint8 `[height, width, channels]`.

    Raises:
        UnreadableError: the bytes are empty, damaged, of another format, or hold more than `MAX_PIXELS`
            pixels: a small file can unfold to more than the memory holds.
    """
    if not data:
        raise UnreadableError("empty file")
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise UnreadableError(f"{image.width}x{image.height} pixels, more than {MAX_PIXELS:,} in all")
            # A JPEG can be decoded at 1/2, 1/4 or 1/8 of its size, several times faster. At least twice the
            # wanted size is left for the antialiased resize.
            side = 2 * max(settings.height, settings.width)
            image.draft(None, (side, side))
            return _fit(ImageOps.exif_transpose(image), settings)
    except Image.UnidentifiedImageError:
        raise UnreadableError("not a readable PNG, JPEG, WebP, BMP or GIF image") from None
    except Image.DecompressionBombError:  # Pillow's own limit, for twice as many
        raise UnreadableError(f"more than {MAX_PIXELS:,} pixels") from None
    except _DAMAGE as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise UnreadableError(f"damaged: {reason}") from error


def prepare_arrays(images: np.ndarray, settings: ImageSettings) -> np.ndarray:
    """Centre-crops, resizes and converts images that have been decoded.

    Args:
        images: uint8 `[count, any height, any width, 1 or 3]`.

    Returns:
        uint8 `[count, height, width, channels]`; it may be `images` itself.
    """
    if images.shape[1:3] == (settings.height, settings.width):
        return _convert_channels(images, settings.channels)
    pictures = images[..., 0] if images.shape[-1] == 1 else images
    return np.stack([_fit(Image.fromarray(picture), settings) for picture in pictures])


def _fit(image: Image.Image, settings: ImageSettings) -> np.ndarray:
    image = _eight_bit(image, "L" if settings.channels == 1 else "RGB")
    image = ImageOps.fit(image, (settings.width, settings.height), _FILTER, centering=(0.5, 0.5))
    return np.asarray(image).reshape(settings.shape)


def _eight_bit(image: Image.Image, mode: str) -> Image.Image:
    """Converts to "L" or "RGB"; only Pillow's 16-bit modes and transparency need help."""
    if image.mode.startswith("I"):  # 16-bit grey: Pillow's own conversion would cut off at 255
        levels = (np.asarray(image).astype(np.int64) + 128) // 257  # 65535 -> 255, rounded
        image = Image.fromarray(levels.astype(np.uint8))
    elif image.has_transparency_data:
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image.convert("RGBA"))
    return image.convert(mode)


def _convert_channels(images: np.ndarray, channels: int) -> np.ndarray:
    """uint8 `[count, height, width, 1 or 3]` to `channels`; grey is Pillow's "L": ITU-R 601-2 luma."""
    if images.shape[-1] == channels:
        return images
    if channels == 3:
        return np.repeat(images, 3, axis=-1)
    red, green, blue = np.moveaxis(images.astype(np.uint32), -1, 0)
    return ((19595 * red + 38470 * green + 7471 * blue + 32768) >> 16).astype(np.uint8)[..., np.newaxis]
