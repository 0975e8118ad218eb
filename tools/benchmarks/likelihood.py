"""Likelihood bounds of a trained variational autoencoder on test images, as papers measure them."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Literal

import numpy as np

from aigc_tf.errors import InputError, say
from aigc_tf.families.autoencoder.vae import VAE
from aigc_tf.metrics.likelihood import STATIC_SEED, binarised, bits_per_dimension, lower_bounds
from aigc_tf.modalities.pictures import as_brightness
from aigc_tf.recipes.autoencoders import VariationalRecipe
from aigc_tf.runs.run import Run

Binarise = Literal["none", "static", "dynamic"]

SAMPLES = 100  # importance samples on all test images
MANY_SAMPLES, MANY_SAMPLES_IMAGES = 5000, 1000


def likelihood(path: Path, binarise: Binarise | None, seed: int) -> dict[str, Any]:
    """Bounds with 1 and 100 samples on all test images, and with 5,000 on the first 1,000, with standard errors.

    Args:
        path: run folder.
        binarise: "none" measures grey values, "static" one fixed Bernoulli sample of each pixel, "dynamic" a sample
            that depends on the seed; None: as the run was trained.
        seed: random seed of the noise, and of dynamic binarisation.

    Raises:
        InputError: the run is not a variational autoencoder, or its likelihood is not Bernoulli.
    """
    run = Run.open(path)
    recipe, model = run.recipe, run.model
    if not isinstance(recipe, VariationalRecipe) or not isinstance(model, VAE):
        raise InputError(f"{path} is a run of {recipe.slug()}: only variational autoencoders have a likelihood bound")
    binarise = binarise or ("static" if recipe.binarise else "none")
    if binarise != "none" and recipe.likelihood.kind != "bernoulli":
        raise InputError(f"binarise is {binarise}, and the run's likelihood {recipe.likelihood.kind}: choose none")
    images = as_brightness(run.source.test.images)
    if binarise != "none":
        images = binarised(images, STATIC_SEED if binarise == "static" else STATIC_SEED + 1 + seed)
    say(f"{SAMPLES} samples of {len(images):,} images")
    some = lower_bounds(model, images, SAMPLES, seed)
    first = images[:MANY_SAMPLES_IMAGES]
    say(f"{MANY_SAMPLES:,} samples of {len(first):,} images")
    many = lower_bounds(model, first, MANY_SAMPLES, seed)
    return {
        "run": str(path),
        "step": run.step,
        "binarisation": binarise,
        "seed": seed,
        # The one-sample bound, averaged over a hundred samples: the same expectation with less noise.
        "samples 1": summary(some.evidence_lower_bound, model),
        f"samples {SAMPLES}": summary(some.importance_weighted, model),
        f"samples {SAMPLES}, first {len(first)} images": summary(some.importance_weighted[: len(first)], model),
        f"samples {MANY_SAMPLES}, first {len(first)} images": summary(many.importance_weighted, model),
    }


def summary(bounds: np.ndarray, model: VAE) -> dict[str, float]:
    """Mean over images with standard error, in nats and in bits."""
    mean = float(bounds.mean(dtype=np.float64))
    return {
        "nats_per_image": mean,
        "standard_error": float(bounds.std(ddof=1)) / math.sqrt(len(bounds)),
        "bits_per_dimension": bits_per_dimension(mean, model),
        "images": len(bounds),
    }
