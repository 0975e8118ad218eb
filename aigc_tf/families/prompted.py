"""The base class of text-to-image models."""

from __future__ import annotations

import abc
from collections.abc import Iterator
from typing import Any, ClassVar

import keras
import numpy as np

from aigc_tf.data.captioned.captions import Captions
from aigc_tf.families.base import Signature, TensorSpec
from aigc_tf.families.latent import LatentModel
from aigc_tf.modalities.captions import rows_with_captions
from aigc_tf.modalities.prompts import Prompts

STATES = "what `encode` returns for a caption; zeros for any"
WORDS = "token numbers of a caption, 0 after the end"
PREVIEWED, PREVIEWED_OF_EACH = 8, 6
PAGE_EXAMPLES = 6


class Prompted(LatentModel):
    """A text-conditional model of pictures; must come before the model's other base classes."""

    captions: Captions
    """The vocabulary."""
    sheet_meaning: ClassVar[str]
    """A description of a row of `sheet`."""

    @property
    def condition(self) -> Prompts:
        """The prompts."""
        return Prompts(self.captions)

    @property
    @abc.abstractmethod
    def encoder(self) -> keras.Model:
        """Words int32 `[batch, length]` -> states `[batch, length, size]`, from the network for inference."""

    @abc.abstractmethod
    def sheet(self, texts: list[str], **options: Any) -> np.ndarray:
        """A row of pictures for each prompt, uint8 `[height, width, channels]`; options as for `generate`."""

    def generate(
        self,
        count: int,
        seed: int = 0,
        condition: Any = None,
        truncation: float | None = None,
        prompt: str = "",
        **options: Any,
    ) -> np.ndarray:
        """New pictures: float32 `[count, height, width, channels]` in [0, 1]; the same for the same arguments.

        Args:
            count: number of pictures.
            seed: of the noise.
            condition: words for all pictures, or for each; None spreads them over training captions.
            truncation: of the noise.
            prompt: words for all pictures, instead of a condition.
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
        """`generate` in batches."""
        return super().generate_batches(count, seed, prompt or condition, truncation=truncation, **options)

    def rows_of_prompts(self, texts: list[str], **options: Any) -> np.ndarray:
        """A row of several pictures, each from its own noise, for each prompt: uint8 `[height, width, channels]`."""
        repeated = np.repeat(texts, PREVIEWED_OF_EACH).tolist()
        images = self.generate(len(repeated), condition=repeated, **options)
        return rows_with_captions(images.reshape(len(texts), PREVIEWED_OF_EACH, *images.shape[1:]), texts)

    # Export: the word encoder is a separate signature, and the generator takes its states.

    def states_spec(self) -> dict[str, TensorSpec]:
        """The output of `encode`."""
        return {"states": TensorSpec(self.encoder.output.shape[1:], STATES)}

    def states_of_known(self, count: int) -> dict[str, np.ndarray]:
        """The states of training captions, `[count, length, size]`."""
        return {"states": self.encoder(self.conditions(None, count), training=False).numpy()}

    def encode_signature(self) -> Signature:
        """`encode`, from words to states."""

        def words(count: int, seed: int) -> dict[str, np.ndarray]:
            known = self.captions.known
            rows = np.random.default_rng(seed).integers(len(known), size=count)
            return {"words": self.captions.numbers([known[row] for row in rows])}

        spec = {"words": TensorSpec((self.captions.length,), WORDS, "int32")}
        return Signature(self.encoder, spec, self.states_spec(), words)

    def prompt_facts(self, **facts: Any) -> dict[str, Any]:
        """Facts that the page needs to tokenise the typed text and to generate."""
        examples = list(self.captions.known[:PAGE_EXAMPLES])
        return {"encode": "encode", "texts": examples} | self.captions.facts_for_files() | facts
