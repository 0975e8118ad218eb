"""Semi-supervised image sources: only a few labels are used."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import tensorflow as tf

from aigc_tf.data.classes import few_of_each
from aigc_tf.data.images import labelled
from aigc_tf.data.images.source import ImageSource
from aigc_tf.data.order import Rows, shuffled
from aigc_tf.data.source import Batch
from aigc_tf.recipes.few_labels import FewLabelsRecipe


@dataclasses.dataclass(frozen=True, eq=False, kw_only=True)
class FewLabelsSource(ImageSource):
    """Batches contain unlabelled images, and as many labelled ones."""

    used: np.ndarray
    """int64 `[count]`: the training images whose labels are used."""

    def read(self, rows: Rows, seed: int) -> Batch:
        """`image`, as in every source of images; `known_image`, other images, and their `label`, int32 `[batch]`."""
        positions = rows.position + tf.range(rows.examples.shape[0], dtype=tf.int64)
        places = shuffled(positions, len(self.used), seed ^ 1)
        known = super().read(rows._replace(examples=tf.gather(tf.constant(self.used), places)), seed)
        return {"image": super().read(rows, seed)["image"], "known_image": known["image"], "label": known["label"]}

    def describe(self) -> dict[str, Any]:
        """The description that a run records."""
        return super().describe() | {"training images whose label is used": len(self.used)}


def open_source(recipe: FewLabelsRecipe, data: Any = None) -> FewLabelsSource:
    """Open the images of a recipe with as many labels as it uses; see `aigc_tf.data.images.labelled`.

    Raises:
        InputError: the source or the data is missing, invalid, or does not have labels of two classes.
    """
    source = labelled.open_source(recipe, data)
    labels, per_class = np.asarray(source.train.labels), recipe.labelled.per_class
    used = np.arange(len(labels)) if per_class is None else few_of_each(labels, per_class, recipe.seed)
    note = f"{len(used):,} of {len(labels):,} training images keep their label (labelled.per_class)"
    fields = {field.name: getattr(source, field.name) for field in dataclasses.fields(source)}
    return FewLabelsSource(**fields | {"notes": (*source.notes, note)}, used=used)
