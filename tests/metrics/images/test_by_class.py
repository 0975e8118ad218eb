"""Quality by class: a defect in one class shows in its row, while the overall mean hides it."""

from __future__ import annotations

import json

import numpy as np
import pytest

from aigc_tf.cli.evaluate import table
from aigc_tf.metrics.images.by_class import Grouped, by_class
from aigc_tf.metrics.images.samples import GAUSSIAN, REAL, Samples
from aigc_tf.metrics.intervals import wilson_interval
from aigc_tf.recipes.dcgan import DCGAN
from aigc_tf.recipes.images import ImageSettings
from aigc_tf.runs.reports import tables_of_report
from tests.metrics.reports import report_of

SMALL = DCGAN(images=ImageSettings(height=16, width=16))
WORST = ("worst_class_precision", "worst_class_recall", "worst_class_kernel_distance")


def features(labels: np.ndarray, seed: int) -> np.ndarray:
    """Features clustered by class."""
    return np.random.default_rng(seed).standard_normal((len(labels), 4)) + 20 * np.eye(4)[labels]


def test_each_class_is_compared_with_its_own():
    labels = np.repeat(np.arange(3), 100)
    drawn = features(labels, 1)
    drawn[100:200] += 50  # far from all real features
    drawn[200:] = drawn[200:203].repeat(34, axis=0)[:100]  # only three distinct ones
    found = by_class(Grouped(drawn, labels), Grouped(features(labels, 0), labels), 3)
    good, far, poor = found.rows
    assert found.compared == 50 and [row.share for row in found.rows] == pytest.approx([1 / 3] * 3)
    assert good.neighbours.precision > 0.7 and good.neighbours.recall > 0.7
    assert far.neighbours == (0, 0) and poor.neighbours.recall < 0.3
    assert found.worst_precision == 0 and found.worst_recall == 0
    assert found.worst_kernel_distance == far.kernel.distance > 100 * abs(good.kernel.distance)


def test_shares_have_intervals_and_a_class_that_is_left_out_is_not_judged():
    real, drawn = np.repeat([0, 1], 100), np.repeat([0, 1], [190, 10])
    found = by_class(Grouped(features(drawn, 1), drawn), Grouped(features(real, 0), real), 2)
    often, rare = found.table(["cat", "dog"])
    assert rare["class"] == "dog" and rare["share"] == 0.05 and rare["real share"] == 0.5
    assert (rare["from"], rare["to"]) == wilson_interval(0.05, 200)
    assert rare["precision"] is None and rare["kernel distance"] is None and often["precision"] > 0.7
    assert found.worst_precision == often["precision"]


def test_of_what_was_asked_for_is_told_how_much_is_recognised():
    labels = np.repeat([0, 1], 100)
    taken = labels.copy()
    taken[:30] = 1
    real = Grouped(features(labels, 0), labels)
    found = by_class(Grouped(features(labels, 1), labels, True, taken), real, 2)
    first, second = found.table(None)
    assert first["class"] == "0" and first["recognised"] == 0.7 and second["recognised"] == 1 and "share" not in first
    assert (first["from"], first["to"]) == wilson_interval(0.7, 100)
    unknown, _ = by_class(Grouped(features(labels, 1), labels, True), real, 2).table(None)
    assert not {"share", "recognised", "from"} & set(unknown) and unknown["precision"] == first["precision"]


def test_few_images_are_not_judged():
    labels = np.repeat([0, 1], 19)
    assert by_class(Grouped(features(labels, 1), labels), Grouped(features(labels, 0), labels), 2) is None


def test_a_model_that_mixes_classes_up_is_found_out(stripes, drawing, small_networks):
    """Two models, one generating the requested class and one the wrong one: the overall distribution is the same."""
    source = stripes(train=200, test=80)
    images, labels = source.train.images, source.train.labels

    def told(turn: int):
        model = drawing(images, (16, 16, 1))
        model.conditions = lambda given, count: np.arange(count) % 2

        def generate(count: int, seed: int = 0, condition: np.ndarray | None = None) -> np.ndarray:
            rows = [np.flatnonzero(labels == (label + turn) % 2)[place] for place, label in enumerate(condition)]
            return images[rows].astype(np.float32) / 255

        model.generate = generate
        return report_of(Samples(), model, source, SMALL, samples=80)

    right, wrong = told(0), told(1)
    assert abs(right["precision"] - wrong["precision"]) < 0.2
    assert right["worst_class_precision"] > 0.5 > wrong["worst_class_precision"]
    assert wrong["worst_class_kernel_distance"] > 10 * abs(right["worst_class_kernel_distance"])
    assert all(set(right["baselines"][name]) == {REAL} for name in WORST)  # the Gaussian is unconditional
    rows = right["tables"]["by_class"]["rows"]
    assert [row["class"] for row in rows] == ["standing", "lying"] and all("recognised" in row for row in rows)
    free = report_of(Samples(), drawing(images, (16, 16, 1)), source, SMALL, samples=80)
    assert set(free["baselines"]["worst_class_recall"]) == {REAL, GAUSSIAN}
    assert "share" in free["tables"]["by_class"]["rows"][0]


def test_tables_are_read_from_reports_and_shown():
    rows = [{"class": "cat", "share": 0.12345, "recall": None}, {"class": "dog", "share": 1, "recall": 0.5}]
    report = {
        "frechet_distance": 2.0,
        "protocol": {"part": "test"},
        "tables": {"by_class": {"rows": rows, "caption": "C"}},
    }
    (found,) = tables_of_report(json.loads(json.dumps(report)))
    assert found.head == ["class", "share", "recall"] and found.rows == [["cat", "0.123", ""], ["dog", "1", "0.5"]]
    shown = table(report)
    assert "\nC\nclass  share  recall\ncat    0.123\ndog    1      0.5\n" in shown
    for damaged in (None, [], {"a": 1}, {"a": {"rows": [1]}}, {"a": {"rows": []}}, {"a": {"rows": [{"b": [1]}]}}):
        assert not list(tables_of_report({"tables": damaged}))
