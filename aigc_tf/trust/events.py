"""Explanations in TensorBoard: maps as images or tables, curves as scalars."""

from __future__ import annotations

from pathlib import Path

import tensorflow as tf

from aigc_tf.modalities.drawing import to_bytes
from aigc_tf.trust.fidelity import SHARES, Curves
from aigc_tf.trust.report import Report, markdown


def write_events(folder: Path, report: Report) -> None:
    """Write a report for TensorBoard; replaces an earlier one.

    The step of a curve is the percentage of positions deleted or inserted.

    Args:
        folder: reserved for its event file.
        report: with maps, images of latents, or tables.
    """
    for file in folder.glob("events.out.tfevents.*"):
        file.unlink()
    writer = tf.summary.create_file_writer(str(folder))
    with writer.as_default(0):
        for name, shown in report.shown.items():
            if isinstance(shown, str):
                tf.summary.text(name, shown)
            else:
                tf.summary.image(name, to_bytes(shown)[None])
        if report.check is not None:
            tf.summary.text("verdicts", markdown(["method", "verdict"], [report.verdicts, report.verdicts.values()]))
            lines = {name: found.curves for name, found in report.check.methods.items()} | dict(report.check.beside)
            for name, curves in lines.items():
                _write_curves(name, curves)
    writer.close()


def _write_curves(name: str, curves: Curves) -> None:
    for part in Curves._fields:
        for share, value in zip(SHARES, getattr(curves, part), strict=True):
            tf.summary.scalar(f"{part}/{name}", value, step=round(100 * share))
