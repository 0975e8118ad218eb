"""All file names in a run's folder, and where run folders are created."""

from __future__ import annotations

from pathlib import Path

RUNS_FOLDER = Path("saved_models")
"""Where runs are created by default, in a folder for each recipe."""

RECIPE = "recipe.json"
SOURCE = "source.json"
ENVIRONMENT = "environment.json"
METRICS = "metrics.jsonl"
EVALUATION = "evaluation.json"
CARD = "README.md"
CHECKPOINTS = "checkpoints"
BEST = "best.json"
"""In the checkpoints folder: records the best one."""
SAMPLES = "samples"
EXPORTS = "exports"
EXPORT_REPORT = "export.json"
"""In the folder of each export."""
EVENTS = "tensorboard"
PREVIEW_EVENTS = "events.out.tfevents.0-{step:08d}.v2"
"""In the same folder: an event file for each step with previews, since a part of a file cannot be removed. They sort
before the others by name: some readers of TensorBoard read files in this order, and only follow the last one."""
EXPLANATION_EVENTS = "tensorboard/explanation"
"""The output of `tools.explain --tensorboard`, which TensorBoard lists as a separate run."""
OLD_PREVIEW_EVENTS = "tensorboard/previews"
"""Where earlier versions put previews."""


def asset_file(name: str) -> str:
    """The file name of an asset."""
    return f"{name}.json"
