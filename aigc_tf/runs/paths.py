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
PREVIEW_EVENTS = "events.out.tfevents.0-{step:08d}.v2"
"""In the same folder: an event file for each step with previews, since a part of a file cannot be removed. By their
names they come before the others: some readers of TensorBoard read files in this order, and only the last one on."""
EXPLANATION_EVENTS = "tensorboard/explanation"
"""What `tools.explain --tensorboard` wrote last: TensorBoard lists it as a run of its own."""
OLD_PREVIEW_EVENTS = "tensorboard/previews"
"""Where earlier versions put them."""


def asset_file(name: str) -> str:
    """The file of an asset."""
    return f"{name}.json"
