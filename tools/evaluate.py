"""Measure the quality of a run.

    python -m tools.evaluate saved_models/dcgan/RUN [--samples 10000] [--json]

Every figure comes with its protocol; the last line of the output with --json is one JSON object.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

from aigc_tf.cli.command import command
from aigc_tf.errors import InputError


def evaluate(
    run: Annotated[Path, tyro.conf.Positional],
    samples: int = 10_000,
    seed: int = 0,
    checkpoint: Literal["last", "best"] = "last",
    features: Literal["auto", "classifier", "rotation", "inception"] = "auto",
    json: bool = False,
) -> None:
    """Measure the quality of a run.

    Args:
        run: The run's folder.
        samples: How many examples are generated.
        seed: Of the samples.
        checkpoint: The last one, or the best seen while training.
        features: Of images, the network whose features are compared. auto: a classifier of the data set, or a network
            that tells rotations apart if there are no labels. inception: ImageNet's Inception v3.
        json: Print one JSON object instead of a table.
    """
    from aigc_tf.runs.reports import to_json
    from aigc_tf.runs.run import Run

    opened = Run.open(run, checkpoint)
    has_features = opened.recipe.examples == "images"
    if not has_features and features != "auto":
        raise InputError(f"--features is {features}: {opened.recipe.slug()} makes no images, leave it out")
    report = opened.evaluate(samples, seed, **({"kind": features} if has_features else {}))
    print(to_json(report) if json else table(report))


def table(report: dict[str, Any]) -> str:
    """Figures, then the protocol, one a line."""
    figures = [f"{key.replace('_', ' '):<34} {value:.4g}" for key, value in report.items() if isinstance(value, float)]
    protocol = [f"  {key.replace('_', ' '):<32} {value}" for key, value in report["protocol"].items()]
    return "\n".join([*figures, "measured with", *protocol])


if __name__ == "__main__":
    command(evaluate)
