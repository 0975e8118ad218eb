"""Attention maps of captions: where in the picture a model attends for each word."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from aigc_tf.data.text.vocabulary import BOUNDARY
from aigc_tf.families.text.captioning.networks import places_of
from aigc_tf.families.text.seq2seq.alignment import END
from aigc_tf.families.text.seq2seq.search import Writer
from aigc_tf.modalities.captions import captioned

if TYPE_CHECKING:
    from aigc_tf.families.text.captioning.model import Captioner

COLOUR = np.array([1.0, 0.45, 0.0])  # of attended positions


def attention(model: Captioner, picture: np.ndarray, written: str) -> tuple[list[str], np.ndarray]:
    """The symbols of a caption, including the end, and the attention map of each.

    Args:
        model: the captioning model.
        picture: brightness `[height, width, channels]`.
        written: the caption.

    Returns:
        Texts, and float32 `[symbols, rows, columns]`, each summing to 1.
    """
    numbers = model.captions.numbers([written])[0]
    numbers = numbers[numbers != BOUNDARY].tolist()
    writer, found = Writer(model.networks, picture[None]), []
    for number in (BOUNDARY, *numbers):
        writer.read(np.array([number]))
        found.append(np.asarray(writer.attention)[0].reshape(places_of(model.recipe)))
    return [*(model.target.decode([number]).strip() for number in numbers), END], np.stack(found)


def looked_at(model: Captioner, picture: np.ndarray, written: str) -> np.ndarray:
    """The picture once for each word, uint8 `[height, width, 3]`, tinted orange by attention."""
    symbols, weights = attention(model, picture, written)
    height, width = picture.shape[:2]
    grey = np.repeat(picture.mean(axis=2, keepdims=True), 3, axis=2)
    shown = []
    for places in weights:
        heat = Image.fromarray((places / places.max()).astype(np.float32)).resize(
            (width, height), Image.Resampling.BILINEAR
        )
        share = 0.75 * np.clip(np.asarray(heat), 0, 1)[..., None]
        shown.append((1 - share) * (0.5 + 0.5 * grey) + share * COLOUR)
    return captioned(np.stack(shown), symbols, columns=len(shown))
