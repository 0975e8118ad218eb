"""Export a run as verified files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

from aigc_tf.cli.checks import require_place
from aigc_tf.cli.options import chosen_options, run_command


def export(
    run: Annotated[Path, tyro.conf.Positional],
    format: Literal["tflite", "saved_model", "web"] = "tflite",
    quantize: Literal["none", "float16", "dynamic", "int8"] = "none",
    batch: int = 1,
    out: Path | None = None,
    tile: int | None = None,
    checkpoint: Literal["last", "best"] = "last",
    measure: bool = True,
    json: bool = False,
    **options: Any,
) -> None:
    """Export a run as verified files.

    Args:
        run: The run's folder.
        format: LiteRT for phones, TensorFlow's SavedModel alone, or a page that runs the model in a browser.
        quantize: none, float16, dynamic (8-bit weights) or int8 (8-bit arithmetic throughout).
        batch: Batch size of one call; fixed in the file.
        tile: Of models of photographs: the file takes squares of this many pixels, as delegates want it, such as 256.
            Without it the file takes any height and width.
        out: Output folder; one in the run's exports if not given.
        checkpoint: The last checkpoint, or the best one seen while training.
        measure: Measure what 8-bit numbers change in quality, and refuse the file beyond the recipe's limits; latency;
            memory. For pictures a feature network may have to be trained first. Without it the file is compared with
            Keras all the same.
        json: Print the report as one JSON object.
        options: What the recipe's `export_options` has.
    """
    require_place(out)

    from aigc_tf.runs.reports import to_json
    from aigc_tf.runs.run import Run

    opened = Run.open(run, checkpoint)
    chosen = chosen_options(opened.recipe, "export_options", options)
    exported = opened.export(
        format=format, quantize=quantize, batch=batch, out=out, measure=measure, tile=tile, **chosen
    )
    print(to_json(exported.report) if json else exported.path)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    run_command(export, "export_options", arguments)
