"""The non-autoregressive text-to-speech model: from letters to a spectrogram, and from that to sound."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from aigc_tf.data.sound.spectrograms import sounds_of
from aigc_tf.data.sound.spoken import normalised
from aigc_tf.data.source import Batch
from aigc_tf.data.text.vocabulary import BOUNDARY, UNKNOWN, Vocabulary
from aigc_tf.errors import InputError, say
from aigc_tf.families.base import GenerativeModel, Signature
from aigc_tf.families.pages import Panel
from aigc_tf.families.speech import exports
from aigc_tf.families.speech.frames import decoder_inputs, frames_of_letters
from aigc_tf.families.tasks import Transforms
from aigc_tf.modalities.audio import Clip
from aigc_tf.modalities.drawing import to_bytes
from aigc_tf.modalities.sounds import Utterances
from aigc_tf.modalities.text import Text
from aigc_tf.nn import replicas
from aigc_tf.nn.monotonic import durations, monotonic_alignment
from aigc_tf.nn.optimizers import scheduled_adam
from aigc_tf.recipes.speech import Speech

PREVIEWED = 3
FRAMES_STEP = 50  # lengths are rounded up to a multiple, so that few phase networks are built


class SpeechModel(GenerativeModel, Transforms):
    """Synthesises speech in the voice of its recordings.

    Each letter has a mean spectrum μ; monotonic alignment search assigns the frames x of a recording to letters so that
    Σ |x_t - μ_{a(t)}|² is smallest. μ and the letters' durations are learnt from this alignment, and a decoder turns
    them into spectrograms (Kim et al. 2020, §3, with this decoder in place of a flow).

    Args:
        recipe: its optimizer, schedule and seed.
        encoder: see `aigc_tf.families.speech.networks.encoder`.
        decoder: see there.
        vocabulary: of letters.
    """

    def __init__(self, recipe: Speech, encoder: keras.Model, decoder: keras.Model, vocabulary: Vocabulary) -> None:
        super().__init__(name=recipe.slug())
        self.recipe, self.encoder, self.decoder, self.vocabulary = recipe, encoder, decoder, vocabulary
        self.adam = scheduled_adam(recipe, self.trainable_variables)
        self.ready()
        self.compiled_encoder = tf.function(partial(encoder, training=False), reduce_retracing=True)
        self.compiled_decoder = tf.function(partial(decoder, training=False), reduce_retracing=True)

    @property
    def takes(self) -> Text:
        """Texts."""
        return Text()

    @property
    def gives(self) -> Utterances:
        """Sounds of any length."""
        return Utterances(self.recipe.sound)

    def train_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """Update the weights on a batch from `SpokenSource.read`."""
        weights = self.trainable_variables
        with tf.GradientTape() as tape:
            losses = self.losses(batch, training=True)
        gradients = [tf.convert_to_tensor(gradient) for gradient in tape.gradient(losses["loss"], weights)]
        rate = tf.convert_to_tensor(self.adam.learning_rate)
        return losses | {"gradient_norm": self.adam.apply(gradients, weights), "learning_rate": rate}

    def test_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """The losses on held-out recordings. Changes nothing."""
        return self.losses(batch, training=False)

    def losses(self, batch: Batch, training: bool) -> dict[str, tf.Tensor]:
        """Mean absolute error of brightness, squared error of letters' means, squared error of log durations."""
        recipe, picture = self.recipe, batch["picture"]
        spoken = tf.cast(batch["symbols"] != BOUNDARY, tf.float32)
        states, means, log_frames = self.encoder([batch["symbols"], spoken], training=training)
        places = self.aligned(means, batch)
        counts = durations(places, tf.shape(spoken)[1])
        told = decoder_inputs(states, means, places, counts)
        heard, own = told["mask"], told["means"]
        total, letters = (replicas.mean(tf.reduce_sum(mask)) for mask in (heard, spoken))
        made = self.decoder([*told.values()], training=training)
        error = tf.reduce_sum(tf.reduce_mean(tf.abs(made - picture), axis=-1) * heard) / total
        prior = tf.reduce_sum(tf.reduce_mean(tf.square(own - picture), axis=-1) * heard) / total
        wanted = tf.math.log(tf.maximum(tf.cast(counts, tf.float32), 1.0))
        duration = tf.reduce_sum(tf.square(log_frames - wanted) * spoken) / letters
        loss = error + recipe.prior_weight * prior + recipe.duration_weight * duration
        return {"loss": loss, "brightness_error": error, "prior_error": prior, "duration_error": duration}

    def aligned(self, means: tf.Tensor, batch: Batch) -> tf.Tensor:
        """The letter of each frame, int32 `[batch, frames]`, -1 after the last; without gradient."""
        picture = batch["picture"]
        letters = tf.reduce_sum(tf.cast(batch["symbols"] != BOUNDARY, tf.int32), axis=1)
        squares = tf.reduce_sum(tf.square(means), -1)[:, :, None] + tf.reduce_sum(tf.square(picture), -1)[:, None]
        distance = squares - 2 * tf.matmul(means, picture, transpose_b=True)
        within = (
            tf.range(tf.shape(means)[1], dtype=tf.float32)[None, :, None] / tf.cast(letters, tf.float32)[:, None, None]
        )
        time = tf.range(tf.shape(picture)[1], dtype=tf.float32) / tf.cast(batch["frames"], tf.float32)[:, None]
        scores = -distance / self.recipe.sound.bands - self.recipe.diagonal * tf.square(within - time[:, None, :])
        return monotonic_alignment(tf.stop_gradient(scores), letters, batch["frames"])

    def transform(self, inputs: Any, seed: int = 0, condition: Any = None, speed: float = 1.0) -> list[np.ndarray]:
        """Synthesise each text: float32 `[samples]` in [-1, 1]; nothing is sampled.

        Args:
            inputs: texts; letters that occur in no recording are left out, with a warning.
            seed: unused.
            condition: unused.
            speed: relative to the recordings.

        Raises:
            InputError: a text has no known letter.
        """
        self.refuse_condition(condition)
        return [sounds_of_picture(picture, self.recipe) for picture in self.pictures(self.takes.rows(inputs), speed)]

    def pictures(self, texts: Sequence[str], speed: float = 1.0) -> list[np.ndarray]:
        """Log-mel spectrograms of texts, float32 `[frames, bands]` in [0, 1], time first."""
        return [self.picture(symbols, speed) for symbols in map(self.symbols, texts)]

    def symbols(self, text: str) -> np.ndarray:
        """The known letters of a text, int32 `[letters]`.

        Raises:
            InputError: there are none.
        """
        words = normalised(text)
        unknown = self.vocabulary.unknown_in(words)
        if unknown:
            say(f"warning: no recording has {' '.join(unknown)}: left out")
        numbers = self.vocabulary.encode(words)
        numbers = numbers[numbers != UNKNOWN]
        if not len(numbers):
            raise InputError(f"the text {text!r} has no letter of the recordings: give words")
        return numbers

    def picture(self, symbols: np.ndarray, speed: float = 1.0) -> np.ndarray:
        """The spectrogram of letters int32 `[letters]`."""
        given = {"symbols": symbols[np.newaxis], "mask": np.ones((1, len(symbols)), np.float32)}
        frames = frames_of_letters(self.encoded(**given), given["mask"], self.recipe, speed=speed)
        return np.clip(self.compiled_decoder([*frames.values()])[0].numpy(), 0, 1)

    def encoded(self, symbols: np.ndarray, mask: np.ndarray) -> dict[str, np.ndarray]:
        """The encoder's outputs for letters int32 `[batch, letters]` and their mask, by name: `exports.ENCODED`."""
        parts = self.compiled_encoder([symbols, mask])
        return {name: part.numpy() for name, part in zip(exports.ENCODED, parts, strict=True)}

    def previews(self, source: Any) -> dict[str, Any]:
        """Held-out words: recorded above synthesised spectrograms, and the synthesised sounds."""
        chosen = source.recordings("validation", PREVIEWED)
        made = self.pictures([one.words for one in chosen])
        previews: dict[str, Any] = {}
        for index, (one, picture) in enumerate(zip(chosen, made, strict=True), 1):
            width = max(len(one.picture), len(picture))
            rows = [np.pad(part, ((0, width - len(part)), (0, 0))).T for part in (one.picture, picture)]
            previews[f"recorded_and_made_{index}"] = to_bytes(np.concatenate(rows)[..., np.newaxis])
            previews[f"spoken_{index}"] = Clip(sounds_of_picture(picture, self.recipe), self.recipe.sound.rate)
        return previews | {"samples": "\n".join(one.words for one in chosen)}

    def export_metadata(self) -> dict[str, Any]:
        """What a program needs to synthesise speech with the file (docs/MOBILE.md)."""
        return exports.metadata(self)

    def page(self, source: Any = None) -> list[Panel]:
        """A panel that speaks typed text."""
        del source
        return [Panel("speak", "speak", self.export_metadata() | {"encode": "encode"})]

    def signatures(self, source: Any = None) -> dict[str, Signature]:
        """`encode`: letters -> state, mean spectrum and duration of each; `speak`: those for each frame -> sound."""
        return exports.signatures(self, source)


def sounds_of_picture(picture: np.ndarray, recipe: Speech) -> np.ndarray:
    """The sound of a spectrogram `[frames, bands]` in [0, 1]: float32 `[frames * hop]`, with phases by Griffin-Lim."""
    frames = len(picture)
    padded = np.pad(picture, ((0, -frames % FRAMES_STEP), (0, 0)))
    settings = recipe.sound.of_frames(len(padded))
    return sounds_of(padded.T[np.newaxis, ..., np.newaxis], settings)[0, : frames * recipe.sound.hop]
