"""Reconstruction quality of a latent flow's codes, an upper bound for the pictures it draws."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from aigc_tf.errors import InputError
from aigc_tf.families.flow.latent import LatentFlow
from aigc_tf.metrics.evaluator import Evaluator, Figure, Measurement, Request
from aigc_tf.metrics.images.image_quality import psnr
from aigc_tf.modalities.pictures import as_brightness
from aigc_tf.recipes import latent_flow

if TYPE_CHECKING:
    from aigc_tf.data.images.source import ImageSource

IMAGES = 1000
SQUARES = "mean colours of squares, as many as the code has positions"


class KeptByCodes(Evaluator):
    """Similarity of held-out images to the decoded images of their codes.

    Figures:

    - code_psnr_db, higher is better: of at most 1,000 images, compared with images averaged over squares as large as a
      position of the code.
    """

    def measure(
        self, model: LatentFlow, source: ImageSource, recipe: latent_flow.LatentFlow, request: Request
    ) -> Measurement:
        """See `Evaluator.measure`.

        Raises:
            InputError: the part has no images.
        """
        images = as_brightness(np.asarray(source.part(request.part).some(min(request.samples, IMAGES)).images))
        if not len(images):
            raise InputError(f"{source.name} has no {request.part} images: nothing can be measured")
        quality = float(psnr(model.reconstruct(images), images).mean())
        beside = float(psnr(squares(images, *recipe.state_shape[:2]), images).mean())
        return Measurement(
            {"code_psnr_db": Figure(quality, "higher", {SQUARES: beside})}, {"coded images": len(images)}
        )


def squares(images: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Images `[count, height, width, channels]` averaged over a grid of `rows` by `columns` squares."""
    count, height, width, channels = images.shape
    cut = images.reshape(count, rows, height // rows, columns, width // columns, channels)
    return np.broadcast_to(cut.mean(axis=(2, 4), keepdims=True), cut.shape).reshape(images.shape)
