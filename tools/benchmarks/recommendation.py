"""Recommenders, cross-validated over five folds of the users, against popularity, item-kNN and EASE."""

from __future__ import annotations

import dataclasses
import itertools
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import aigc_tf
from aigc_tf.data.ratings.opening import open_source
from aigc_tf.errors import InputError, say
from aigc_tf.recipes.recommendation import FOLDS, RecommendationRecipe
from tools.benchmarks.readings import Results, quiet, report_of
from tools.benchmarks.tables import markdown

FIGURES = ("ndcg_100", "recall_20", "recall_50", "coverage_20", "popularity_20")
ENSEMBLE = "ensemble with EASE"
_ENSEMBLED = FIGURES[:3]


def recommendation(runs: Sequence[Path], seeds: Sequence[int], results: Path) -> list[dict[str, Any]]:
    """Figures on the test users of every fold, for each run's recipe retrained with each seed.

    Args:
        runs: runs of recommenders with `ratings.split` users; their recipes are measured.
        seeds: random seeds of the training.
        results: JSON Lines file of finished results.

    Returns:
        One row per method, fold and seed; the seed of baselines is None.

    Raises:
        InputError: a run is of another model.
    """
    done, rows = Results(results), []
    for path in runs:
        recipe = aigc_tf.Run.open(path).recipe
        if not isinstance(recipe, RecommendationRecipe) or recipe.ratings.split != "users":
            raise InputError(f"{path} is a run of {recipe.slug()}: give runs of recommenders with ratings.split users")
        for fold, seed in itertools.product(range(FOLDS), seeds):
            key = {"run": path.name, "recipe": recipe.slug(), "steps": recipe.steps, "fold": fold, "seed": seed}
            if not done.find(**key):
                say(f"\n{recipe.slug()}, fold {fold}, seed {seed}")
                for row in measured(recipe, fold, seed):
                    done.add(**key, **row)
            rows += done.find(**key)
    return rows


def measured(recipe: RecommendationRecipe, fold: int, seed: int) -> list[dict[str, Any]]:
    """Train a model; one row per method."""
    ratings = dataclasses.replace(recipe.ratings, fold=fold)
    recipe = dataclasses.replace(quiet(recipe), ratings=ratings, seed=seed, seconds=None)
    with tempfile.TemporaryDirectory() as folder:
        run = aigc_tf.train(recipe, Path(folder) / "run")
        report = report_of(run.model, open_source(recipe), recipe, 10**6)
    beside = report["baselines"]
    rows = [{"method": recipe.slug(), **{name: report[name] for name in FIGURES}}]
    rows += [{"method": method, **{name: beside[name][method] for name in FIGURES}} for method in beside["ndcg_100"]]
    if f"ensemble_{_ENSEMBLED[0]}" in report:
        both = {name: report[f"ensemble_{name}"] for name in _ENSEMBLED}
        rows.append({"method": f"{recipe.slug()}, {ENSEMBLE}", **both})
    return rows


def summary(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Mean over folds of the means over seeds, and the standard error over folds, by method."""
    found = []
    for method in dict.fromkeys(row["method"] for row in rows):
        own = [row for row in rows if row["method"] == method]
        line: dict[str, Any] = {"method": method, "seeds": len({row["seed"] for row in own})}
        for name in FIGURES:
            if name not in own[0]:
                continue
            folds = sorted({row["fold"] for row in own})
            means = [float(np.mean([row[name] for row in own if row["fold"] == fold])) for fold in folds]
            line[name] = float(np.mean(means))
            line[f"{name}_error"] = float(np.std(means, ddof=1) / np.sqrt(len(means))) if len(means) > 1 else 0.0
        found.append(line)
    return sorted(found, key=lambda line: -line["ndcg_100"])


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Markdown table, the best first, with the winner."""
    lines = summary(rows)
    head = ["method", "NDCG@100", "Recall@20", "Recall@50", "coverage@20", "popularity@20"]

    def cell(line: dict[str, Any], name: str) -> str | None:
        return f"{line[name]:.4f} ± {line[f'{name}_error']:.4f}" if name in line else None

    body = [[line["method"], *(cell(line, name) for name in FIGURES)] for line in lines]
    note = (
        f"Means over {FOLDS} folds of the users and their standard errors; with {max(line['seeds'] for line in lines)} "
        f"seeds of each model. The highest NDCG@100: {lines[0]['method']}."
    )
    return f"{markdown(head, body)}\n\n{note}"
