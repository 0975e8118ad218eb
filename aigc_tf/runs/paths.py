"""Every name that a run's folder uses, once, and where run folders lie."""

from __future__ import annotations

from pathlib import Path

RUNS_FOLDER = Path("saved_models")
"""Where a run's folder is made if no other place is named, in a folder for each recipe."""

RECIPE = "recipe.json"
SOURCE = "source.json"
ENVIRONMENT = "environment.json"
METRICS = "metrics.jsonl"
EVALUATION = "evaluation.json"
CARD = "README.md"
CHECKPOINTS = "checkpoints"
BEST = "best.json"
"""In the folder of the checkpoints: which one is the best."""
SAMPLES = "samples"
EXPORTS = "exports"
EXPORT_REPORT = "export.json"
"""In the folder of each export."""
EVENTS = "tensorboard"
PREVIEW_EVENTS = "tensorboard/previews"
"""TensorBoard shows it as a run of its own. One event file a step can be removed; a part of a file cannot."""


def asset_file(name: str) -> str:
    """The file of an asset."""
    return f"{name}.json"
