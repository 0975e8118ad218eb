"""Model card metadata for model hubs: YAML front matter between two lines of dashes."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from aigc_tf.errors import printable
from aigc_tf.recipes.base import Recipe
from aigc_tf.references import resolve
from aigc_tf.runs import paths
from aigc_tf.runs.folder import read_object
from aigc_tf.runs.reports import read_report


def front_matter(path: Path, recipe: Recipe) -> str:
    """Licence, tags, data set and figures of a run, in the form of `huggingface_hub.ModelCardData`.

    Values are written as JSON, which is valid YAML. The licence is that of the training data; the card has its text.

    Args:
        path: the run's folder.
        recipe: the run's recipe.
    """
    from aigc_tf.families.tasks import tasks_of  # imports TensorFlow

    tasks = [task.__name__ for task in tasks_of(resolve(recipe.model))]
    pipeline = recipe.pipeline_tag
    data = printable(Path(read_object(path / paths.SOURCE, name=str)["name"]).name)
    head: dict[str, Any] = {
        "library_name": "aigc_tf",
        "license": "other",
        "license_name": "licence-of-the-training-data",
        "license_link": f"{paths.CARD}#data",
        "tags": ["aigc_tf", "keras", "tensorflow", "generative", recipe.slug(), *(task.lower() for task in tasks)],
        **({"pipeline_tag": pipeline} if pipeline else {}),
        "model-index": _results(path, recipe, data, pipeline),
    }
    return "\n".join(["---", *(f"{key}: {_yaml(value)}" for key, value in head.items() if value), "---"])


def _yaml(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)  # YAML has no surrogate pairs


def _results(path: Path, recipe: Recipe, data: str, pipeline: str | None) -> list[dict[str, Any]]:
    """The evaluation results in the form of model hubs; empty before the first evaluation."""
    if not (path / paths.EVALUATION).is_file():
        return []
    report = read_report(path)
    figures = {name: value for name, value in report.items() if isinstance(value, float) and math.isfinite(value)}
    metrics = [{"type": name, "value": value, "name": name.replace("_", " ")} for name, value in figures.items()]
    result = {
        "task": {"type": pipeline or "other"},
        "dataset": {"type": data, "name": data, "split": str(report["protocol"].get("part", "test"))},
        "metrics": metrics,
    }
    return [{"name": printable(f"{recipe.slug()} {path.name}"), "results": [result]}] if metrics else []
