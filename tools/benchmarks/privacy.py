"""The cost of differential privacy: the private recipes at several ε, against the same training without privacy."""

from __future__ import annotations

import dataclasses
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aigc_tf.errors import InputError, say
from aigc_tf.recipes.images import ImageRecipe
from aigc_tf.recipes.private import Private
from aigc_tf.recipes.registry import recipe_classes
from aigc_tf.runs import paths
from tools.benchmarks.tables import markdown

FIGURES = ("frechet_distance", "precision", "recall", "bits_per_character")


def private_recipes() -> dict[str, Any]:
    """Every private recipe by its short name."""
    return {name: recipe for name, recipe in recipe_classes().items() if issubclass(recipe, Private)}


def privacy(
    epsilons: Sequence[float], names: Sequence[str], seed: int, samples: int, source: str, results: Path
) -> list[dict[str, Any]]:
    """Train each recipe at each ε and without privacy; one row each. Skips what `results` already has.

    Args:
        epsilons: target values of ε.
        names: short names of recipes; empty: all image recipes.
        seed: random seed of the training.
        samples: number of samples per measurement.
        source: data to train on.
        results: JSON Lines file of finished results; a repeated call continues from it.

    Raises:
        InputError: there is no such recipe.
    """
    from tools.benchmarks.readings import Results

    known = private_recipes()
    for name in names:
        if name not in known:
            raise InputError(f"there is no private recipe {name}: choose of {', '.join(known)}")
    done = Results(results)
    rows = []
    for name in names or [name for name, recipe in known.items() if issubclass(recipe, ImageRecipe)]:
        for epsilon in (*sorted(epsilons), None):
            keys = {"recipe": name, "asked_epsilon": epsilon, "seed": seed, "source": source, "samples": samples}
            if not any(row["asked_epsilon"] == epsilon for row in done.find(**keys)):
                done.add(**keys, **measure(name, epsilon, seed, samples, source))
            rows += [row for row in done.find(**keys) if row["asked_epsilon"] == epsilon]
    return rows


def measure(name: str, epsilon: float | None, seed: int, samples: int, source: str) -> dict[str, Any]:
    """Train one recipe at one ε to its last step, and evaluate it."""
    import aigc_tf
    from tools.benchmarks.readings import quiet, report_of

    recipe = private_recipes()[name](source=source, seed=seed)
    recipe = quiet(recipe, privacy=dataclasses.replace(recipe.privacy, epsilon=epsilon))
    with tempfile.TemporaryDirectory() as folder:
        run = aigc_tf.train(recipe, Path(folder) / "run")
        logged = (run.path / paths.METRICS).read_text().splitlines()
    report = report_of(run.model, run.source, recipe, samples)
    guarantee = run.model.guarantee
    figures = {figure: report[figure] for figure in FIGURES if figure in report}
    say(f"\n{name}, ε {epsilon}: {figures}")
    return {
        **guarantee.facts(run.step),
        "noise_multiplier": guarantee.noise_multiplier,
        "steps": recipe.steps,
        "expected_batch": guarantee.expected_batch,
        "updates": recipe.steps * guarantee.updates_per_step,
        "seconds": round(json.loads(logged[-1])["seconds"]),
        **figures,
    }


def table(rows: Sequence[dict[str, Any]]) -> str:
    """The rows as a Markdown table."""
    figures = [figure for figure in FIGURES if any(figure in row for row in rows)]
    columns = ("recipe", "asked_epsilon", "delta", "noise_multiplier", "expected_batch", "updates", "seconds", *figures)
    cells = [[row.get(column) for column in columns] for row in rows]
    for line in cells:
        line[1] = "none" if line[1] is None else line[1]
    return markdown(["recipe", "ε", *(column.replace("_", " ") for column in columns[2:])], cells)
