"""Files of models of pictures of any size: such a file, or one for squares of one size."""

from __future__ import annotations

from typing import Any

from aigc_tf.errors import InputError
from aigc_tf.families.base import AnySize, GenerativeModel

PAGE_TILE = 256
"""Pixels: LiteRT.js takes no pictures of any size."""


def exported_model(model: GenerativeModel, format: str, tile: int | None) -> Any:
    """What is exported of a model: its `signatures`, and its `page`.

    Args:
        model: the trained one.
        format: "web" is a page.
        tile: height and width that the file takes, in pixels; None for all, where it can take all.

    Raises:
        InputError: a model that does not take pictures of any size is given a tile, or one that is not possible.
    """
    if not isinstance(model, AnySize):
        if tile is not None:
            raise InputError(f"--tile is {tile}: only models of photographs take one, leave it out")
        return model
    if tile is None and format == "web":
        tile = PAGE_TILE
    return model if tile is None else model.of_size(tile)
