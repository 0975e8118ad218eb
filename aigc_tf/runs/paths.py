"""Every name that a run's folder uses, once."""

from __future__ import annotations

RECIPE = "recipe.json"
SOURCE = "source.json"
ENVIRONMENT = "environment.json"
METRICS = "metrics.jsonl"
EVALUATION = "evaluation.json"
CARD = "README.md"
CHECKPOINTS = "checkpoints"
SAMPLES = "samples"
EXPORTS = "exports"
EVENTS = "tensorboard"
PREVIEW_EVENTS = "tensorboard/previews"
"""TensorBoard shows it as a run of its own. One event file a step can be removed; a part of a file cannot."""


def asset_file(name: str) -> str:
    """The file of an asset."""
    return f"{name}.json"
