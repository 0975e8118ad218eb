"""A photograph with the bit depth, transparency and colour profile of its file."""

from __future__ import annotations

import io
import struct
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import tensorflow as tf
from PIL import Image, PngImagePlugin

from aigc_tf.data.images.prepare import Turn, read_image, whole
from aigc_tf.errors import UnreadableError

LUMA = (0.299, 0.587, 0.114)  # of red, green and blue: ITU-R BT.601, as Pillow's "L"
_PNG = b"\x89PNG\r\n\x1a\n"
_BIT_DEPTH = 24  # position of the bit depth in a PNG file
_COLOUR_SPACE = slice(16, 20)  # bytes of a profile that name its colour space (ICC.1:2022, table 17)
_HEADER = 33  # bytes of a PNG file up to the end of its header
_TIFF = {b"II*\0": "<", b"MM\0*": ">"}  # start of EXIF data -> byte order
_ORIENTATION, _SHORT, _UPRIGHT = 0x0112, 3, 1


@dataclass(frozen=True, eq=False)
class Photograph:
    """Upright pixels, with transparency and metadata."""

    pixels: np.ndarray
    """uint8 or uint16 `[height, width, 1 or 3]`."""
    alpha: np.ndarray | None = None
    """Alpha channel of the same type, `[height, width, 1]`: 0 is transparent; None if opaque."""
    profile: bytes | None = None
    """ICC colour profile."""
    exif: bytes | None = None
    """EXIF data, a TIFF header with its directories, with the orientation set to upright."""

    @property
    def unit(self) -> np.ndarray:
        """The pixels as float32 in [0, 1]."""
        return self.pixels.astype(np.float32) / np.float32(np.iinfo(self.pixels.dtype).max)

    def with_pixels(self, unit: np.ndarray) -> Photograph:
        """The same photograph with new pixels, float in [0, 1], rounded to its bit depth; alpha is resized."""
        kind = self.pixels.dtype
        pixels = np.round(np.clip(unit, 0, 1) * np.iinfo(kind).max).astype(kind)
        alpha = self.alpha
        if alpha is not None and alpha.shape[:2] != pixels.shape[:2]:
            larger = tf.image.resize(alpha.astype(np.float32), pixels.shape[:2], "bicubic").numpy()
            alpha = np.clip(np.round(larger), 0, np.iinfo(kind).max).astype(kind)
        return replace(self, pixels=pixels, alpha=alpha)


def read_photograph(data: bytes, channels: int) -> Photograph:
    """Read a photograph from the bytes of a file.

    Colours and transparency of transparent images, 16-bit depth of PNG files, and all EXIF data are kept.

    Raises:
        UnreadableError: as for `aigc_tf.data.images.prepare.decode_image`.
    """
    if data[:8] == _PNG and data[_BIT_DEPTH : _BIT_DEPTH + 1] == b"\x10":
        return _of_16_bits(data, channels)

    def finish(image: Image.Image, turn: Turn) -> Photograph:
        profile, exif = _beside_pixels(image)
        if not image.has_transparency_data:
            return Photograph(whole(image, turn, channels), None, profile, exif)
        upright = image if turn is None else image.transpose(turn)
        pixels = np.asarray(upright.convert("LA" if channels == 1 else "RGBA"))
        return Photograph(pixels[..., :-1], pixels[..., -1:], profile, exif)

    return read_image(data, finish)


def _beside_pixels(image: Image.Image) -> tuple[bytes | None, bytes | None]:
    """Colour profile and EXIF data."""
    return image.info.get("icc_profile"), upright_exif(image.info.get("exif", b""))


