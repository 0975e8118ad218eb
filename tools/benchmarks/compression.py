"""8-bit latents as an image codec, against JPEG and WebP at the same rate (article 000)."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from aigc_tf.errors import InputError
from aigc_tf.metrics.images.image_quality import decibels
from aigc_tf.modalities.drawing import grid, to_bytes, to_pil
from aigc_tf.modalities.pictures import Pictures
from aigc_tf.runs.run import Run

IMAGES = 10_000  # maximum of training images for the ranges, and of test images
LEVELS = 256  # of 8 bits
LONGEST_SIDE = 16_383  # pixels, limit of WebP
BLOCK = 16  # pixels, side of a coding block of WebP and colour JPEG
NOTES = [
    "bits per pixel of height times width; latents have 8 bits a dimension, entropy is that of the quantized values "
    "of each dimension over these images, what a coder for independent dimensions would reach",
    "PSNR of the mean squared error over all images",
    "JPEG (optimised Huffman tables) and WebP (lossy) at the quality whose rate is nearest to that of the latents, "
    "which may be far: see their rate; same_psnr is the rate at the quality whose PSNR is nearest to that of the "
    "latents",
    "one file each: headers included, which dominate small pictures; one sheet: all pictures in a single file, each "
    f"padded to whole blocks of {BLOCK} pixels by its border",
    "the decoder's weights are needed to read latents and are not counted in their rate: decoder_bytes, in float32",
]


@dataclass(frozen=True)
class Codec:
    """A lossy picture format."""

    format: str
    """Pillow's name of the format."""
    qualities: range
    options: dict[str, Any]

    def encoded(self, picture: np.ndarray, quality: int) -> bytes:
        """The encoded file of a picture, uint8 `[height, width, channels]`."""
        buffer = io.BytesIO()
        to_pil(picture).save(buffer, format=self.format, quality=quality, **self.options)
        return buffer.getvalue()


CODECS = {
    "JPEG": Codec("JPEG", range(1, 96), {"optimize": True}),
    "WebP": Codec("WEBP", range(0, 101), {}),
}


@dataclass(frozen=True)
class Coded:
    """Size and contents of encoded pictures."""

    bits_per_pixel: float
    psnr_db: float


def compression(run: Path) -> dict[str, Any]:
    """Rate and PSNR of 8-bit latents of the test images, and of JPEG and WebP, as one file per image and as one sheet.

    Args:
        run: run folder of an autoencoder.

    Raises:
        InputError: the model does not encode and decode pictures, or the source is not available.
    """
    opened = Run.open(run)
    opened.able("Decodes")
    model = opened.able("Encodes")
    if not isinstance(model.takes, Pictures):
        raise InputError(f"{run} is a run of a model of {model.takes.name}: choose one of an autoencoder of pictures")
    images = opened.source.inputs("test", IMAGES)
    latents, known = model.encode(images), model.encode(opened.source.inputs("train", IMAGES))
    symbols, quantized = quantize(latents, known.min(axis=0), known.max(axis=0))
    pixels = images.shape[1] * images.shape[2]
    own = Coded(8 * latents.shape[1] / pixels, psnr(images, model.decode(quantized)))
    report: dict[str, Any] = {
        "latents, 8 bits": {
            "bits_per_pixel": own.bits_per_pixel,
            "entropy_bits_per_pixel": entropy_bits(symbols) / pixels,
            "psnr_db": own.psnr_db,
            "unquantized_psnr_db": psnr(images, model.decode(latents)),
            "decoder_bytes": 4 * model.decoding.count_params(),
        }
    }
    for name, codec in CODECS.items():
        report[f"{name}, one file each"] = beside(codec.qualities, own, partial(one_file_each, codec, images))
        report[f"{name}, one sheet"] = beside(codec.qualities, own, partial(one_sheet, codec, images))
    return {"run": str(run), "images": len(images), "image_shape": images.shape[1:], "rows": report, "notes": NOTES}


