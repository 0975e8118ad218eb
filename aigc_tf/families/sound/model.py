"""The autoregressive model of sounds: spectrograms are generated frame by frame, then converted to sound."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from aigc_tf.data.classes import ClassNames
from aigc_tf.data.sound.spectrograms import sounds_of
from aigc_tf.data.source import Batch, evenly
from aigc_tf.families.base import GenerativeModel, Signature
from aigc_tf.families.pages import Panel
from aigc_tf.families.sound import exports
from aigc_tf.families.sound.drawing import LEVELS, SILENCE, draw_frame, uniforms
from aigc_tf.families.sound.networks import FrameNetworks
from aigc_tf.families.sounding import SoundMaker
from aigc_tf.modalities.captions import rows_with_captions
from aigc_tf.modalities.labels import Labels
from aigc_tf.nn.optimizers import scheduled_adam
from aigc_tf.recipes.sound_ar import NOISE
from aigc_tf.recipes.sound_ar import SoundAR as SoundARRecipe

ROWS = 200  # sounds per batch in generation
_PREVIEWED_CLASSES, _OF_EACH = 16, 6


class SoundAR(SoundMaker, GenerativeModel):
    """An autoregressive model of spectrogram frames x_t given the class c, p(x | c) = Π p(x_t | x_<t, c).

    Args:
        recipe: its optimizer, schedule and seed.
        networks: for sequences and for single steps.
        classes: their names.
    """

    recipe: SoundARRecipe

    def __init__(self, recipe: SoundARRecipe, networks: FrameNetworks, classes: ClassNames) -> None:
        super().__init__(name=recipe.slug())
        self.recipe, self.networks, self.classes = recipe, networks, classes
        self.sequence = networks.sequence
        self.adam = scheduled_adam(recipe, self.trainable_variables)
        self.ready()

    @property
    def condition(self) -> Labels:
        """The class."""
        return Labels(self.classes)

    def train_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """Update the weights on `image` and `label` from `SoundSource.read`."""
        weights = self.trainable_variables
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(self.nats(batch, training=True))
        # Embedding gradients are made dense for the optimizer, whose moments update every row.
        gradients = [tf.convert_to_tensor(gradient) for gradient in tape.gradient(loss, weights)]
        rate = tf.convert_to_tensor(self.adam.learning_rate)
        return {"loss": loss, "gradient_norm": self.adam.apply(gradients, weights), "learning_rate": rate}

    def test_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """The loss on held-out windows, in nats per frame. Changes nothing."""
        return {"loss": tf.reduce_mean(self.nats(batch, training=False))}

    def nats(self, batch: Batch, training: bool) -> tf.Tensor:
        """-log p of each sound's levels, in nats per frame: `[batch]`.

        Args:
            batch: `image`, float32 `[batch, bands, frames, 1]` in [-1, 1], which is rounded to 256 levels, and `label`.
            training: whether dropout is active.
        """
        frames = tf.transpose(batch["image"][..., 0], (0, 2, 1))
        levels = tf.round((frames + 1.0) * (LEVELS / 2)) / LEVELS
        before = tf.pad(2.0 * levels[:, :-1] - 1.0, ((0, 0), (1, 0), (0, 0)), constant_values=SILENCE)
        parameters = self.sequence([before, batch["label"]], training=training)
        return -self.networks.mixture.log_probability(parameters, levels[:, None]) / self.recipe.sound.frames

    def generate(self, count: int, seed: int = 0, condition: Any = None, **how: float) -> np.ndarray:
        """New sounds, float32 `[count, samples]` in [-1, 1]; see `Draws.generate`.

        Args:
            count: number of sounds.
            seed: of the sampling.
            condition: classes by name or index, one for all or one for each; None cycles through them.
            how: `temperature` and `noise`, see `aigc_tf.recipes.sound_ar.FrameDrawing`.
        """
        return sounds_of(self.generate_pictures(count, seed, condition, **how), self.recipe.sound)

    def generate_batches(
        self, count: int, seed: int = 0, condition: Any = None, **options: Any
    ) -> Iterator[np.ndarray]:
        """`generate` in batches."""
        for pictures in self._drawn(count, seed, condition, **options):
            yield sounds_of(pictures, self.recipe.sound)

    def generate_pictures(self, count: int, seed: int = 0, condition: Any = None, **how: float) -> np.ndarray:
        """Their spectrograms, float32 `[count, bands, frames, 1]` in [0, 1]."""
        nothing = np.zeros((0, *self.recipe.sound.images.shape), np.float32)
        return np.concatenate([nothing, *self._drawn(count, seed, condition, **how)])

    def _drawn(
        self, count: int, seed: int, condition: Any, temperature: float = 1.0, noise: float = NOISE
    ) -> Iterator[np.ndarray]:
        labels = self.conditions(condition, count)
        for first in range(0, count, ROWS):
            some = labels[first : first + ROWS]
            streams = [np.random.default_rng((seed, first + row)) for row in range(len(some))]
            yield self._spectrograms(some, streams, temperature, noise)

    def _spectrograms(
        self, labels: np.ndarray, streams: list[np.random.Generator], temperature: float, noise: float
    ) -> np.ndarray:
        """Spectrograms of classes int32 `[rows]`, each row sampled with its own random generator."""
        bands, frames = self.recipe.sound.bands, self.recipe.sound.frames
        _, _, *inputs = self.networks.step.inputs
        states = [tf.zeros((len(labels), *tensor.shape[1:]), tensor.dtype) for tensor in inputs]
        made = np.full((len(labels), frames + 1, bands), SILENCE, np.float32)
        for time in range(frames):
            answer = self.networks.compiled_step([made[:, time], labels, *states])
            weights, means, log_scales = (tensor.numpy() for tensor in answer[:3])
            numbers, states = uniforms(streams, bands), answer[3:]
            made[:, time + 1] = draw_frame(weights, means, log_scales, numbers, temperature, noise)
        return (made[:, 1:].transpose(0, 2, 1)[..., np.newaxis] + 1) / 2

    def previews(self, source: Any) -> dict[str, Any]:
        """Spectrograms, a row for each class with its name, and one of each class to listen to."""
        del source
        classes = evenly(len(self.classes.names), _PREVIEWED_CLASSES)
        images = self.generate_pictures(len(classes) * _OF_EACH, condition=np.repeat(classes, _OF_EACH))
        rows = images.reshape(len(classes), _OF_EACH, *images.shape[1:])
        heard = sounds_of(rows[:, 0], self.recipe.sound)
        names = [self.classes.names[number] for number in classes]
        return {
            "samples": rows_with_captions(rows, names, 2 if len(classes) > 1 else 1),
            **self.clips(heard, "generated"),
        }

    def export_metadata(self) -> dict[str, Any]:
        """What a program needs to generate with the file (docs/MOBILE.md)."""
        facts = {"classes": list(self.classes.names), "frames": self.recipe.sound.frames, "noise": NOISE}
        return super().export_metadata() | facts

    def signatures(self, source: Any = None) -> dict[str, Signature]:
        """`step`: the mixture for sampling the next frame; `synthesise`: a spectrogram -> its sound."""
        return exports.signatures(self, source)

    def page(self, source: Any = None) -> list[Panel]:
        """A panel that generates sounds frame by frame and plays them."""
        del source
        facts = {"rate": self.recipe.sound.rate, "frames": self.recipe.sound.frames, "sound": "synthesise"}
        facts["noise"] = NOISE
        return [Panel("sound", "step", facts)]
