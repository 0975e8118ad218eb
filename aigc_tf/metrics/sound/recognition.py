"""Intelligibility of generated words, by a classifier trained only on recordings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from aigc_tf.families.sounding import Seen, SoundMaker
from aigc_tf.metrics.evaluator import Evaluator, Figure, Measurement, Request
from aigc_tf.metrics.images.conditional import CHANCE, accuracy_at_mix
from aigc_tf.metrics.images.drawing import generated_images
from aigc_tf.metrics.images.features import FeatureNetwork
from aigc_tf.metrics.sound.features import of_source
from aigc_tf.metrics.sound.samples import MAX_SOUNDS
from aigc_tf.recipes.sound import SoundRecipe

if TYPE_CHECKING:
    from aigc_tf.data.sound.source import SoundSource

HELD_OUT = "recordings of the part"


class Recognition(Evaluator):
    """Whether generated sounds, as a listener hears them, are recognised as the requested class.

    Figures:

    - recognition_rate: the share of sounds that the classifier assigns to the requested class, higher is better;
      compared with that of recordings of the part, with the classes weighted as requested;
    - relative_recognition: the ratio of the two, higher is better.
    """

    def measure(self, model: SoundMaker, source: SoundSource, recipe: SoundRecipe, request: Request) -> Measurement:
        """Generate at most 1,000 sounds, cycling through the classes; see `Evaluator.measure`."""
        network, samples = of_source(source), min(request.samples, MAX_SOUNDS)
        seen: Any = Seen(model, heard=True)
        asked = np.asarray(model.conditions(None, samples))
        chunks = generated_images(seen, network.shape, samples, request.seed, request.sampling)
        rate = float(np.mean(np.concatenate([told(network, chunk) for chunk in chunks]) == asked))
        part = source.pictures.part(request.part)
        real = accuracy_at_mix(told(network, np.asarray(part.images)), part.labels, asked)
        figures = {
            "recognition_rate": Figure(rate, "higher", {HELD_OUT: real, CHANCE: 1 / len(source.class_names or " ")}),
            "relative_recognition": Figure(rate / real if real else 0.0, "higher"),
        }
        return Measurement(figures, {"classifier": network.name, "classifier_sha256": network.sha256})


def told(network: FeatureNetwork, images: np.ndarray) -> np.ndarray:
    """The predicted classes of spectrograms, uint8 `[count, bands, frames, 1]`: int `[count]`."""
    probabilities = network.extract(images).probabilities
    assert probabilities is not None  # a classifier always gives probabilities
    return np.asarray(probabilities.argmax(axis=1))
