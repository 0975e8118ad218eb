"""The picture panel of an autoencoder's web page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from aigc_tf.families.pages import Panel

if TYPE_CHECKING:
    from aigc_tf.families.autoencoder.model import Autoencoder

EXAMPLES, SCORED = 8, 500


def reconstructing_panel(model: Autoencoder, source: Any) -> Panel:
    """A panel with the reconstruction of a picture and its anomaly score relative to ordinary ones.

    Its examples are held-out pictures of public data sets only: the page may be published, while a user's folder of
    pictures may be private.
    """
    examples = source.inputs("test", EXAMPLES) if source is not None and source.dataset else None
    ordinary = model.score(model.example_images(source, SCORED, seed=0))
    quantiles = np.quantile(ordinary, np.linspace(0, 1, 101)).tolist()
    facts = {"noise": model.recipe.corruption.gaussian, "score": "score", "quantiles": quantiles}
    return Panel("transform", "reconstruct", facts, examples=examples)
