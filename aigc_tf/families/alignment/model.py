"""Temporal grounding of captions in clips, by contrastive embeddings of frames and captions."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops
from scipy.special import log_softmax

from aigc_tf.data.images.prepare import prepare_arrays
from aigc_tf.data.moments.grams import grams_of
from aigc_tf.data.moments.source import CaptionedClip
from aigc_tf.data.source import Batch
from aigc_tf.errors import InputError
from aigc_tf.families.base import GenerativeModel, Signature, TensorSpec
from aigc_tf.families.latent import outputs_of
from aigc_tf.families.tasks import Transforms
from aigc_tf.modalities.base import Preview
from aigc_tf.modalities.clips import Clips, frames_of, rate_of
from aigc_tf.modalities.drawing import rows_of, to_bytes
from aigc_tf.modalities.moments import Captions, Moment, Moments
from aigc_tf.modalities.pictures import as_brightness
from aigc_tf.nn.optimizers import adam, schedule
from aigc_tf.recipes.align import Align
from aigc_tf.recipes.images import ImageSettings

SHOWN = 4
_LEVEL = 0.5
"""Relative to the most probable frame: neighbouring frames above this share of its probability join the moment."""
_MASKED = -1e9


class Aligner(GenerativeModel, Transforms):
    """Finds when the content of captions is shown in a clip.

    Args:
        recipe: its optimizer and the composition of clips.
        look: the image encoder, frames `[batch, side, side, channels]` in [0, 1] -> unit-length embeddings `[batch,
            numbers]`.
        read: the text encoder, captions as ids int32 `[batch, grams]` -> embeddings `[batch, numbers]`.
    """

    recipe: Align

    def __init__(self, recipe: Align, look: keras.Model, read: keras.Model) -> None:
        super().__init__(name=recipe.slug())
        self.recipe, self.look, self.read = recipe, look, read
        weights = [*look.trainable_variables, *read.trainable_variables]
        self.adam = adam(recipe.optimizer, weights, schedule(recipe.schedule, recipe.steps))
        self.ready()

    @property
    def takes(self) -> Clips:
        """Clips of any size; a centre crop is used."""
        return Clips(self.recipe.video)

    @property
    def gives(self) -> Moments:
        """The moment of each caption."""
        return Moments()

    @property
    def condition(self) -> Captions:
        """The captions to locate."""
        return Captions()

    def loss_of(self, batch: Batch, training: bool) -> tf.Tensor:
        """Symmetric contrastive loss over all captions and frames of a batch (Radford et al. 2021, figure 3).

        A caption's positives are all frames of its picture, and those of equal captions in other clips.
        """
        clips, scenes, frames = (tf.shape(batch["shown"])[axis] for axis in range(3))
        seen = self.look(ops.reshape(batch["clip"], (-1, *batch["clip"].shape[2:])), training=training)
        grams = ops.reshape(batch["grams"], (-1, self.recipe.grams))
        logits = self.read(grams, training=training) @ ops.transpose(seen)
        equal = ops.cast(ops.all(grams[:, None] == grams[None], axis=-1), "float32")
        own = batch["shown"][:, :, None] * tf.eye(clips)[:, None, :, None]  # [clips, scenes, clips, frames]
        belongs = equal @ ops.reshape(own, (clips * scenes, clips * frames)) > 0
        kept = ops.where(belongs, logits, _MASKED)
        losses = [
            ops.mean(ops.logsumexp(logits, axis=axis) - ops.logsumexp(kept, axis=axis)) for axis in (0, 1)
        ]  # positive captions of frames, and positive frames of captions
        return 0.5 * (losses[0] + losses[1])

    def train_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """Update both networks on clips and captions, as `MomentSource.read` gives them."""
        with tf.GradientTape() as tape:
            loss = self.loss_of(batch, training=True)
        weights = [*self.look.trainable_variables, *self.read.trainable_variables]
        norm = self.adam.apply(tape.gradient(loss, weights), weights)
        return {"loss": loss, "gradient_norm": norm}

    def test_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """The loss on held-out clips. Changes nothing."""
        return {"loss": self.loss_of(batch, training=False)}

    def transform(self, inputs: Any, seed: int = 0, condition: Any = None) -> list[tuple[Moment, ...]]:
        """Locate captions in clips.

        Args:
            inputs: `Clip` objects, or arrays `[time, height, width, channels]`, uint8 or in [0, 1], of any sizes.
            seed: unused, since nothing is sampled.
            condition: captions, a sequence for all clips or one for each; clips that come with captions need none.

        Returns:
            A moment for each caption of a clip, in order.

        Raises:
            InputError: there are no captions.
        """
        del seed
        clips = self.takes.rows(inputs)
        given = [None] * len(clips) if condition is None else self.condition.values(condition, len(clips))
        return [self._moments(clip, captions) for clip, captions in zip(clips, given, strict=True)]

    def _moments(self, clip: Any, captions: Sequence[str] | None) -> tuple[Moment, ...]:
        if captions is None and isinstance(clip, CaptionedClip):
            captions = clip.captions
        if not captions:
            raise InputError('no captions are given: name what may be shown, --condition "a red ball" "a dog"')
        rows = outputs_of(self.look, self.fitted(frames_of(clip)))
        words = outputs_of(self.read, grams_of(captions, self.recipe.grams, self.recipe.buckets))
        places = moments_of(words @ rows.T)
        return tuple(
            Moment(caption, int(first), int(last), rate_of(clip))
            for caption, (first, last) in zip(captions, places, strict=True)
        )

    def fitted(self, frames: np.ndarray) -> np.ndarray:
        """Frames centre-cropped and resized for the encoder, float32 `[time, side, side, channels]` in [0, 1]."""
        side = self.recipe.video.crop
        settings = ImageSettings(height=side, width=side, channels=self.recipe.video.channels)
        fits = frames.shape[1:] == settings.shape
        return as_brightness(frames if fits else prepare_arrays(to_bytes(frames), settings))

    def previews(self, source: Any) -> dict[str, Preview]:
        """Held-out clips, and the moments found in them as text."""
        clips = source.inputs("validation", SHOWN)
        found = self.transform(clips)
        pairs = [
            f"{moment.caption}: frames {moment.first} to {moment.last}, shown from {first} to {last}"
            for clip, moments in zip(clips, found, strict=True)
            for moment, (first, last) in zip(moments, clip.places, strict=True)
        ]
        return {"clips": rows_of(np.stack([clip.frames for clip in clips])), "moments": "\n".join(pairs)}

    def signatures(self, source: Any = None) -> dict[str, Signature]:
        """`look`: frame -> embedding; `read`: caption ids -> embedding. Their dot product is the similarity."""
        recipe = self.recipe
        shape = tuple(self.look.inputs[0].shape[1:])
        vector = f"{recipe.numbers} numbers; the larger the product with {{}}, the better the match"

        def frames(source: Any, count: int, seed: int) -> dict[str, np.ndarray]:
            random = np.random.default_rng(seed)
            if source is None:
                return {"frame": random.random((count, *shape), np.float32)}
            found = np.concatenate([as_brightness(clip.frames) for clip in source.inputs("validation", count)])
            return {"frame": found[random.permutation(len(found))[np.arange(count) % len(found)]]}

        def captions(source: Any, count: int, seed: int) -> dict[str, np.ndarray]:
            known = ["a red ball", "two birds"] if source is None else list(source.watched.captions)
            chosen = np.random.default_rng(seed).integers(len(known), size=count)
            return {"grams": grams_of([known[place] for place in chosen], recipe.grams, recipe.buckets)}

        meaning = f"CRC-32 of words and of parts of words modulo {recipe.buckets}, plus 1; 0 is padding"
        return {
            "look": Signature(
                self.look,
                {"frame": TensorSpec(shape, "height, width, channels; brightness in [0, 1]")},
                {"frame_vector": TensorSpec((recipe.numbers,), vector.format("a caption's"))},
                partial(frames, source),
                strange=partial(frames, None),
            ),
            "read": Signature(
                self.read,
                {"grams": TensorSpec((recipe.grams,), meaning, dtype="int32")},
                {"caption_vector": TensorSpec((recipe.numbers,), vector.format("a frame's"))},
                partial(captions, source),
            ),
        }

    def export_metadata(self) -> dict[str, Any]:
        """What a program needs to convert a caption to ids."""
        return {"buckets": self.recipe.buckets, "grams": self.recipe.grams}


def moments_of(logits: np.ndarray) -> np.ndarray:
    """The first and last frame of each caption of a clip, int `[captions, 2]`.

    Scores are the product of softmaxes over frames and over captions (the dual softmax of Cheng et al. 2021, "CAMoE",
    eq. 9). The moment extends from the best frame over neighbours with at least half its score.

    Args:
        logits: of captions and frames, float `[captions, frames]`.
    """
    likely = log_softmax(logits, axis=1) + log_softmax(logits, axis=0)
    found = []
    for row in np.exp(likely - likely.max(axis=1, keepdims=True)):
        best = int(row.argmax())
        below = np.flatnonzero(row < _LEVEL)
        first = int(below[below < best].max(initial=-1)) + 1
        last = int(below[below > best].min(initial=len(row))) - 1
        found.append((first, last))
    return np.array(found)
