"""Shapes of any colour and size with captions: what `auto` stands for, so that captions can be tried without data."""

from __future__ import annotations

import itertools

import numpy as np
from PIL import Image, ImageDraw

COLOURS = {
    "red": (220, 40, 40),
    "green": (40, 170, 60),
    "blue": (50, 80, 220),
    "yellow": (235, 210, 50),
    "white": (240, 240, 240),
    "purple": (150, 60, 170),
}
SHAPES = ("disc", "square", "triangle", "ring")
SIZES = {"small": 0.4, "large": 0.8}
COPIES = 6  # of each caption, all different


def captioned_shapes(side: int, channels: int, seed: int = 0) -> tuple[np.ndarray, list[str]]:
    """Pictures, uint8 `[288, side, side, channels]` on a dark ground, and captions such as "a small red disc"."""
    random = np.random.default_rng(seed)
    pictures, captions = [], []
    for (name, colour), shape, (size, share), _ in itertools.product(
        COLOURS.items(), SHAPES, SIZES.items(), range(COPIES)
    ):
        ground = tuple(map(int, random.integers(0, 50, 3)))
        picture = Image.new("RGB", (side, side), ground)
        draw, length = ImageDraw.Draw(picture), share * side * random.uniform(0.85, 1.15)
        left, top = random.uniform(0, side - length, 2)
        box = [left, top, left + length - 1, top + length - 1]
        if shape == "disc":
            draw.ellipse(box, fill=colour)
        elif shape == "square":
            draw.rectangle(box, fill=colour)
        elif shape == "triangle":
            draw.polygon([(box[0], box[3]), (left + length / 2, top), (box[2], box[3])], fill=colour)
        else:
            draw.ellipse(box, outline=colour, width=max(2, int(length // 5)))
        pixels = np.asarray(picture.convert("L" if channels == 1 else "RGB"))
        pictures.append(pixels.reshape(side, side, channels))
        captions.append(f"a {size} {name} {shape}")
    return np.stack(pictures), captions
