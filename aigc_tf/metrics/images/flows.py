"""Evaluation of the likelihood of a flow of pictures."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from aigc_tf.errors import InputError
from aigc_tf.families.flow.likelihood import bits_per_dimension
from aigc_tf.families.flow.unconditional import LIKELIHOOD_STEPS, Flow
from aigc_tf.metrics.evaluator import Evaluator, Figure, Measurement, Request
from aigc_tf.recipes.flow import Flow as FlowRecipe

if TYPE_CHECKING:
    from aigc_tf.data.images.source import ImageSource

IMAGES, FITTED_IMAGES = 500, 5000
GAUSSIAN = "independent Gaussian of each pixel"
LEVEL_VARIANCE = (2 / 255) ** 2 / 12
"""Width of the uniform dequantisation noise, with brightness in [-1, 1]."""


class BitsPerDimension(Evaluator):
    """Bits per dimension of held-out images under the flow's density.

    Figures:

    - bits_per_dimension, lower is better: of at most 500 images, dequantised by uniform noise, on the scale of
      `aigc_tf.metrics.images.autoencoders.Likelihood`; compared with independent Gaussians fitted to the training
      pixels. The trace of the Jacobian is estimated by one random vector, the same for all images.
    """

    def measure(self, model: Flow, source: ImageSource, recipe: FlowRecipe, request: Request) -> Measurement:
        """See `Evaluator.measure`.

        Raises:
            InputError: the part has no images.
        """
        images = np.asarray(source.part(request.part).some(min(request.samples, IMAGES)).images)
        if not len(images):
            raise InputError(f"{source.name} has no {request.part} images: nothing can be measured")
        bits = bits_per_dimension(model.log_densities(images, request.seed), model.latent_dim)
        fitted = np.asarray(source.train.some(FITTED_IMAGES).images)
        figure = Figure(float(bits.mean()), "lower", {GAUSSIAN: gaussian_bits(fitted, images)})
        protocol = {
            "likelihood images": len(images),
            "likelihood solver": f"Heun, {LIKELIHOOD_STEPS} steps, one random vector for the trace",
            "dequantisation": "uniform over a grey level",
        }
        return Measurement({"bits_per_dimension": figure}, protocol)


def gaussian_bits(fitted: np.ndarray, images: np.ndarray) -> float:
    """Bits per dimension of images under independent Gaussians fitted to other pixels, uint8 `[count, ...]` both."""
    known, asked = (2.0 * part.reshape(len(part), -1).astype(np.float64) / 255 - 1.0 for part in (fitted, images))
    mean, variance = known.mean(axis=0), known.var(axis=0) + LEVEL_VARIANCE
    squared = (asked - mean) ** 2 + LEVEL_VARIANCE
    nats = -0.5 * (squared / variance + np.log(2 * math.pi * variance)).sum(axis=1)
    return float(bits_per_dimension(nats, asked.shape[1]).mean())
