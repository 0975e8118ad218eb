"""The class-conditional flow, with classifier-free guidance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from aigc_tf.data.classes import ClassNames
from aigc_tf.data.source import Batch, evenly
from aigc_tf.families.base import TensorSpec
from aigc_tf.families.flow.couplings import in_optimal_order
from aigc_tf.families.flow.editing import EditingFlow
from aigc_tf.families.flow.following import Ask
from aigc_tf.modalities.base import Preview
from aigc_tf.modalities.captions import rows_with_captions
from aigc_tf.modalities.labels import Labels
from aigc_tf.nn import replicas
from aigc_tf.recipes import class_flow

PREVIEWED_CLASSES, PREVIEWED_OF_EACH = 16, 8


class GuidedFlow(EditingFlow):
    """A conditional flow with classifier-free guidance."""

    def guided(self, ask: Ask, options: Any) -> Ask:
        """Classifier-free guidance: (1 - w) times the unconditional plus w times the conditional prediction.

        Ho & Salimans 2022, eq. 6, with w - 1 in place of the paper's w.
        """
        weight = options.guidance
        if weight == 1:
            return ask

        def guided(noisy: Any, time: float, told: Any) -> Any:
            anything = ask(noisy, time, None)
            return anything + weight * (ask(noisy, time, told) - anything)

        return guided


class ClassFlow(GuidedFlow):
    """A class-conditional flow with condition dropout (Ho & Salimans 2022, algorithm 1).

    Args:
        recipe: as for `FlowModel`, and the condition dropout rate.
        predictor: as for `FlowModel`, with label int32 `[batch]`; the label after the last is the unconditional one.
        classes: their names.
    """

    recipe: class_flow.ClassFlow

    def __init__(self, recipe: class_flow.ClassFlow, predictor: keras.Model, classes: ClassNames) -> None:
        super().__init__(recipe, predictor)
        self.classes = classes
        self.label_seed = keras.random.SeedGenerator(recipe.seed ^ 2, name="label_seed")

    @property
    def condition(self) -> Labels:
        """The class."""
        return Labels(self.classes)

    @property
    def untold(self) -> int:
        """The unconditional label."""
        return len(self.classes.names)

    def coupled(self, noise: tf.Tensor, batch: Batch) -> tf.Tensor:
        """Optimal coupling within each class: otherwise noise would reveal the class, unlike in sampling.

        Cheng & Schwing 2025, "The Curse of Conditions", §3.
        """
        if self.recipe.coupling == "independent":
            return noise
        return replicas.own_rows(in_optimal_order(*replicas.gathered([noise, batch["image"], batch["label"]])))

    def told(self, batch: Batch) -> list[tf.Tensor]:
        """The labels, some of them dropped (replaced by the unconditional one)."""
        labels = batch["label"]
        dropped = keras.random.uniform(ops.shape(labels), seed=self.label_seed) < self.recipe.drop_labels
        return [ops.where(dropped, self.untold, labels)]

    def told_all(self, batch: Batch) -> list[tf.Tensor]:
        """All labels."""
        return [batch["label"]]

    def further(self, told: Any, everywhere: Callable[..., Any]) -> list[Any]:
        """The labels."""
        return [everywhere(self.untold, "int32") if told is None else told]

    def previews(self, source: Any) -> dict[str, Preview]:
        """Samples from fixed noise, a row for each class, with its name."""
        del source
        classes = evenly(len(self.classes.names), PREVIEWED_CLASSES)
        images = self.generate(len(classes) * PREVIEWED_OF_EACH, condition=np.repeat(classes, PREVIEWED_OF_EACH))
        rows = images.reshape(len(classes), PREVIEWED_OF_EACH, *images.shape[1:])
        return {"samples": rows_with_captions(rows, [self.classes.names[number] for number in classes])}

    def told_specs(self) -> dict[str, TensorSpec]:
        """The class, by index."""
        meaning = f"number of the class, from 0; {self.untold} for any"
        return {"label": TensorSpec((), meaning, "int32", tuple(self.condition.kinds))}

    def page_facts(self, options: Any) -> dict[str, Any]:
        """The unconditional label, and the guidance scale."""
        return {"untold": self.untold, "guidance": options.guidance}

    def file_facts(self) -> dict[str, Any]:
        """The names of the classes."""
        return {"classes": self.classes.names}
