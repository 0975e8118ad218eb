"""Style and content distances of stylised photographs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from aigc_tf.errors import InputError
from aigc_tf.metrics.evaluator import Evaluator, Figure, Measurement, Picture, Request
from aigc_tf.modalities.drawing import rows_of

if TYPE_CHECKING:
    from aigc_tf.data.photos.source import PhotoSource
    from aigc_tf.families.style.model import Stylist

MAX_CROPS = 16
SHOWN = 4
MODEL, COPY = "model", "the photograph"


class Styled(Evaluator):
    """Distances of stylised crops of the part, in the recipe's features, compared with the original crops.

    Figures, lower is better: style_distance; content_distance, which is 0 for the crops themselves; and loss, their sum
    with the recipe's weights. The total variation term of training is left out. `python -m tools.benchmark style`
    compares with pictures that are optimised one by one.
    """

    def measure(self, model: Stylist, source: PhotoSource, recipe: Any, request: Request) -> Measurement:
        """See `Evaluator.measure`.

        Raises:
            InputError: the part has no photographs, or no style pictures.
        """
        if not len(source.part(request.part)):
            raise InputError(f"{source.name} has no {request.part} photographs: give more, or --photos.test FOLDER")
        photos = source.unit_crops(request.part, min(request.samples, MAX_CROPS))
        inputs = model.inputs_for(photos, source, request.part)
        made = {MODEL: np.asarray(model.called(model.used, inputs, training=False)), COPY: photos}
        found = {name: distances(model, pictures, inputs) for name, pictures in made.items()}
        figures = {
            measure: Figure(found[MODEL][measure], "lower", {COPY: found[COPY][measure]}) for measure in found[MODEL]
        }
        protocol = {
            "crops": f"{len(photos)} of {recipe.photos.crop} pixels of the {request.part} part "
            f"({source.split_in_words(request.part)}), evenly spread",
            "features": recipe.features,
        }
        rows = np.stack([photos[:SHOWN], made[MODEL][:SHOWN]], axis=1)
        return Measurement(figures, protocol, {"styled": Picture(rows_of(rows), "In rows: photograph, styled.")})


def distances(model: Stylist, pictures: np.ndarray, inputs: dict[str, np.ndarray]) -> dict[str, float]:
    """Mean distances of pictures `[count, height, width, channels]` in [0, 1] produced from the network's inputs."""
    style, content = model.distances(tf.constant(pictures), inputs)
    means = (float(np.mean(part)) for part in (model.weighted(style, content), style, content))
    return dict(zip(("loss", "style_distance", "content_distance"), means, strict=True))
