"""Drawing images: grids, PNG files with provenance, animations."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Mapping
from typing import IO, Any

import numpy as np
from PIL import Image, PngImagePlugin

from aigc_tf.modalities.fonts import all_fonts, drawable
from aigc_tf.storage.marks import comment_of


def to_bytes(images: np.ndarray) -> np.ndarray:
    """Images in [0, 1] as uint8 in [0, 255], rounded; uint8 is returned unchanged."""
    if images.dtype == np.uint8:
        return images
    return np.round(np.clip(images, 0, 1) * 255).astype(np.uint8)


def grid(images: np.ndarray, columns: int | None = None, gap: int = 2) -> np.ndarray:
    """A grid of images `[count, height, width, channels]`: uint8 `[height, width, channels]`.

    Args:
        images: uint8, or float in [0, 1].
        columns: by default about as many as rows.
        gap: white pixels between images.
    """
    images = to_bytes(images)
    count, height, width, channels = images.shape
    columns = columns or math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    sheet = np.full((rows * (height + gap) + gap, columns * (width + gap) + gap, channels), 255, np.uint8)
    for index, image in enumerate(images):
        top = gap + index // columns * (height + gap)
        left = gap + index % columns * (width + gap)
        sheet[top : top + height, left : left + width] = image
    return sheet


def rows_of(images: np.ndarray) -> np.ndarray:
    """A grid of images already arranged as `[rows, columns, height, width, channels]`; see `grid`."""
    return grid(images.reshape(-1, *images.shape[2:]), columns=images.shape[1])


def bars(values: np.ndarray, across: str, upwards: str) -> np.ndarray:
    """A bar chart: uint8 `[height, width, 3]`.

    Args:
        values: `[count]`, labelled from 1.
        across: label of the x axis.
        upwards: label of the y axis, with the unit.
    """
    # Drawn without pyplot, which would load a GUI backend and keep every figure in memory.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(6, 3), dpi=100, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.bar(np.arange(1, len(values) + 1), values)
    with all_fonts():
        axes.set_xlabel(drawable(across), parse_math=False)
        axes.set_ylabel(drawable(upwards), parse_math=False)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    canvas.draw()
    return np.array(canvas.buffer_rgba())[..., :3]


def to_pil(image: np.ndarray, scale: int = 1) -> Image.Image:
    """A PIL image from `[height, width, 1 or 3]`, uint8 or in [0, 1], enlarged by an integer factor."""
    pixels = to_bytes(image)
    picture = Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
    return picture.resize((picture.width * scale, picture.height * scale), Image.Resampling.NEAREST)


def write_png(file: IO[bytes], image: np.ndarray, made_by: Mapping[str, str], scale: int = 1) -> None:
    """Write an image, `[height, width, channels]`, as PNG, with `made_by` as text entries."""
    entries = PngImagePlugin.PngInfo()
    for key, value in made_by.items():
        entries.add_text(key, value)
    _save(to_pil(image, scale), file, format="PNG", pnginfo=entries)


def data_url(image: np.ndarray, wanted_pixels: int) -> str:
    """An image `[height, width, channels]` as a data URL for `<img>`, enlarged to `wanted_pixels` if small."""
    file = io.BytesIO()
    write_png(file, image, {}, enlargement(image, wanted_pixels))
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def write_gif(
    file: IO[bytes], frames: np.ndarray, made_by: Mapping[str, str], seconds: float = 4.0, scale: int = 1
) -> None:
    """Write frames `[count, height, width, channels]` as a looping GIF that plays forwards and backwards."""
    there_and_back = [to_pil(frame, scale) for frame in [*frames, *frames[-2:0:-1]]]
    comment = comment_of(made_by)
    _save(
        there_and_back[0],
        file,
        format="GIF",
        save_all=True,
        append_images=there_and_back[1:],
        duration=max(20, round(1000 * seconds / len(there_and_back))),
        loop=0,
        comment=comment.encode(),
    )


def _save(picture: Image.Image, file: IO[bytes], **options: Any) -> None:
    """Save through memory: Pillow bypasses Python's file where it can, and its errors do not say why writing failed."""
    encoded = io.BytesIO()
    picture.save(encoded, **options)
    file.write(encoded.getvalue())


def enlargement(images: np.ndarray, wanted_pixels: int = 64) -> int:
    """The integer factor by which to enlarge small images `[..., height, width, channels]` for viewing."""
    return max(1, math.ceil(wanted_pixels / images.shape[-2]))
