"""Export of models for images of any size: files of any size, or for tiles of a fixed size."""

from __future__ import annotations

from typing import Any

from aigc_tf.errors import InputError
from aigc_tf.families.base import AnySize, GenerativeModel

PAGE_TILE = 256
"""Pixels; LiteRT.js does not support dynamic sizes."""


def exported_model(model: GenerativeModel, format: str, tile: int | None) -> Any:
    """The view of a model to export: its `signatures`, and its `page`.

    Args:
        model: the trained model.
        format: "web" for a page.
        tile: fixed height and width of the file's input, in pixels; None for any size, where possible.

    Raises:
        InputError: a model that does not take images of any size is given a tile, or the tile is not possible.
    """
    if not isinstance(model, AnySize):
        if tile is not None:
            raise InputError(f"--tile is {tile}: only models of photographs take one, leave it out")
        return model
    if tile is None and format == "web":
        tile = PAGE_TILE
    return model if tile is None else model.of_size(tile)
