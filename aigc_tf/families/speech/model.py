"""The model of speech: letters become a spectrogram all at once, and the spectrogram sound."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from aigc_tf.data.sound.spectrograms import frames_of, sounds_of
from aigc_tf.data.sound.spoken import PAUSE_SECONDS, normalised
from aigc_tf.data.source import Batch
from aigc_tf.data.text.vocabulary import BOUNDARY, UNKNOWN, Vocabulary
from aigc_tf.errors import InputError, say
from aigc_tf.families.base import GenerativeModel, Signature, TensorSpec
from aigc_tf.families.sounding import GROWTH
from aigc_tf.families.tasks import Transforms
from aigc_tf.modalities.audio import Clip
from aigc_tf.modalities.drawing import to_bytes
from aigc_tf.modalities.sounds import Utterances
from aigc_tf.modalities.text import Text
from aigc_tf.nn import replicas
from aigc_tf.nn.monotonic import durations, monotonic_alignment
from aigc_tf.nn.optimizers import adam, schedule
from aigc_tf.nn.spectrograms import FromLogMel
from aigc_tf.recipes.speech import Speech

PREVIEWED = 3
FRAMES_STEP = 50  # lengths are rounded up to a multiple: few networks of phases are made


class SpeechModel(GenerativeModel, Transforms):
    """Speaks text in the voice of its recordings.

    Each letter has a mean spectrum μ; the frames x of a recording belong to letters as monotonic alignment search says,
    which makes Σ |x_t - μ_{a(t)}|² smallest. μ and the letters' durations are learnt from that, and a decoder makes
    spectrograms of them (Kim et al. 2020, §3, with this decoder in the place of a flow).

    Args:
        recipe: its optimizer, schedule and seed.
        encoder: see `aigc_tf.families.speech.networks.encoder`.
        decoder: see there.
        vocabulary: of letters.
    """

    def __init__(self, recipe: Speech, encoder: keras.Model, decoder: keras.Model, vocabulary: Vocabulary) -> None:
        super().__init__(name=recipe.slug())
        self.recipe, self.encoder, self.decoder, self.vocabulary = recipe, encoder, decoder, vocabulary
        falling = schedule(recipe.schedule, recipe.steps)
        self.adam = adam(recipe.optimizer, self.trainable_variables, falling, recipe.weight_decay)
        self.built = True
        self.compile(optimizer=None, jit_compile=False)
        self.compiled_encoder = tf.function(partial(encoder, training=False), reduce_retracing=True)
        self.compiled_decoder = tf.function(partial(decoder, training=False), reduce_retracing=True)

    @property
    def optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
        """One."""
        return {"optimizer": self.adam}

    @property
    def takes(self) -> Text:
        """Texts."""
        return Text()

    @property
    def gives(self) -> Utterances:
        """Sounds of any length."""
        return Utterances(self.recipe.sound)

    def train_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """Update the weights on a batch as `SpokenSource.read` gives it."""
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
        heard = tf.cast(places >= 0, tf.float32)
        total, letters = (replicas.mean(tf.reduce_sum(mask)) for mask in (heard, spoken))
        chosen = tf.maximum(places, 0)
        own = tf.gather(means, chosen, batch_dims=1)
        inputs = [tf.gather(states, chosen, batch_dims=1), own, progress(places, counts), heard]
        made = self.decoder(inputs, training=training)
        error = tf.reduce_sum(tf.reduce_mean(tf.abs(made - picture), axis=-1) * heard) / total
        prior = tf.reduce_sum(tf.reduce_mean(tf.square(own - picture), axis=-1) * heard) / total
        wanted = tf.math.log(tf.maximum(tf.cast(counts, tf.float32), 1.0))
        duration = tf.reduce_sum(tf.square(log_frames - wanted) * spoken) / letters
        loss = error + recipe.prior_weight * prior + recipe.duration_weight * duration
        return {"loss": loss, "brightness_error": error, "prior_error": prior, "duration_error": duration}

    def aligned(self, means: tf.Tensor, batch: Batch) -> tf.Tensor:
        """The letter of each frame, int32 `[batch, frames]`, -1 after the last; no gradient passes."""
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
        """Each text spoken: float32 `[samples]` in [-1, 1]; nothing is drawn.

        Args:
            inputs: texts; letters that no recording has are left out, with a warning.
            seed: is not used.
            condition: there is none.
            speed: how many times as fast as in the recordings.

        Raises:
            InputError: a text has no letter that is known.
        """
        self.refuse_condition(condition)
        return [sounds_of_picture(picture, self.recipe) for picture in self.pictures(self.takes.rows(inputs), speed)]

    def pictures(self, texts: Sequence[str], speed: float = 1.0) -> list[np.ndarray]:
        """Log-mel spectrograms of texts, float32 `[frames, bands]` in [0, 1], time first."""
        return [self.picture(symbols, speed) for symbols in map(self.symbols, texts)]

    def symbols(self, text: str) -> np.ndarray:
        """The letters of a text that are known, int32 `[letters]`.

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
        ones = np.ones((1, len(symbols)), np.float32)
        states, means, log_frames = self.compiled_encoder([symbols[np.newaxis], ones])
        limit = self.recipe.spoken.slowest + PAUSE_SECONDS
        longest = limit * self.recipe.sound.rate / self.recipe.sound.hop
        counts = np.clip(np.round(np.exp(np.minimum(log_frames[0], 9.0)) / speed), 1, longest).astype(np.int32)
        places = np.repeat(np.arange(len(symbols)), counts)[np.newaxis]
        chosen = [tf.gather(part, places, batch_dims=1) for part in (states, means)]
        heard = np.ones(places.shape, np.float32)
        made = self.compiled_decoder([*chosen, progress(tf.constant(places), tf.constant(counts[np.newaxis])), heard])
        return np.clip(made[0].numpy(), 0, 1)

    def previews(self, source: Any) -> dict[str, Any]:
        """Held-out words: spectrograms as recorded above those that are made, and the sounds that are made."""
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
        """What a program needs to speak with the file (docs/MOBILE.md)."""
        sound = self.recipe.sound
        return {
            "vocabulary": list(self.vocabulary.symbols),
            "rate": sound.rate,
            "hop": sound.hop,
            "letters": self.recipe.spoken.longest_text,
            "frames": sound.frames,
        }

    def signatures(self, source: Any = None) -> dict[str, Signature]:
        """`encode`: letters -> what is known of each; `speak`: of the letter of each frame -> sound."""
        return {"encode": self._encode(source), "speak": self._speak(source)}

    def _encode(self, source: Any) -> Signature:
        letters, sound = self.recipe.spoken.longest_text, self.recipe.sound
        symbols = keras.Input((letters,), dtype="int32", name="symbols")
        mask = keras.Input((letters,), name="mask")
        states, means, log_frames = self.encoder([symbols, mask])
        outputs = {
            "states": TensorSpec((letters, self.recipe.width), "of each letter"),
            "means": TensorSpec((letters, sound.bands), "the mean spectrum of each letter"),
            "log_frames": TensorSpec((letters,), "natural logarithm of the frames of each letter"),
        }
        inputs = {
            "symbols": TensorSpec((letters,), "numbers of letters; after the last one 0", "int32"),
            "mask": TensorSpec((letters,), "1 where a letter is, 0 after the last one"),
        }
        return Signature(
            keras.Model([symbols, mask], [states, means, log_frames]), inputs, outputs, partial(self._letters, source)
        )

    def _speak(self, source: Any) -> Signature:
        sound, width = self.recipe.sound, self.recipe.width
        shapes: dict[str, tuple[int, ...]] = {
            "states": (sound.frames, width),
            "means": (sound.frames, sound.bands),
        }
        shapes |= {"progress": (sound.frames,), "mask": (sound.frames,)}
        tensors = [keras.Input(shape, name=name) for name, shape in shapes.items()]
        made = keras.ops.clip(self.decoder(tensors), 0.0, 1.0) * keras.ops.expand_dims(tensors[-1], -1)
        picture = keras.ops.expand_dims(keras.ops.transpose(made, (0, 2, 1)), -1)
        heard = FromLogMel(frames_of(sound), sound.iterations, name="sound")(picture)
        meanings = [
            "states of the letter of each frame",
            "mean spectrum of that letter",
            "how far in its letter each frame is, in [0, 1)",
            "1 where a frame is, 0 after the last one",
        ]
        inputs = {name: TensorSpec(shape, text) for (name, shape), text in zip(shapes.items(), meanings, strict=True)}
        outputs = {"sound": TensorSpec((sound.samples,), f"samples in [-1, 1], {sound.rate} a second")}
        examples = partial(self._frames, source)
        return Signature(keras.Model(tensors, heard), inputs, outputs, examples, passes=GROWTH * sound.iterations)

    def _letters(self, source: Any, count: int, seed: int) -> dict[str, np.ndarray]:
        """Words of the training part, or letters that are drawn, as `encode` takes them."""
        random = np.random.default_rng(seed)
        if source is None:
            known = np.arange(UNKNOWN + 1, len(self.vocabulary))
            return self.padded([random.choice(known, 12) for _ in range(count)])
        texts = source.inputs("train", source.count)
        return self.padded([self.symbols(texts[random.integers(len(texts))]) for _ in range(count)])

    def padded(self, rows: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
        """Letters of several texts as `encode` takes them; longer ones are cut off."""
        symbols = np.zeros((len(rows), self.recipe.spoken.longest_text), np.int32)
        for row, numbers in zip(symbols, rows, strict=True):
            row[: len(numbers)] = numbers[: len(row)]
        return {"symbols": symbols, "mask": (symbols != BOUNDARY).astype(np.float32)}

    def _frames(self, source: Any, count: int, seed: int) -> dict[str, np.ndarray]:
        """The same, as `speak` takes them."""
        given = self._letters(source, count, seed)
        states, means, log_frames = (part.numpy() for part in self.compiled_encoder(list(given.values())))
        return frames_of_letters(states, means, log_frames, given["mask"], self.recipe.sound.frames)


def frames_of_letters(
    states: np.ndarray, means: np.ndarray, log_frames: np.ndarray, mask: np.ndarray, frames: int
) -> dict[str, np.ndarray]:
    """What `speak` takes, of what `encode` gives: each letter's frames one after the other, as many as fit.

    Args:
        states: `[batch, letters, width]`.
        means: `[batch, letters, bands]`.
        log_frames: `[batch, letters]`.
        mask: `[batch, letters]`, 1 where a letter is.
        frames: of the signature.
    """
    made = {
        name: np.zeros((len(mask), frames, part.shape[-1]), np.float32)
        for name, part in (("states", states), ("means", means))
    }
    made |= {name: np.zeros((len(mask), frames), np.float32) for name in ("progress", "mask")}
    for row in range(len(mask)):
        letters = int(mask[row].sum())
        counts = np.clip(np.round(np.exp(np.minimum(log_frames[row, :letters], 9.0))), 1, frames).astype(np.int32)
        places = np.repeat(np.arange(letters), counts)[:frames]
        made["states"][row, : len(places)] = states[row, places]
        made["means"][row, : len(places)] = means[row, places]
        made["progress"][row, : len(places)] = np.concatenate([np.arange(part) / part for part in counts])[:frames]
        made["mask"][row, : len(places)] = 1
    return made


def progress(places: tf.Tensor, counts: tf.Tensor) -> tf.Tensor:
    """How far in its letter each frame is, float32 `[batch, frames]` in [0, 1).

    Args:
        places: int32 `[batch, frames]`, the letter of each frame; -1 after the last.
        counts: int32 `[batch, letters]`, the frames of each letter.
    """
    starts = tf.cumsum(counts, axis=1, exclusive=True)
    chosen = tf.maximum(tf.cast(places, tf.int32), 0)
    since = tf.range(tf.shape(chosen)[1]) - tf.gather(starts, chosen, batch_dims=1)
    share = tf.cast(since, tf.float32) / tf.cast(tf.maximum(tf.gather(counts, chosen, batch_dims=1), 1), tf.float32)
    return tf.where(places >= 0, share, 0.0)


def sounds_of_picture(picture: np.ndarray, recipe: Speech) -> np.ndarray:
    """The sound of a spectrogram `[frames, bands]` in [0, 1]: float32 `[frames * hop]`, with phases by Griffin-Lim."""
    frames = len(picture)
    padded = np.pad(picture, ((0, -frames % FRAMES_STEP), (0, 0)))
    settings = recipe.sound.of_frames(len(padded))
    return sounds_of(padded.T[np.newaxis, ..., np.newaxis], settings)[0, : frames * recipe.sound.hop]
