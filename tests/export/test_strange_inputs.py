"""8-bit files preserve the ranking of scores for unusual inputs, or are refused."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest

from aigc_tf.export import Limits, Runner, VerificationError, export, writer
from aigc_tf.export.convert import convert
from aigc_tf.export.verify import run_keras
from aigc_tf.families.base import Signature, TensorSpec
from aigc_tf.metrics.ranks import rank_correlation
from tests.export.conftest import normal_examples

LOOSE = Limits(quantized=10.0)  # so that only the ranks decide


@pytest.fixture(scope="module")
def scoring() -> Signature:
    """Distance of inputs from a plane: ordinary inputs are close, unusual ones ten times as far."""
    keras.utils.set_random_seed(0)
    value = keras.Input((16,), name="value")
    hidden = keras.layers.Dense(32, activation="relu")(value)
    network = keras.Model(value, keras.ops.sum(keras.ops.square(keras.layers.Dense(16)(hidden)), axis=-1))
    ordinary = normal_examples(value=(16,))

    def strange(count: int, seed: int) -> dict[str, np.ndarray]:
        sizes = np.linspace(3, 30, count, dtype=np.float32)[:, None]
        return {"value": sizes * ordinary(count, seed)["value"]}

    specs = {"value": TensorSpec((16,), "any")}, {"score": TensorSpec((), "how strange it is")}
    return Signature(network, *specs, ordinary, strange=strange)


def ordinary_alone(saved_model: Path, networks: Any, signatures: Mapping[str, Signature], *rest: Any) -> bytes:
    """Like `convert`, calibrated with ordinary inputs only."""
    return convert(
        saved_model, networks, {k: dataclasses.replace(s, strange=None) for k, s in signatures.items()}, *rest
    )


def test_what_is_tried_are_ordinary_inputs_and_after_them_strange_ones(scoring: Signature) -> None:
    tried = scoring.tried(6, 1)["value"]
    assert tried.shape == (12, 16)
    np.testing.assert_array_equal(tried[:6], scoring.examples(6, 1)["value"])
    np.testing.assert_array_equal(tried[6:], scoring.strange(6, 1)["value"])
    alone = dataclasses.replace(scoring, strange=None)
    np.testing.assert_array_equal(alone.tried(6, 1)["value"], alone.examples(6, 1)["value"])


def test_strange_inputs_are_told_apart(scoring: Signature, tmp_path: Path) -> None:
    model = SimpleNamespace(signatures=lambda source=None: {"score": scoring})
    report = export(model, tmp_path / "out", quantize="int8").report
    assert report["signatures"]["score"]["difference"]["tflite"]["ranks"] > 0.98
    strange = scoring.strange(100, 5)
    answers = Runner(tmp_path / "out" / "model.tflite").map("score", strange)["score"]
    expected = run_keras(scoring.network, scoring, strange)["score"]
    assert rank_correlation(answers, expected) > 0.98
    assert (answers == answers.max()).mean() < 0.1


@pytest.mark.parametrize("limits", [None, LOOSE])
def test_a_file_that_knows_only_ordinary_inputs_is_refused(
    limits: Limits | None, scoring: Signature, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "convert", ordinary_alone)
    model = SimpleNamespace(signatures=lambda source=None: {"score": scoring})
    message = "differs from Keras|rank correlation"
    if limits is LOOSE:
        message = r"score, quantize int8: score ranks .* differently from Keras: the rank correlation is 0\.\d+, at"
    with pytest.raises(VerificationError, match=message):
        export(model, tmp_path / "out", quantize="int8", limits=limits)
    assert not (tmp_path / "out").exists()
