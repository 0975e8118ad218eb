"""The text-to-image flow."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, ClassVar

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from aigc_tf.data.captioned.captions import Captions
from aigc_tf.data.source import Batch
from aigc_tf.families.base import Signature, TensorSpec
from aigc_tf.families.flow.conditional import GuidedFlow
from aigc_tf.families.flow.export import Everywhere, FlowFile
from aigc_tf.families.flow.following import Ask
from aigc_tf.families.pages import Panel
from aigc_tf.families.prompted import PREVIEWED, Prompted
from aigc_tf.modalities.base import Preview
from aigc_tf.modalities.captions import rows_with_captions
from aigc_tf.recipes import text_flow
from aigc_tf.recipes.class_flow import GuidedSolving

GUIDANCES = (1.0, 2.0, 4.0)


class TextFlow(Prompted, GuidedFlow):
    """A text-conditional flow with condition dropout (Ho & Salimans 2022, algorithm 1).

    Args:
        recipe: as for `FlowModel`, and the condition dropout rate.
        predictor: see `aigc_tf.families.flow.networks.text_predictor`.
        captions: the vocabulary.
    """

    recipe: text_flow.TextFlow
    sheet_meaning: ClassVar[str] = "with guidance of 1, 2 and 4 from left to right"

    def __init__(self, recipe: text_flow.TextFlow, predictor: keras.Model, captions: Captions) -> None:
        super().__init__(recipe, predictor)
        self.captions = captions
        self.caption_seed = keras.random.SeedGenerator(recipe.seed ^ 2, name="caption_seed")

    @property
    def encoder(self) -> keras.Model:
        """The encoder of words."""
        return self.used.get_layer("encoder")

    def told(self, batch: Batch) -> list[tf.Tensor]:
        """The captions, some of them dropped (without words)."""
        words = batch["words"]
        dropped = keras.random.uniform((ops.shape(words)[0], 1), seed=self.caption_seed) < self.recipe.drop_captions
        return [ops.where(dropped, 0, words)]

    def told_all(self, batch: Batch) -> list[tf.Tensor]:
        """All captions."""
        return [batch["words"]]

    def further(self, told: Any, everywhere: Callable[..., Any]) -> list[Any]:
        """The words; none for unconditional."""
        return [np.outer(everywhere(0, "int32"), np.zeros(self.captions.length, "int32")) if told is None else told]

    def previews(self, source: Any) -> dict[str, Preview]:
        """A few captions, each with several pictures from fixed noise, and some with increasing guidance."""
        _, texts = source.pairs("validation", PREVIEWED)
        return {"samples": self.rows_of_prompts(texts), "guidance": self.sheet(texts[: PREVIEWED // 2])}

    def sheet(self, texts: list[str], **options: Any) -> np.ndarray:
        """A row for each prompt, with guidance of 1, 2 and 4 from left to right, from the same noise."""
        chosen = {name: value for name, value in options.items() if name != "guidance"}
        columns = [self.generate(len(texts), condition=texts, guidance=weight, **chosen) for weight in GUIDANCES]
        return rows_with_captions(np.stack(columns, axis=1), texts)

    # Export.

    def told_specs(self) -> dict[str, TensorSpec]:
        """The states of a caption."""
        return self.states_spec()

    def examples_told(self, count: int, seed: int) -> dict[str, np.ndarray]:
        """The states of training captions."""
        del seed
        return self.states_of_known(count)

    def exported_with(self, **options: Any) -> TextFlowFile:
        """See `FlowModel.exported_with`."""
        return TextFlowFile(self, self.recipe.export_options(**options))

    def file_facts(self) -> dict[str, Any]:
        """The vocabulary."""
        return self.captions.facts_for_files()


@dataclasses.dataclass(frozen=True)
class TextFlowFile(FlowFile):
    """An exported text-to-image flow: word encoder and sampler are separate signatures."""

    model: TextFlow
    solving: GuidedSolving

    @property
    def network(self) -> keras.Model:
        """The network of noisy pictures, times and states."""
        return self.model.used.get_layer("body")

    def signatures(self, source: Any = None) -> dict[str, Signature]:
        """`encode`, from words to states, and `generate` and `predict` with states."""
        return {"encode": self.model.encode_signature()} | super().signatures(source)

    def page(self, source: Any = None) -> list[Panel]:
        """A panel that generates a picture from typed words, step by step."""
        solving = self.solving
        chosen = {"steps": solving.evaluations, "shift": solving.time_shift, "guidance": max(solving.guidance, 2.0)}
        return [Panel("prompt", "predict", self.model.prompt_facts(**chosen))]

    def asking(self, condition: Any) -> Ask:
        """See `FlowFile.asking`; unconditional states are zeros."""
        nothing = layers.Rescaling(0.0, name="nothing")(condition)

        def ask(noisy: Any, time: float, told: Any) -> Any:
            return self.network([noisy, Everywhere(time)(noisy), nothing if told is None else told])

        return ask
