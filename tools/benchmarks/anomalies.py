"""Anomaly detection: trained on one class, tested on all, against PCA and an isolation forest."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from aigc_tf.data.images.opening import ImageSource, open_source
from aigc_tf.errors import InputError, say
from aigc_tf.families.autoencoder.model import Autoencoder as AutoencoderModel
from aigc_tf.metrics.images.anomaly import auroc, isolation_forest_scores, likelihood_scores, pca_scores
from aigc_tf.recipes.autoencoder import Autoencoder
from aigc_tf.recipes.autoencoders import AutoencoderRecipe
from aigc_tf.recipes.conv_vae import ConvVAE
from aigc_tf.recipes.ganomaly import GANomaly
from aigc_tf.recipes.vae import VAE
from tools.benchmarks.readings import Results, watch_recipe
from tools.benchmarks.tables import markdown

VAES: dict[str, type[AutoencoderRecipe]] = {"conv_vae": ConvVAE, "vae": VAE}
BASELINES = ("PCA", "isolation forest")
ASKED = "the best of GANomaly and the evidence lower bound above PCA and the isolation forest"

Score = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Training images of the normal class, and test images -> anomaly scores of the test images."""


def anomalies(source: str, seconds: float, classes: Sequence[int], vae: str, results: Path) -> dict[str, Any]:
    """AUROC of each method and normal class on the whole test split; skips what `results` already has.

    Args:
        source: labelled data source, as for training.
        seconds: training time per network and class.
        classes: indices of the source's class names.
        vae: `conv_vae` or `vae`.
        results: JSON Lines file of finished results.

    Returns:
        For each method the AUROC by class, with mean and standard deviation over the classes; and the margin of the
        best of GANomaly and the VAE over the better baseline.
    """
    opened = open_source(ConvVAE(source=source))
    names = class_names(opened, classes)
    done = Results(results)
    methods: dict[str, Score] = {"PCA": pca_scores, "isolation forest": isolation_forest_scores}
    methods |= {recipe.__name__: trained(recipe(), seconds) for recipe in (Autoencoder, GANomaly, VAES[vae])}
    found: dict[str, dict[str, float]] = {method: {} for method in methods}
    for method, score in methods.items():
        for position, name in zip(classes, names, strict=True):
            key: dict[str, Any] = {"method": method, "class": name, "source": source}
            if method not in BASELINES:
                key["seconds"] = seconds
            if not done.find(**key):
                say(f"\n{method}, {name}")
                done.add(**key, auroc=measured(score, opened, position))
            found[method][name] = done.find(**key)[0]["auroc"]
    rows: dict[str, dict[str, Any]] = {
        method: {"auroc": by_class, **spread(by_class.values())} for method, by_class in found.items()
    }
    best, best_baseline = (
        max(rows[method]["mean"] for method in chosen)
        for chosen in ((GANomaly.__name__, VAES[vae].__name__), BASELINES)
    )
    return {
        "source": source,
        "seconds": seconds,
        "methods": rows,
        "asked": ASKED,
        "above_better_baseline": best - best_baseline,
    }


def class_names(source: ImageSource, classes: Sequence[int]) -> list[str]:
    """Class names by index.

    Raises:
        InputError: the source has no labels, or an index is out of range.
    """
    if source.class_names is None:
        raise InputError(f"{source.name} has no labels: name a source with classes")
    last = len(source.class_names) - 1
    wrong = [position for position in classes if not 0 <= position <= last]
    if wrong or not classes:
        raise InputError(f"classes are {list(classes)}: choose some from 0 to {last}")
    return [source.class_names[position] for position in classes]


def measured(score: Score, source: ImageSource, position: int) -> float:
    """AUROC of one method; the class at `position` is the normal one."""
    scores = score(source.train.images[source.train.labels == position], source.test.images)
    normal = source.test.labels == position
    return auroc(scores[normal], scores[~normal])


def trained(recipe: AutoencoderRecipe, seconds: float) -> Score:
    """A score that trains the recipe on the normal class, with one seed."""

    def score(train: np.ndarray, images: np.ndarray) -> np.ndarray:
        models: list[AutoencoderModel] = []
        watch_recipe(recipe, [seconds], lambda model: lambda mark, steps: models.append(model), data=train)
        return likelihood_scores(models[0], images)

    return score


def spread(values: Collection[float]) -> dict[str, float]:
    """Mean and standard deviation over classes."""
    return {"mean": statistics.mean(values), "standard_deviation": statistics.pstdev(values)}


def table(report: dict[str, Any]) -> str:
    """One row per class, one column per method; then the requested and the achieved margin."""
    methods = report["methods"]
    names = next(iter(methods.values()))["auroc"]
    rows = [[name, *(f"{row['auroc'][name]:.3f}" for row in methods.values())] for name in names]
    for figure in ("mean", "standard_deviation"):
        rows.append([figure.replace("_", " "), *(f"{row[figure]:.3f}" for row in methods.values())])
    asked = f"asked: {report['asked']}; reached: {report['above_better_baseline']:+.3f}"
    return f"{markdown(['normal class', *methods], rows)}\n\n{asked}"
