"""The image captioning model."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
from keras import ops

from aigc_tf.data.captioned.captions import Captions
from aigc_tf.data.source import Batch
from aigc_tf.data.text.split import PADDING
from aigc_tf.data.text.vocabulary import BOUNDARY
from aigc_tf.errors import InputError
from aigc_tf.families.base import Signature
from aigc_tf.families.tasks import Explains, Transforms
from aigc_tf.families.text.captioning.looking import looked_at
from aigc_tf.families.text.seq2seq.decoder_model import DecoderModel
from aigc_tf.families.text.seq2seq.exports import signatures
from aigc_tf.families.text.seq2seq.networks import Seq2SeqNetworks
from aigc_tf.modalities.base import Preview
from aigc_tf.modalities.captions import captioned
from aigc_tf.modalities.pictures import Pictures, as_brightness, strange_pictures
from aigc_tf.modalities.text import Text
from aigc_tf.recipes.caption import Caption
from aigc_tf.recipes.seq2seq import Search

ROWS = 50  # pictures per batch in generation
PREVIEWED = 12


class Captioner(DecoderModel, Transforms, Explains):
    """Generates captions for pictures.

    Args:
        recipe: its optimizer, schedule and seed.
        networks: for training, and encoder, start and step for generation.
        captions: the vocabulary.
    """

    recipe: Caption

    def __init__(self, recipe: Caption, networks: Seq2SeqNetworks, captions: Captions) -> None:
        super().__init__(recipe, networks, captions.vocabulary)
        self.captions = captions

    @property
    def takes(self) -> Pictures:
        """Pictures of the recipe's size."""
        return Pictures(self.recipe.images)

    @property
    def gives(self) -> Text:
        """Strings."""
        return Text()

    def nats(self, batch: Batch, training: bool) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """See `DecoderModel.nats`; a batch has `image` in [-1, 1] and `words`, int32 `[batch, length]`."""
        pairs = {"source": 0.5 * batch["image"] + 0.5, "target": between_boundaries(batch["words"])}
        return super().nats(pairs, training)

    def transform(self, inputs: Any, seed: int = 0, condition: Any = None, search: Search | None = None) -> list[str]:
        """A caption for each picture.

        Args:
            inputs: `[count, height, width, channels]`, uint8 or in [0, 1].
            seed: of random draws, if there are any.
            condition: unused.
            search: decoding settings; by default those of the recipe's `transform_options`.

        Raises:
            InputError: the search asks for known words.
        """
        self.refuse_condition(condition)
        if search is not None and search.known_words:
            raise InputError("known_words is for texts whose source has words: leave it out")
        found: list[str] = []
        for at in range(0, len(inputs), ROWS):
            found += self.written(as_brightness(np.asarray(inputs[at : at + ROWS])), search, seed + at)
        return found

    def explain(self, value: np.ndarray, title: str) -> dict[str, Preview]:
        """`attention`: the attention map over the picture for each word."""
        del title
        picture = as_brightness(np.asarray(value))
        return {"attention": looked_at(self, picture, self.written(picture[None])[0])}

    def previews(self, source: Any) -> dict[str, Preview]:
        """Held-out pictures with generated captions, and the attention maps of the first."""
        pictures, _ = source.pairs("validation", PREVIEWED)
        written = self.transform(pictures, search=Search(beams=1))
        first = looked_at(self, as_brightness(pictures[0]), written[0])
        return {"samples": captioned(pictures, written), "attention": first}

    def export_metadata(self) -> dict[str, Any]:
        """What a program needs to generate with the file (docs/MOBILE.md)."""
        ends = {"start": BOUNDARY, "end": BOUNDARY, "never": list(self.never_written)}
        return self.captions.facts_for_files() | ends | {"longest": self.recipe.target_length}

    def signatures(self, source: Any = None) -> dict[str, Signature]:
        """`encode`, `start` and `step`: see `Seq2SeqNetworks`."""

        def pictures(count: int, seed: int) -> dict[str, np.ndarray]:
            random = np.random.default_rng(seed)
            if source is None:
                return {"source": random.random((count, *self.recipe.images.shape), dtype=np.float32)}
            known, _ = source.pairs("validation", count)
            return {"source": as_brightness(known[random.integers(len(known), size=count)])}

        def strange(count: int, seed: int) -> dict[str, np.ndarray]:
            return {"source": strange_pictures(pictures(count, seed)["source"], seed)}

        return signatures(self, pictures, strange, "the picture: height, width, channels; brightness in [0, 1]")


def between_boundaries(words: tf.Tensor) -> tf.Tensor:
    """Captions int32 `[batch, length]`, 0 after the end -> `[batch, length + 2]`: a boundary on each side, then -1."""
    ends = ops.sum(ops.cast(ops.not_equal(words, BOUNDARY), "int32"), axis=1, keepdims=True) + 1
    padded = ops.pad(words, ((0, 0), (1, 1)), constant_values=BOUNDARY)
    return ops.where(ops.arange(ops.shape(padded)[1], dtype="int32") <= ends, padded, PADDING)
