"""The latent flow: an autoencoder is trained first, then a flow on its codes."""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from aigc_tf.data.source import Batch
from aigc_tf.errors import InputError
from aigc_tf.families.flow.editing import EditingFlow
from aigc_tf.families.flow.export import FlowFile
from aigc_tf.families.latent import outputs_of
from aigc_tf.families.pages import Panel
from aigc_tf.modalities.base import Preview
from aigc_tf.modalities.drawing import rows_of
from aigc_tf.modalities.pictures import as_brightness
from aigc_tf.nn import replicas
from aigc_tf.nn.optimizers import adam
from aigc_tf.recipes import latent_flow

PREVIEWED = 8


class LatentFlow(EditingFlow):
    """A flow in the latent space of an autoencoder (Rombach et al. 2022, §3.1 and §3.2).

    In place of the paper's small KL penalty, codes are normalised, and noise is added before decoding (Ghosh et al.
    2020 compare such regularisers).

    Args:
        recipe: as for `FlowModel`, and for the autoencoder.
        predictor: as for `FlowModel`, of codes in place of images.
        encoder: images `[batch, height, width, channels]` in [-1, 1] -> codes `[batch, *state_shape]`.
        decoder: codes -> images.
    """

    recipe: latent_flow.LatentFlow

    def __init__(
        self,
        recipe: latent_flow.LatentFlow,
        predictor: keras.Model,
        encoder: keras.Model,
        decoder: keras.Model,
    ) -> None:
        super().__init__(recipe, predictor)
        self.encoder, self.decoder = encoder, decoder
        self.code_weights = encoder.trainable_variables + decoder.trainable_variables
        self.code_adam = adam(recipe.code.optimizer, self.code_weights)
        self.code_seed = keras.random.SeedGenerator(recipe.seed ^ 4, name="code_seed")

    @property
    def optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
        """The optimizers of the flow and of the autoencoder."""
        return super().optimizers | {"code_optimizer": self.code_adam}

    # Training.

    def train_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """Update the autoencoder on `image`, or after the autoencoder's steps the flow on its codes.

        `loss` is that of the updated part.
        """
        if replicas.count() > 1:  # the choice is made in the graph, where replicas cannot synchronise
            raise InputError("a latent_flow trains its autoencoder first, on one device: give --strategy one")
        images, flow_step = batch["image"], super().train_step

        def flow() -> dict[str, tf.Tensor]:
            return flow_step({"image": self.encoder(images, training=False)})

        first = self.code_adam.iterations.value < self.recipe.code.steps
        logs: dict[str, tf.Tensor] = tf.cond(first, lambda: self.learn_codes(images), flow)
        return logs

    def learn_codes(self, images: tf.Tensor) -> dict[str, tf.Tensor]:
        """Update the autoencoder."""
        with tf.GradientTape() as tape:
            codes = self.encoder(images, training=True)
            codes += self.recipe.code.noise * keras.random.normal(ops.shape(codes), seed=self.code_seed)
            loss = ops.mean(ops.abs(self.decoder(codes, training=True) - images))
        return {
            "loss": loss,
            "gradient_norm": self.code_adam.apply(tape.gradient(loss, self.code_weights), self.code_weights),
        }

    def test_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """The loss of the flow on the codes of held-out `image`. Changes nothing."""
        return super().test_step({"image": self.encoder(batch["image"], training=False)})

    # Use.

    def coded(self, images: np.ndarray) -> np.ndarray:
        """Codes `[count, *state_shape]` of images in [-1, 1]."""
        codes: np.ndarray = outputs_of(self.encoder, images.astype(np.float32))
        return codes

    def pictures(self, states: np.ndarray) -> np.ndarray:
        """Images in [0, 1] of codes."""
        return super().pictures(outputs_of(self.decoder, states))

    def reconstruct(self, inputs: np.ndarray) -> np.ndarray:
        """Reconstruct images from their codes: float32 `[count, height, width, channels]` in [0, 1].

        Args:
            inputs: `[count, height, width, channels]`, uint8 or in [0, 1].
        """
        return self.pictures(self.coded(2.0 * as_brightness(np.asarray(inputs)) - 1.0))

    def previews(self, source: Any) -> dict[str, Preview]:
        """Those of all flows, and pictures with their reconstructions."""
        pictures = as_brightness(np.asarray(source.inputs("validation", PREVIEWED)))
        return super().previews(source) | {
            "reconstructions": rows_of(np.stack([pictures, self.reconstruct(pictures)], axis=1))
        }

    def exported_with(self, **options: Any) -> LatentFlowFile:
        """See `FlowModel.exported_with`."""
        return LatentFlowFile(self, self.solving(**options))


@dataclasses.dataclass(frozen=True)
class LatentFlowFile(FlowFile):
    """An exported latent flow: the decoder follows the last evaluation."""

    noisy_meaning: ClassVar[str] = "(1 - time) times standard normal numbers, plus time times a code"
    predicted_meaning: ClassVar[str] = "height, width, channels; the predicted clean code"

    model: LatentFlow

    def picture(self, state: Any) -> Any:
        """The decoder's output."""
        return super().picture(self.model.decoder(state))

    def page(self, source: Any = None) -> list[Panel]:
        """A panel that generates in one call, since intermediate states are codes, not pictures."""
        del source
        return [self.model.drawing_panel("generate")]
