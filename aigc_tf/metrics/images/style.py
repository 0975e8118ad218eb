"""How near styled photographs are to the style and to themselves, beside 200 steps of optimisation."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from aigc_tf.errors import InputError
from aigc_tf.metrics.evaluator import Evaluator, Figure, Measurement, Picture, Request
from aigc_tf.modalities.drawing import rows_of

if TYPE_CHECKING:
    from aigc_tf.data.photos.source import PhotoSource
    from aigc_tf.families.style.model import StyleTransfer

MAX_CROPS = 16
STEPS, RATE = 200, 0.02
MODEL, COPY, OPTIMISED = "model", "the photograph", f"{STEPS} steps of optimisation for each picture"


class Styled(Evaluator):
    """Distances of styled crops of the part, in the features that the recipe names.

    Figures, beside the photograph as it is, and beside pictures that are optimised one by one (Gatys et al. 2016), with
    Adam from the photograph on:

    - loss: style and content distance with the recipe's weights, lower is better; variation, which the model learns to
      keep low, too, is left out for all; style_distance and content_distance: its parts;
    - seconds: for a crop, processor time; the optimisation's include tracing its step once.
    """

    def measure(self, model: StyleTransfer, source: PhotoSource, recipe: Any, request: Request) -> Measurement:
        """See `Evaluator.measure`.

        Raises:
            InputError: the part has no photographs.
        """
        if not len(source.part(request.part)):
            raise InputError(f"{source.name} has no {request.part} photographs: give more, or --photos.test FOLDER")
        photos = source.unit_crops(request.part, min(request.samples, MAX_CROPS))
        made: dict[str, np.ndarray] = {COPY: photos}
        seconds = {COPY: 0.0}
        ways = {
            MODEL: lambda: np.asarray(model.used(photos, training=False)),
            OPTIMISED: lambda: optimised(model, photos),
        }
        model.used(photos, training=False)  # what is only done once is not timed
        for name, make in ways.items():
            start = time.process_time()
            made[name] = make()
            seconds[name] = (time.process_time() - start) / len(photos)
        found: dict[str, dict[str, float]] = {"loss": {}, "style_distance": {}, "content_distance": {}}
        for name, pictures in made.items():
            style, content = (float(np.mean(part)) for part in model.distances(pictures, photos))
            found["loss"][name] = recipe.style_weight * style + recipe.content_weight * content
            found["style_distance"][name], found["content_distance"][name] = style, content
        figures = {name: Figure(values.pop(MODEL), "lower", values) for name, values in found.items()}
        figures["seconds"] = Figure(seconds.pop(MODEL), "lower", seconds)
        rows = np.stack([photos[:4], made[MODEL][:4], made[OPTIMISED][:4]], axis=1)
        protocol = {
            "crops": f"{len(photos)} of {recipe.photos.crop} pixels of the {request.part} part "
            f"({source.split_in_words(request.part)}), evenly spread",
            "features": recipe.features,
            "optimisation": f"Adam, rate {RATE}, {STEPS} steps, all crops together",
        }
        caption = "In rows: photograph, styled by the network, by optimisation."
        return Measurement(figures, protocol, {"styled": Picture(rows_of(rows), caption)})


def optimised(model: StyleTransfer, photos: np.ndarray) -> np.ndarray:
    """Pictures that minimise the loss themselves, begun as the photographs: float32 in [0, 1]."""
    pictures = tf.Variable(photos)
    optimizer = keras.optimizers.Adam(RATE)
    optimizer.build([pictures])
    recipe = model.recipe

    @tf.function
    def step() -> None:
        with tf.GradientTape() as tape:
            style, content = model.distances(pictures, tf.constant(photos))
            loss = tf.reduce_sum(recipe.style_weight * style + recipe.content_weight * content)
        optimizer.apply([tape.gradient(loss, pictures)], [pictures])
        pictures.assign(tf.clip_by_value(pictures, 0.0, 1.0))

    for _ in range(STEPS):
        step()
    return pictures.numpy()
