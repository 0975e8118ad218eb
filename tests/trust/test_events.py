"""Explanations in TensorBoard."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.util.tensor_util import make_ndarray

from aigc_tf.trust.events import write_events
from aigc_tf.trust.fidelity import SHARES, Agreement, Check, Curves, Fidelity
from aigc_tf.trust.report import Report

FALLING = Curves(np.linspace(3, 1, 11), np.linspace(1, 3, 11))


def read(folder: Path) -> EventAccumulator:
    return EventAccumulator(str(folder), size_guidance={"tensors": 0}).Reload()


def test_maps_are_pictures_tables_text_and_curves_have_a_point_for_each_share(tmp_path: Path):
    leads = {"random positions": (1.0, 0.1)}
    checked = Check({"a | b": Fidelity(FALLING, leads, {1: Agreement(0, 0)})}, {"random positions": FALLING}, 3)
    shown = {"a.png/occlusion": np.ones((4, 5, 3)) / 2, "text 1": "| word |\n| --- |\n| good |"}
    for _ in range(2):  # a later report replaces an earlier one
        write_events(tmp_path, Report([], shown, checked))
    found = read(tmp_path)
    curves = [f"{part}/{name}" for part in ("deletion", "insertion") for name in ("a | b", "random positions")]
    assert set(found.Tags()["tensors"]) == {"a.png/occlusion", "text 1", "verdicts", *curves}
    points = found.Tensors("deletion/a | b")
    assert [point.step for point in points] == [round(100 * share) for share in SHARES]
    assert [float(make_ndarray(point.tensor_proto)) for point in points] == pytest.approx(FALLING.deletion.tolist())
    width, height, png = make_ndarray(found.Tensors("a.png/occlusion")[0].tensor_proto)
    assert (int(width), int(height)) == (5, 4) and png.startswith(b"\x89PNG")
    (verdicts,) = [make_ndarray(event.tensor_proto).item().decode() for event in found.Tensors("verdicts")]
    assert "| a \\| b | is faithful" in verdicts


def test_without_a_check_there_are_no_curves(tmp_path: Path):
    write_events(tmp_path, Report([], {"dimension 1": np.zeros((4, 4, 1))}))
    assert read(tmp_path).Tags()["tensors"] == ["dimension 1"]