def quantize(values: np.ndarray, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Uniform quantization of `[count, latent_dim]` to 256 levels from `low` to `high` `[latent_dim]`, with clipping.

    Returns:
        The levels, uint8, and the dequantized values, float32, both in the shape of the input.
    """
    width = np.maximum(high - low, np.finfo("float32").tiny)  # a constant dimension has width 0
    symbols = np.rint((np.clip(values, low, high) - low) / width * (LEVELS - 1)).astype(np.uint8)
    return symbols, (low + symbols / np.float32(LEVELS - 1) * width).astype("float32")


def entropy_bits(symbols: np.ndarray) -> float:
    """Empirical entropy of the columns of uint8 `[count, latent_dim]` in bits, summed over the columns."""
    counts = np.stack([np.bincount(column, minlength=LEVELS) for column in symbols.T])
    shares = counts / len(symbols)
    return float(-(shares * np.log2(shares, where=shares > 0, out=np.zeros_like(shares))).sum())


def psnr(images: np.ndarray, others: np.ndarray) -> float:
    """PSNR in dB, from the mean squared error over all images, uint8 or in [0, 1]; 120 if they are equal."""
    difference = to_bytes(images).astype("float64") - to_bytes(others)
    return float(decibels(np.square(difference / 255).mean()))


def one_file_each(codec: Codec, images: np.ndarray, quality: int) -> Coded:
    """Each image as a separate file."""
    files = [codec.encoded(image, quality) for image in images]
    rate = 8 * sum(map(len, files)) / images[..., 0].size
    return Coded(rate, psnr(images, np.stack([decoded(file, images.shape[-1]) for file in files])))


def one_sheet(codec: Codec, images: np.ndarray, quality: int) -> Coded:
    """All images, or as many as fit, as one sheet in one file."""
    count, height, width, channels = images.shape
    after = (-height % BLOCK, -width % BLOCK)
    tile_height, tile_width = height + after[0], width + after[1]
    columns = min(math.ceil(math.sqrt(count)), LONGEST_SIDE // tile_width)
    some = images[: columns * (LONGEST_SIDE // tile_height)]
    sheet = grid(np.pad(some, ((0, 0), (0, after[0]), (0, after[1]), (0, 0)), mode="edge"), columns, gap=0)
    file = codec.encoded(sheet, quality)
    tiles = decoded(file, channels).reshape(-1, tile_height, columns, tile_width, channels).swapaxes(1, 2)
    back = tiles[:, :, :height, :width].reshape(-1, height, width, channels)[: len(some)]
    return Coded(8 * len(file) / some[..., 0].size, psnr(some, back))


def decoded(file: bytes, channels: int) -> np.ndarray:
    """The decoded picture, uint8 `[height, width, channels]`."""
    with Image.open(io.BytesIO(file)) as picture:
        pixels = np.asarray(picture.convert("L" if channels == 1 else "RGB"))
    return pixels.reshape(*pixels.shape[:2], channels)


def beside(qualities: range, own: Coded, code: Callable[[int], Coded]) -> dict[str, float]:
    """PSNR of a format at the rate of the latents, and its rate at their PSNR."""
    coded = cache(code)
    same_rate = nearest(qualities, own.bits_per_pixel, lambda quality: coded(quality).bits_per_pixel)
    same_psnr = nearest(qualities, own.psnr_db, lambda quality: coded(quality).psnr_db)
    return {
        "quality": same_rate,
        "bits_per_pixel": coded(same_rate).bits_per_pixel,
        "psnr_db": coded(same_rate).psnr_db,
        "same_psnr_bits_per_pixel": coded(same_psnr).bits_per_pixel,
        "same_psnr_db": coded(same_psnr).psnr_db,
    }


def nearest(qualities: range, wanted: float, measure: Callable[[int], float]) -> int:
    """The quality setting whose measure is closest to the target, by bisection: the measure increases with quality."""
    low, high = qualities[0], qualities[-1]
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if measure(middle) < wanted else (low, middle)
    return min((low, high), key=lambda quality: abs(measure(quality) - wanted))
