"""The base class of models that decode a latent vector."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from aigc_tf.families.base import GenerativeModel
from aigc_tf.families.pages import Panel
from aigc_tf.families.state import weights_hash
from aigc_tf.families.tasks import Decodes
from aigc_tf.modalities.pictures import Pictures
from aigc_tf.nn import replicas

GENERATION_BATCH = 500

# The EMA horizon is at most this share of the images seen so far, so that the initial weights are forgotten in short
# runs, too (the ramp-up of Karras et al. 2022, "EDM", table 7).
AVERAGE_SHARE_OF_IMAGES_SEEN = 0.1


class LatentModel(Decodes, GenerativeModel):
    """A model that decodes latent vectors `[count, latent_dim]` to images."""

    recipe: Any
    """Shape of the images, unless `gives` says otherwise."""

    @property
    def gives(self) -> Any:
        """Pictures of the recipe's size."""
        return Pictures(self.recipe.images)

    def export_metadata(self) -> dict[str, Any]:
        """The prior, unless it is standard normal."""
        prior = self.prior()
        return (
            {}
            if prior is None
            else {"prior": dict(zip(("mean", "factor"), map(np.ndarray.tolist, prior), strict=True))}
        )

    def page(self, source: Any = None) -> list[Panel]:
        """A panel that generates."""
        del source
        return [self.drawing_panel("generate")]

    def drawing_panel(self, signature: str) -> Panel:
        """A page's panel that generates with a signature from `latent` to a picture."""
        facts = {"prior": None, "weights": weights_hash(self)} | LatentModel.export_metadata(self)
        return Panel("draw", signature, facts, moved="latent")

    def generate(self, count: int, seed: int = 0, condition: Any = None, truncation: float | None = None) -> np.ndarray:
        """New images: float32 `[count, height, width, channels]` in [0, 1]; the same for the same arguments.

        Args:
            count: number of images.
            seed: of the latents.
            condition: one for all images, or one for each; None spreads them over all conditions.
            truncation: of the latents; see `aigc_tf.families.latent_space.standard_normal`.
        """
        return self.decode(self.latents(count, seed, truncation), condition)

    def generate_batches(
        self, count: int, seed: int = 0, condition: Any = None, **options: Any
    ) -> Iterator[np.ndarray]:
        """`generate` in batches `[batch, height, width, channels]`, for more images than fit in memory."""
        conditions, start = self.conditions(condition, count), 0
        for latents in self.latent_batches(count, seed, **options):
            yield self.decode(latents, None if conditions is None else conditions[start : start + len(latents)])
            start += len(latents)


def outputs_of(network: keras.Model, *inputs: np.ndarray) -> Any:
    """Run a network on arrays `[count, ...]`, batch by batch: arrays `[count, ...]`, nested like its outputs.

    Keras's `predict` creates a new input pipeline at each call and leaks ten kilobytes of each: previews and
    evaluations added up to a megabyte in a thousand steps.
    """
    starts = range(0, len(inputs[0]), GENERATION_BATCH)
    chunks = ([array[start : start + GENERATION_BATCH] for array in inputs] for start in starts)
    batches = [network.predict_on_batch(chunk if len(chunk) > 1 else chunk[0]) for chunk in chunks]
    return keras.tree.map_structure(lambda *parts: np.concatenate(parts), *batches)


def averaged(network: keras.Model, longest_horizon: int | None) -> keras.Model:
    """The EMA copy of a network, not trained itself; the network itself without an EMA.

    Args:
        network: to average.
        longest_horizon: as for `update_average`; None for no EMA.
    """
    if longest_horizon is None:
        return network
    copy = keras.models.clone_model(network)
    copy.set_weights(network.get_weights())
    copy.trainable = False
    return copy


def update_average(
    average: keras.Model, network: keras.Model, batch: tf.Tensor, steps: tf.Tensor, longest_horizon: int | None
) -> None:
    """Update the EMA copy from `averaged`, weights and batch-norm statistics alike.

    Statistics of single batches fluctuate; averaged over the same horizon as the weights, they match them.

    Args:
        average: the copy; nothing is done if it is the network itself.
        network: what it averages.
        batch: images per step.
        steps: so far, including this one.
        longest_horizon: of the EMA, in images; None for no EMA.
    """
    if longest_horizon is None:
        return
    keep = share_kept(batch, steps, longest_horizon)
    for averaged, current in zip(average.weights, network.weights, strict=True):  # not the states of random generators
        averaged.assign(current + keep * (averaged - current))


def share_kept(batch: tf.Tensor, steps: tf.Tensor, longest_horizon: int) -> tf.Tensor:
    """The EMA decay of a step: exp(-images / horizon), with `batch` images in each replica."""
    images = replicas.count() * ops.cast(batch, "float32")
    seen = images * ops.cast(steps, "float32")
    return ops.exp(-images / ops.minimum(float(longest_horizon), AVERAGE_SHARE_OF_IMAGES_SEEN * seen))
