"""Synthetic captioned images: the `auto` source, for trying out models without data."""

from __future__ import annotations

import itertools

import numpy as np
from PIL import Image, ImageDraw

COLOURS = {
    "red": (220, 40, 40),
    "orange": (240, 140, 30),
    "yellow": (235, 205, 40),
    "green": (50, 160, 70),
    "blue": (50, 90, 210),
    "purple": (140, 60, 170),
    "brown": (120, 75, 45),
    "black": (30, 30, 30),
}
SHAPES = ("circle", "square", "triangle", "diamond", "cross", "ring")
SIZES = {"small": 0.3, "large": 0.5}
PLACES = {"left": (0.3, 0.5), "right": (0.7, 0.5), "top": (0.5, 0.3), "bottom": (0.5, 0.7)}
_FINE = 4  # supersampling factor for drawing shapes


def shapes(height: int, width: int) -> tuple[np.ndarray, list[str]]:
    """384 pictures of one coloured shape each, "small red circle left", on white.

    Returns:
        uint8 `[384, height, width, 3]`, and their captions.
    """
    pictures, captions = [], []
    for size, colour, shape, place in itertools.product(SIZES, COLOURS, SHAPES, PLACES):
        canvas = Image.new("RGB", (_FINE * width, _FINE * height), "white")
        centre = np.array(PLACES[place]) * canvas.size
        _draw(ImageDraw.Draw(canvas), shape, centre, SIZES[size] / 2 * min(canvas.size), COLOURS[colour])
        pictures.append(np.asarray(canvas.reduce(_FINE)))
        captions.append(f"{size} {colour} {shape} {place}")
    return np.stack(pictures), captions


def _draw(
    canvas: ImageDraw.ImageDraw, shape: str, centre: np.ndarray, radius: float, colour: tuple[int, int, int]
) -> None:
    box = (*(centre - radius), *(centre + radius))
    if shape == "circle":
        canvas.ellipse(box, fill=colour)
    elif shape == "ring":
        canvas.ellipse(box, outline=colour, width=max(1, round(radius / 3)))
    elif shape == "square":
        canvas.rectangle(box, fill=colour)
    elif shape == "cross":
        for long, thick in ((1, 0.3), (0.3, 1)):
            arm = radius * np.array([long, thick])
            canvas.rectangle((*(centre - arm), *(centre + arm)), fill=colour)
    else:
        corners = ((-1, 1), (1, 1), (0, -1)) if shape == "triangle" else ((-1, 0), (0, 1), (1, 0), (0, -1))
        canvas.polygon([tuple(centre + radius * np.array(corner)) for corner in corners], fill=colour)
