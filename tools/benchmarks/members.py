"""Membership inference on the training images of a VAE, with and without differential privacy."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import aigc_tf
from aigc_tf.data.images.opening import open_source
from aigc_tf.errors import say
from aigc_tf.recipes.dp_vae import DPVAE
from aigc_tf.recipes.images import ImageRecipe
from aigc_tf.recipes.vae import VAE
from aigc_tf.trust.membership import membership
from tools.benchmarks.readings import Results, quiet
from tools.benchmarks.tables import markdown

BATCH, SAMPLES = 100, 5000
COLUMNS = ("recipe", "asked_epsilon", "nearest sample", "loss", "error", "at most", "loss of members", "loss of others")


class Parts(NamedTuple):
    """The data of `membership`: training pictures (members) and others."""

    train: np.ndarray
    test: np.ndarray
    name: str = "pictures"

    def inputs(self, part: str, count: int) -> np.ndarray:
        """The first `count` pictures of a part."""
        found: np.ndarray = getattr(self, part)[:count]
        return found


def members(
    source: str, epsilons: Sequence[float], images: int, steps: int, seed: int, results: Path
) -> list[dict[str, Any]]:
    """One row for an ordinary VAE, one for the private recipe without ε (no clipping, no noise), and one per ε.

    Args:
        source: image source.
        epsilons: target values of ε.
        images: number of images of the training part; about nine tenths are trained on. As many of the test part are
            the non-members.
        steps: training steps.
        seed: random seed of training and samples.
        results: JSON Lines file of finished results; a repeated call continues from it.
    """
    done, rows = Results(results), []
    for kind, epsilon in (
        ("vae", None),
        ("dp_vae", None),
        *(("dp_vae", one) for one in sorted(epsilons, reverse=True)),
    ):
        keys = {"recipe": kind, "images": images, "steps": steps, "seed": seed, "source": source}
        if not any(row["asked_epsilon"] == epsilon for row in done.find(**keys)):
            done.add(
                **keys, asked_epsilon=epsilon, **measure(recipe_of(kind, epsilon, images, steps, seed, source), images)
            )
        rows += [row for row in done.find(**keys) if row["asked_epsilon"] == epsilon]
    return rows


def recipe_of(kind: str, epsilon: float | None, images: int, steps: int, seed: int, source: str) -> ImageRecipe:
    """A VAE, private or not, with the same layers."""
    settings: dict[str, Any] = {"source": source, "seed": seed, "steps": steps, "batch_size": BATCH}
    private = DPVAE(**settings)
    if kind == "vae":
        return quiet(VAE(**settings, hidden_units=private.hidden_units))
    return quiet(private, privacy=dataclasses.replace(private.privacy, epsilon=epsilon, delta=delta_of(images)))


def delta_of(images: int) -> float:
    """δ, less than 1 / images."""
    return float(images**-1.1)


def measure(recipe: ImageRecipe, images: int) -> dict[str, Any]:
    """Train on few images and attack: AUC of each attack, its bound by ε, and mean loss of members and others."""
    whole = open_source(recipe)
    few, others = (np.asarray(part.images[:images]) for part in (whole.train, whole.test))
    with tempfile.TemporaryDirectory() as folder:
        run = aigc_tf.train(recipe, Path(folder) / "run", data=few)
        learnt = np.asarray(run.source.train.images)
    parts = Parts(learnt, others[: len(learnt)])
    found = membership(run.model, parts, images, SAMPLES, recipe.seed)
    epsilon = recipe.privacy.epsilon if isinstance(recipe, DPVAE) else None
    row = {
        **found.auc,
        "error": found.error,
        "members": found.members,
        "at most": None if epsilon is None else largest_auc(epsilon, delta_of(images)),
        "loss of members": float(run.model.score(parts.train).mean()),
        "loss of others": float(run.model.score(parts.test).mean()),
    }
    say(f"\n{recipe.slug()}: {row}")
    return row


def largest_auc(epsilon: float, delta: float) -> float:
    """Upper bound on the AUC of attacks under (ε, δ)-DP (Wasserman & Zhou 2010; Dong et al. 2022, eq. 5).

    At a false alarm rate α the miss rate is at least max(0, 1 - δ - e^ε α, e^-ε (1 - δ - α)).
    """
    alarms = np.linspace(0, 1, 1_000_001)
    misses = np.maximum(0, np.maximum(1 - delta - np.exp(epsilon) * alarms, np.exp(-epsilon) * (1 - delta - alarms)))
    return float(1 - np.trapezoid(misses, alarms))


def table(rows: Sequence[dict[str, Any]]) -> str:
    """The rows as a Markdown table."""
    cells = [[row.get(column) for column in COLUMNS] for row in rows]
    for line in cells:
        line[1] = "none" if line[1] is None else line[1]
    return markdown(["recipe", "ε", *COLUMNS[2:]], cells)
