"""Export a run as verified files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro

from aigc_tf.cli.checks import require_counts, require_place
from aigc_tf.cli.options import chosen_options, run_command
from aigc_tf.errors import InputError, say

if TYPE_CHECKING:
    from aigc_tf.export import Export
    from aigc_tf.runs.run import Run

QUANTIZATIONS = ("none", "float16", "dynamic", "int8")
"""From the most to the least precise."""


def export(
    run: Annotated[Path, tyro.conf.Positional],
    format: Literal["tflite", "saved_model", "web"] = "tflite",
    quantize: Literal["none", "float16", "dynamic", "int8"] = "none",
    batch: int = 1,
    out: Path | None = None,
    tile: int | None = None,
    checkpoint: Literal["last", "best"] = "last",
    measure: bool = True,
    target_bytes: int | None = None,
    require_licence: bool = False,
    json: bool = False,
    **options: Any,
) -> None:
    """Export a run as verified files.

    Args:
        run: The run's folder.
        format: LiteRT for phones, TensorFlow's SavedModel only, or a web page that runs the model in a browser.
        quantize: none, float16, dynamic (8-bit weights) or int8 (8-bit arithmetic throughout).
        batch: Batch size of one call; fixed in the file.
        tile: For models of photographs: fixed input size, a square of this many pixels, such as 256, as delegates need
            it. Without it the file takes any height and width.
        out: Output folder; one in the run's exports if not given.
        checkpoint: The last checkpoint, or the best one seen while training.
        measure: Measure latency, memory, and the quality of 8-bit files, which are refused beyond the recipe's limits.
            For pictures a feature network may have to be trained first. The file is compared with Keras in any case.
        target_bytes: Choose the most precise quantization whose .tflite file has at most this many bytes.
        require_licence: Refuse a run trained on data of unknown licence.
        json: Print the report as one JSON object.
        options: What the recipe's `export_options` has.
    """
    require_place(out)
    require_counts(target_bytes=target_bytes)
    if target_bytes is not None and (format != "tflite" or quantize != "none"):
        raise InputError("--target-bytes chooses the quantization of a .tflite file: leave --format and --quantize out")

    from aigc_tf.runs.reports import to_json
    from aigc_tf.runs.run import Run

    opened = Run.open(run, checkpoint)
    if require_licence:
        refuse_unknown_licence(opened)
    chosen = chosen_options(opened.recipe, "export_options", options)
    arguments = {"format": format, "batch": batch, "out": out, "measure": measure, "tile": tile, **chosen}
    if target_bytes is None:
        exported = opened.export(quantize=quantize, **arguments)
    else:
        exported = export_within(opened, target_bytes, arguments)
    print(to_json(exported.report) if json else exported.path)


def refuse_unknown_licence(run: Run) -> None:
    """Raise InputError if the licence of a run's data is unknown."""
    from aigc_tf.data.source import licence_is_known
    from aigc_tf.runs import paths

    recorded = run.read_json(paths.SOURCE, name=str, licence=str)
    if not licence_is_known(recorded["licence"]):
        raise InputError(
            f"the licence of {recorded['name']} is not known ({recorded['licence']}): train with --licence, or leave "
            "--require-licence out"
        )


def export_within(run: Run, target_bytes: int, arguments: Mapping[str, Any]) -> Export:
    """The export with the most precise quantization that fits; those that change the quality too much are skipped.

    Raises:
        InputError: none fits; the last one is kept.
    """
    from aigc_tf.export import VerificationError

    found = []
    for quantize in QUANTIZATIONS:
        try:
            exported = run.export(quantize=quantize, **arguments)
        except VerificationError as error:
            found.append(f"{quantize} is refused: {error}")
            continue
        size = exported.path.stat().st_size
        if size <= target_bytes:
            return exported
        found.append(f"{quantize} has {size:,}")
        say(f"{found[-1]} bytes, more than {target_bytes:,}")
    raise InputError(f"no file fits into --target-bytes {target_bytes:,} ({'; '.join(found)}): train a smaller network")


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    run_command(export, "export_options", arguments)
