"""Export a run as verified files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import tyro

from aigc_tf.cli.command import command


def export(
    run: Annotated[Path, tyro.conf.Positional],
    format: Literal["tflite", "saved_model", "web"] = "tflite",
    quantize: Literal["none", "float16", "dynamic", "int8"] = "none",
    batch: int = 1,
    out: Path | None = None,
    checkpoint: Literal["last", "best"] = "last",
    json: bool = False,
) -> None:
    """Export a run as verified files.

    Args:
        run: The run's folder.
        format: LiteRT for phones, TensorFlow's SavedModel alone, or a page that draws in a browser.
        quantize: none, float16, dynamic (8-bit weights) or int8 (8-bit arithmetic throughout).
        batch: Batch size of one call; fixed in the file.
        out: Output folder; one in the run's exports if not given.
        checkpoint: The last checkpoint, or the best one seen while training.
        json: Print the report as one JSON object.
    """
    from aigc_tf.runs.reports import to_json
    from aigc_tf.runs.run import Run

    exported = Run.open(run, checkpoint).export(format=format, quantize=quantize, batch=batch, out=out)
    print(to_json(exported.report) if json else exported.path)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    command(export, arguments)
