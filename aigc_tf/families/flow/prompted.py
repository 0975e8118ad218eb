"""The flow of pictures that words describe."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

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
from aigc_tf.modalities.base import Preview
from aigc_tf.modalities.captions import rows_with_captions
from aigc_tf.modalities.prompts import Prompts
from aigc_tf.recipes import text_flow
from aigc_tf.recipes.class_flow import GuidedSolving

GUIDANCES = (1.0, 2.0, 4.0)
PREVIEWED, PREVIEWED_OF_EACH = 8, 6
STATES = "what `encode` gives of a caption; zeros stand for any"
PAGE_EXAMPLES = 6


class TextFlow(GuidedFlow):
    """A flow that is told a caption, and sometimes is not (Ho & Salimans 2022, algorithm 1).

    Args:
        recipe: as for `FlowModel`, and the share of pictures without a caption.
        predictor: see `aigc_tf.families.flow.networks.text_predictor`.
        captions: the vocabulary.
    """

    recipe: text_flow.TextFlow

    def __init__(self, recipe: text_flow.TextFlow, predictor: keras.Model, captions: Captions) -> None:
        super().__init__(recipe, predictor)
        self.captions = captions
        self.caption_seed = keras.random.SeedGenerator(recipe.seed ^ 2, name="caption_seed")

    @property
    def condition(self) -> Prompts:
        """Words."""
        return Prompts(self.captions)

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

    def generate(
        self,
        count: int,
        seed: int = 0,
        condition: Any = None,
        truncation: float | None = None,
        prompt: str = "",
        **options: Any,
    ) -> np.ndarray:
        """New pictures; see `FlowModel.generate`.

        Args:
            count: how many.
            seed: of the noise.
            condition: words for all pictures, or for each; None spreads them over captions that were learnt.
            truncation: of the noise.
            prompt: words for all pictures, in place of a condition.
            options: the others of the recipe's `sample_options`.
        """
        return super().generate(count, seed, prompt or condition, truncation, **options)

    def generate_batches(
        self,
        count: int,
        seed: int = 0,
        condition: Any = None,
        truncation: float | None = None,
        prompt: str = "",
        **options: Any,
    ) -> Iterator[np.ndarray]:
        """What `generate` makes, in batches."""
        return super().generate_batches(count, seed, prompt or condition, truncation, **options)

    def previews(self, source: Any) -> dict[str, Preview]:
        """A few captions, each with several pictures of fixed noise, and some with more and more guidance."""
        _, texts = source.pairs("validation", PREVIEWED)
        images = self.generate(len(texts) * PREVIEWED_OF_EACH, condition=np.repeat(texts, PREVIEWED_OF_EACH).tolist())
        rows = images.reshape(len(texts), PREVIEWED_OF_EACH, *images.shape[1:])
        return {"samples": rows_with_captions(rows, texts), "guidance": self.by_guidance(texts[: PREVIEWED // 2])}

    def by_guidance(self, texts: list[str], **options: Any) -> np.ndarray:
        """A row for each prompt, with guidance of 1, 2 and 4 from left to right, of the same noise each."""
        chosen = {name: value for name, value in options.items() if name != "guidance"}
        columns = [self.generate(len(texts), condition=texts, guidance=weight, **chosen) for weight in GUIDANCES]
        return rows_with_captions(np.stack(columns, axis=1), texts)

    # Export.

    def told_specs(self) -> dict[str, TensorSpec]:
        """The states of a caption."""
        return {"states": TensorSpec((self.captions.length, self.recipe.word_size), STATES)}

    def examples_told(self, count: int, seed: int) -> dict[str, np.ndarray]:
        """The states of captions that were learnt."""
        del seed
        return {"states": self.used.get_layer("encoder")(self.conditions(None, count), training=False).numpy()}

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

        def words(count: int, seed: int) -> dict[str, np.ndarray]:
            rows = np.random.default_rng(seed).integers(len(self.model.captions.known), size=count)
            return {"words": self.model.captions.numbers([self.model.captions.known[row] for row in rows])}

        meaning = "numbers of the symbols of a caption, 0 after the end"
        encode = Signature(
            self.model.used.get_layer("encoder"),
            {"words": TensorSpec((self.model.captions.length,), meaning, "int32")},
            self.model.told_specs(),
            words,
        )
        return {"encode": encode} | super().signatures(source)

    def page(self, source: Any = None) -> list[Panel]:
        """Words are typed, and a picture comes into being."""
        facts = {"encode": "encode", "steps": self.solving.evaluations, "guidance": max(self.solving.guidance, 2.0)}
        examples = list(self.model.captions.known[:PAGE_EXAMPLES])
        return [Panel("prompt", "predict", facts | self.model.file_facts() | {"texts": examples})]

    def asking(self, condition: Any) -> Ask:
        """See `FlowFile.asking`; no words are zeros as states."""
        nothing = layers.Rescaling(0.0, name="nothing")(condition)

        def ask(noisy: Any, time: float, told: Any) -> Any:
            return self.network([noisy, Everywhere(time)(noisy), nothing if told is None else told])

        return ask
