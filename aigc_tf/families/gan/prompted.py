"""The text-to-image GAN."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from aigc_tf.data.captioned.captions import Captions
from aigc_tf.families.base import Signature, TensorSpec
from aigc_tf.families.gan.model import GAN, Contest
from aigc_tf.families.pages import Panel
from aigc_tf.families.prompted import PREVIEWED, Prompted
from aigc_tf.modalities.base import Preview
from aigc_tf.recipes import text_gan


class TextGAN(Prompted, GAN):
    """A generator that attends to words, and a caption-conditional discriminator (Xu et al. 2018, one stage).

    The discriminator also sees real pictures with mismatched captions, labelled as generated (Reed et al.
    2016, algorithm 1).

    Args:
        recipe: as for `GAN`.
        generator: see `aigc_tf.families.gan.networks.text_gan.generator`.
        discriminator: images and words -> outputs `[batch, 1]`.
        captions: the vocabulary.
    """

    recipe: text_gan.TextGAN
    sheet_meaning: ClassVar[str] = "each several times"

    def __init__(
        self, recipe: text_gan.TextGAN, generator: keras.Model, discriminator: keras.Model, captions: Captions
    ) -> None:
        super().__init__(recipe, generator, discriminator)
        self.captions = captions

    @property
    def encoder(self) -> keras.Model:
        """The encoder of words."""
        return self.sampler.get_layer("encoder")

    def contest(self, real: tf.Tensor, fake: tf.Tensor, condition: Sequence[tf.Tensor]) -> Contest:
        """As in `GAN`, but half of the negatives are real pictures with mismatched captions."""
        (words,) = condition
        others = ops.roll(words, 1, axis=0)
        real_logits, fake_logits = self.judge(real, condition), self.judge(fake, condition)
        same = ops.all(ops.equal(words, others), axis=1, keepdims=True)
        mismatched = ops.where(same, fake_logits, self.judge(real, [others]))
        refused = ops.concatenate([self.with_replay(fake_logits, fake, condition), mismatched])
        loss = self.discriminator_loss(real_logits, refused)
        return Contest(real_logits, fake_logits, loss, self.penalty(real, fake, condition))

    def previews(self, source: Any) -> dict[str, Preview]:
        """A few captions, each with several pictures from fixed noise."""
        _, texts = source.pairs("validation", PREVIEWED)
        return {"samples": self.sheet(texts)}

    def sheet(self, texts: list[str], **options: Any) -> np.ndarray:
        """A row of several pictures for each prompt."""
        return self.rows_of_prompts(texts, **options)

    # Export.

    def signatures(self, source: Any = None) -> dict[str, Signature]:
        """`encode`, from words to states, and `generate`, from a latent and states."""
        del source
        body = self.sampler.get_layer("body")
        given = [keras.Input(tensor.shape[1:], name=tensor.name) for tensor in body.inputs]
        image = layers.Rescaling(0.5, 0.5, name="to_zero_one")(body(given))

        def examples(count: int, seed: int) -> dict[str, np.ndarray]:
            return {"latent": self.latents(count, seed)} | self.states_of_known(count)

        generate = Signature(
            keras.Model(given, image, name="generate"),
            {"latent": TensorSpec((self.latent_dim,), "independent standard normal numbers")} | self.states_spec(),
            {self.makes[0]: TensorSpec(self.recipe.images.shape, self.makes[1])},
            examples,
        )
        return {"encode": self.encode_signature(), "generate": generate}

    def export_metadata(self) -> dict[str, Any]:
        """The vocabulary."""
        return super().export_metadata() | self.captions.facts_for_files()

    def page(self, source: Any = None) -> list[Panel]:
        """A panel that generates a picture from typed words in one call."""
        del source
        return [Panel("prompt", "generate", self.prompt_facts(steps=None))]