def upright_exif(exif: bytes) -> bytes | None:
    """EXIF data with the orientation set to upright, otherwise unchanged; None if damaged or empty.

    CIPA DC-008-2019, §4.6.2: the orientation is an entry of 12 bytes in the first directory.
    """
    data = bytearray(exif.removeprefix(b"Exif\0\0"))
    order = _TIFF.get(bytes(data[:4]))
    if order is None or len(data) < 8:
        return None
    (directory,) = struct.unpack_from(f"{order}I", data, 4)
    if directory + 2 > len(data):
        return None
    (count,) = struct.unpack_from(f"{order}H", data, directory)
    first = directory + 2
    for entry in range(first, min(first + 12 * count, len(data) - 11), 12):
        if struct.unpack_from(f"{order}H", data, entry) == (_ORIENTATION,):
            struct.pack_into(f"{order}HIHH", data, entry + 2, _SHORT, 1, _UPRIGHT, 0)
    return bytes(data)


def _turned(pixels: np.ndarray, turn: Turn) -> np.ndarray:
    """Apply Pillow's `transpose` operation to pixels `[height, width, channels]`."""
    match turn:
        case None:
            return pixels
        case Image.Transpose.FLIP_LEFT_RIGHT:
            return pixels[:, ::-1]
        case Image.Transpose.FLIP_TOP_BOTTOM:
            return pixels[::-1]
        case Image.Transpose.TRANSPOSE:
            return pixels.swapaxes(0, 1)
        case Image.Transpose.TRANSVERSE:
            return pixels[::-1, ::-1].swapaxes(0, 1)
    quarters = {Image.Transpose.ROTATE_90: 1, Image.Transpose.ROTATE_180: 2, Image.Transpose.ROTATE_270: 3}
    return np.rot90(pixels, quarters[turn])


def _of_16_bits(data: bytes, channels: int) -> Photograph:
    (profile, exif), turn = read_image(data, lambda image, turn: (_beside_pixels(image), turn))
    try:
        pixels = _turned(tf.io.decode_png(data, dtype=tf.uint16).numpy(), turn)
    except tf.errors.InvalidArgumentError as error:
        raise UnreadableError(f"damaged: {str(error).partition(' [')[0]}") from error
    alpha = pixels[..., -1:] if pixels.shape[-1] in (2, 4) else None
    colours = pixels[..., :-1] if alpha is not None else pixels
    if colours.shape[-1] == 1 and channels == 3:
        colours = np.repeat(colours, 3, axis=-1)
    elif colours.shape[-1] == 3 and channels == 1:
        colours = np.round(colours @ np.array(LUMA))[..., np.newaxis].astype(np.uint16)
    return Photograph(colours, alpha, profile, exif)


def png_of(photo: Photograph, made_by: Mapping[str, str]) -> bytes:
    """A PNG file with the photograph's bit depth, transparency, profile and EXIF data, and `made_by` as text entries.

    A profile for another colour space than that of the pixels is dropped, such as that of a colourised grey photograph,
    or of CMYK.
    """
    pixels = photo.pixels if photo.alpha is None else np.concatenate([photo.pixels, photo.alpha], axis=-1)
    plain = tf.io.encode_png(pixels).numpy()
    entries = PngImagePlugin.PngInfo()
    for key, value in made_by.items():
        entries.add_text(key, value)
    chunks = io.BytesIO()
    if photo.profile is not None and photo.profile[_COLOUR_SPACE] == (
        b"GRAY" if photo.pixels.shape[-1] == 1 else b"RGB "
    ):
        with io.BytesIO() as file:
            Image.new("L", (1, 1)).save(file, "PNG", icc_profile=photo.profile)
            chunks.write(_chunk_of(file.getvalue(), b"iCCP"))
    if photo.exif is not None:
        PngImagePlugin.putchunk(chunks, b"eXIf", photo.exif)
    for kind, content, *_ in entries.chunks:
        PngImagePlugin.putchunk(chunks, kind, content)
    return plain[:_HEADER] + chunks.getvalue() + plain[_HEADER:]


def _chunk_of(png: bytes, kind: bytes) -> bytes:
    """One chunk of a PNG file, including its length and checksum."""
    start = png.index(kind) - 4
    return png[start : start + 12 + int.from_bytes(png[start : start + 4])]
