"""Whether what a model says is understood: by a classifier that has learnt from recordings alone."""

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
    """Whether generated sounds are taken for what was asked for, as a listener gets them.

    Figures:

    - recognition_rate: the share of sounds that the classifier takes for the class asked for, higher is better; beside
      it that of recordings of the part, the classes weighted as they are asked for;
    - relative_recognition: the first over the second, higher is better.
    """

    def measure(self, model: SoundMaker, source: SoundSource, recipe: SoundRecipe, request: Request) -> Measurement:
        """Make at most 1,000 sounds, the classes in turn; see `Evaluator.measure`."""
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
    """The classes that a classifier takes spectrograms for, uint8 `[count, bands, frames, 1]`: int `[count]`."""
    probabilities = network.extract(images).probabilities
    assert probabilities is not None  # a classifier has classes
    return np.asarray(probabilities.argmax(axis=1))
