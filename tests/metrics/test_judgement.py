"""Statistics of human evaluations."""

from __future__ import annotations

import pytest

from aigc_tf.metrics.judgement import judged

KEY = {"0": "real", "1": "real", "2": "generated", "3": "generated"}


def test_shares_are_of_the_right_answers():
    report = judged(KEY, {"a": {"0": "real", "1": "generated", "2": "real", "3": "generated"}, "b": {"2": "real"}})
    assert report["answers"] == 5 and report["right"]["share"] == pytest.approx(2 / 5)
    assert report["fooled"]["share"] == pytest.approx(2 / 3) and report["doubted"]["share"] == pytest.approx(1 / 2)
    assert report["fooled"]["low"] < 2 / 3 < report["fooled"]["high"]
    assert report["raters"]["b"]["doubted"] is None and report["raters"]["b"]["fooled"]["share"] == 1


def test_raters_agree_fully_or_not_at_all():
    same = {item: "real" if item in "02" else "generated" for item in KEY}
    other = {item: "generated" if said == "real" else "real" for item, said in same.items()}
    assert judged(KEY, {"a": same, "b": dict(same)})["agreement"] == 1
    assert judged(KEY, {"a": same, "b": other})["agreement"] == -1
    assert "agreement" not in judged(KEY, {"a": same})
