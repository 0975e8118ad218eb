"""Images with a line of text each, such as class names or results."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from aigc_tf.modalities.drawing import enlargement, grid, to_bytes, to_pil
from aigc_tf.modalities.fonts import drawable, font_of

_TEXT_PIXELS, _LINE_PIXELS = 11, 15
_MIN_WIDTH = 64  # of an image with a caption, in pixels


def captioned(images: np.ndarray, captions: Sequence[str], columns: int | None = None) -> np.ndarray:
    """A grid of images, enlarged for viewing, each above its caption; long captions are truncated.

    Args:
        images: `[count, height, width, channels]`, uint8 or in [0, 1].
        captions: one for each image.
        columns: by default about as many as rows.

    Returns:
        uint8 `[height, width, channels]`.
    """
    scale = enlargement(images, _MIN_WIDTH)
    large = [np.asarray(to_pil(image, scale)).reshape(-1, image.shape[1] * scale, image.shape[2]) for image in images]
    lines = [line_of(caption, large[0].shape[1], images.shape[-1]) for caption in captions]
    return grid(np.stack([np.concatenate(pair) for pair in zip(large, lines, strict=True)]), columns, gap=4)


def rows_with_captions(images: np.ndarray, captions: Sequence[str] | None, columns: int = 1) -> np.ndarray:
    """Images `[rows, images of a row, height, width, channels]`, each row above its caption if there are captions.

    Args:
        images: uint8, or in [0, 1].
        captions: one for each row, or None.
        columns: number of rows side by side.

    Returns:
        uint8 `[height, width, channels]`.
    """
    if captions is None:
        return grid(images.reshape(-1, *images.shape[2:]), columns * images.shape[1])
    rows = [grid(row, columns=len(row), gap=1) for row in to_bytes(images)]
    return captioned(np.stack(rows), captions, columns)


def line_of(text: str, width: int, channels: int) -> np.ndarray:
    """One line of black text on white: uint8 `[15, width, channels]`."""
    shown = drawable(text)
    picture = Image.new("L" if channels == 1 else "RGB", (width, _LINE_PIXELS), "white")
    font = font_of(shown, _TEXT_PIXELS)
    if font.getlength(shown) > width:
        while shown and font.getlength(shown + "…") > width:
            shown = shown[:-1]
        shown += "…"
    ImageDraw.Draw(picture).text((1, 0), shown, fill="black", font=font)
    return np.asarray(picture).reshape(_LINE_PIXELS, width, channels)
