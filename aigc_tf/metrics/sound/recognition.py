"""Whether what a model says is understood: by a classifier that has learnt from recordings alone."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from aigc_tf.families.sound.model import Seen, Sounding
from aigc_tf.metrics.evaluator import Evaluator, Figure, Measurement, Request
from aigc_tf.metrics.images.conditional import CHANCE, ClassAgreement
from aigc_tf.metrics.sound.samples import MAX_SOUNDS
from aigc_tf.recipes.sound import SoundRecipe

if TYPE_CHECKING:
    from aigc_tf.data.sound.source import SoundSource

HELD_OUT = "recordings of the part"


class Recognition(Evaluator):
    """Whether generated sounds are taken for what was asked for, as a listener gets them.

    Figures:

    - recognition_rate: the share of sounds that the classifier takes for the class asked for, higher is better; beside
      it that of recordings of the part;
    - relative_recognition: the first over the second, higher is better.
    """

    def measure(self, model: Sounding, source: SoundSource, recipe: SoundRecipe, request: Request) -> Measurement:
        """Make at most 1,000 sounds of all classes; see `Evaluator.measure`."""
        seen: Any = Seen(model, heard=True)
        fewer = dataclasses.replace(request, samples=min(request.samples, MAX_SOUNDS))
        found = ClassAgreement().measure(seen, source.pictures, recipe, fewer)
        rate, real = found.figures["class_agreement"], found.figures["classifier_accuracy"].value
        figures = {
            "recognition_rate": Figure(rate.value, "higher", {HELD_OUT: real, CHANCE: rate.baselines[CHANCE]}),
            "relative_recognition": found.figures["relative_class_agreement"],
        }
        return Measurement(figures, found.protocol)
