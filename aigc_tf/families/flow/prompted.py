"""The flow of pictures that words describe."""

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
    """A flow that is told a caption, and sometimes is not (Ho & Salimans 2022, algorithm 1).

    Args:
        recipe: as for `FlowModel`, and the share of pictures without a caption.
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
        """Of words."""
        return self.used.get_layer("encoder")

    def told(self, batch: Batch) -> list[tf.Tensor]:
        """The captions, some of them without words."""
        words = batch["words"]
        dropped = keras.random.uniform((ops.shape(words)[0], 1), seed=self.caption_seed) < self.recipe.drop_captions
        return [ops.where(dropped, 0, words)]

    def told_all(self, batch: Batch) -> list[tf.Tensor]:
        """All captions."""
        return [batch["words"]]

    def further(self, told: Any, everywhere: Callable[..., Any]) -> list[Any]:
        """The words; none for any."""
        return [np.outer(everywhere(0, "int32"), np.zeros(self.captions.length, "int32")) if told is None else told]

    def previews(self, source: Any) -> dict[str, Preview]:
        """A few captions, each with several pictures of fixed noise, and some with more and more guidance."""
        _, texts = source.pairs("validation", PREVIEWED)
        return {"samples": self.rows_of_prompts(texts), "guidance": self.sheet(texts[: PREVIEWED // 2])}

    def sheet(self, texts: list[str], **options: Any) -> np.ndarray:
        """A row for each prompt, with guidance of 1, 2 and 4 from left to right, of the same noise each."""
        chosen = {name: value for name, value in options.items() if name != "guidance"}
        columns = [self.generate(len(texts), condition=texts, guidance=weight, **chosen) for weight in GUIDANCES]
        return rows_with_captions(np.stack(columns, axis=1), texts)

    # Export.

    def told_specs(self) -> dict[str, TensorSpec]:
        """The states of a caption."""
        return self.states_spec()

    def examples_told(self, count: int, seed: int) -> dict[str, np.ndarray]:
        """The states of captions that were learnt."""
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
    """A flow of pictures that words describe, as it is exported: the words' encoder and the sampler by themselves."""

    model: TextFlow
    solving: GuidedSolving

    @property
    def network(self) -> keras.Model:
        """Of noisy pictures, times and states."""
        return self.model.used.get_layer("body")

    def signatures(self, source: Any = None) -> dict[str, Signature]:
        """`encode`, from words to states, and `generate` and `predict` with states."""
        return {"encode": self.model.encode_signature()} | super().signatures(source)

    def page(self, source: Any = None) -> list[Panel]:
        """Words are typed, and a picture comes into being."""
        chosen = {"steps": self.solving.evaluations, "guidance": max(self.solving.guidance, 2.0)}
        return [Panel("prompt", "predict", self.model.prompt_facts(**chosen))]

    def asking(self, condition: Any) -> Ask:
        """See `FlowFile.asking`; no words are zeros as states."""
        nothing = layers.Rescaling(0.0, name="nothing")(condition)

        def ask(noisy: Any, time: float, told: Any) -> Any:
            return self.network([noisy, Everywhere(time)(noisy), nothing if told is None else told])

        return ask
