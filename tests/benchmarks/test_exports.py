"""Tables of exported files: Keras's own exports, alternated runtimes, and a matrix of measurements that resumes."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import pytest

import aigc_tf
from aigc_tf.export import VerificationError
from aigc_tf.export.latency import in_turns
from tools.benchmarks import export_matrix, onnx_runtime
from tools.benchmarks.exports import KERAS, ONNX, table, with_latency


def figures(milliseconds: float) -> dict[str, float]:
    return {"least_ms": milliseconds / 2, "median_ms": milliseconds, "p95_ms": 2 * milliseconds, "runs": 10}


def both(milliseconds: float) -> dict[str, dict[str, float]]:
    return {"1": figures(milliseconds), "2": figures(milliseconds / 2)}


def test_every_row_stands_beside_that_of_keras() -> None:
    rows = {
        KERAS: {"bytes": 1000, "runs": True, "peak_memory": {"added_by_file_bytes": 2_000_000}},
        "aigc_tf, dynamic": {
            "bytes": 250,
            "difference": {"largest": 0.1, "mean": 0.01},
            "quality": {"before": 4.0, "after": 4.1},
            "peak_memory": {"added_by_file_bytes": None},
        },
        ONNX: {"bytes": 1100, "difference": {"largest": 1e-6}},
    }
    found = with_latency(rows, {KERAS: both(8.0), "aigc_tf, dynamic": both(0.5), ONNX: both(2.0)})
    assert found["aigc_tf, dynamic"]["share_of_keras_bytes"] == 0.25
    assert found["aigc_tf, dynamic"]["times_faster"]["1"] == {"least": 16.0, "median": 16.0}
    assert found[ONNX]["times_faster"]["2"]["median"] == 4.0
    text = table({"run": "saved_models/x", "signatures": {"generate": found}, "note": "a note"})
    assert text.endswith("a note")
    row = next(line for line in text.splitlines() if line.startswith("| aigc_tf, dynamic"))
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[1:] == ["250", "25.0%", "0.5", "1", "0.25", "0.5", "16", "16", "0.1", "0.01", "4", "4.1", ""]


def test_a_file_of_keras_that_needs_flex_gives_no_ratio() -> None:
    found = with_latency({KERAS: {"bytes": 10, "runs": False}, ONNX: {"bytes": 5}}, {ONNX: both(1.0)})
    assert "latency" not in found[KERAS] and "times_faster" not in found[ONNX]
    assert "| 5 | 50.0% | 1 |" in table({"run": "x", "signatures": {"step": found}})


def test_contenders_take_turns_and_the_middle_round_counts() -> None:
    order = []

    def contender(label: str, times: list[float]) -> Any:
        def prepare(threads: int) -> Any:
            rounds = iter(times)

            def time_a_round() -> dict[str, float]:
                order.append((label, threads))
                return figures(next(rounds) * threads)

            return time_a_round

        return prepare

    found = in_turns({"a": contender("a", [3, 1, 2]), "b": contender("b", [30, 20, 10])})
    assert order == [("a", 1), ("b", 1)] * 3 + [("a", 2), ("b", 2)] * 3
    assert found["a"]["1"] == figures(2) and found["b"]["2"] == figures(40)


class Session:
    """Mock of onnxruntime's session: doubles the input `latent`."""

    made: ClassVar[list[tuple[str, int]]] = []

    def __init__(self, path: str, options: Any, providers: list[str]) -> None:
        self.made.append((path, options.intra_op_num_threads))
        self.calls = 0

    def io_binding(self) -> Any:
        bound: dict[str, Any] = {}
        return SimpleNamespace(bind_cpu_input=bound.__setitem__, bind_output=lambda name: None, inputs=bound)

    def get_outputs(self) -> list[Any]:
        return [SimpleNamespace(name="image")]

    def run_with_iobinding(self, binding: Any) -> None:
        assert set(binding.inputs) == {"latent"}
        self.calls += 1

    def run(self, outputs: None, inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
        return [2 * inputs["latent"]]


def test_onnx_runtime_is_timed_with_as_many_threads_as_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = SimpleNamespace(SessionOptions=SimpleNamespace, InferenceSession=Session)
    monkeypatch.setitem(sys.modules, "onnxruntime", fake)
    inputs = {"latent": np.ones((1, 3), np.float32)}
    found = in_turns({"onnx": onnx_runtime.contender(Path("g.onnx"), inputs)})
    assert found["onnx"]["1"]["runs"] >= 10
    assert Session.made == [("g.onnx", 1), ("g.onnx", 2)]
    np.testing.assert_array_equal(onnx_runtime.answer(Path("g.onnx"), inputs)[0], 2 * inputs["latent"])


def test_the_matrix_goes_on_where_it_stopped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[str] = []
    broken = {"int8"}

    def export(quantize: str, compare_with_keras: bool) -> Any:
        asked.append(quantize)
        if quantize == "float16":
            raise VerificationError("image differs from Keras by 1")
        if quantize in broken:
            raise KeyboardInterrupt
        return SimpleNamespace(
            report={
                "files": {"model.tflite": 1234},
                "operators": {"CONV_2D": 3, "TANH": 1},
                "xnnpack": {"taken": 3, "of": 4},
                "quality": {"generate": {"before": 9.0, "change": 0.5}} if quantize == "dynamic" else None,
                "signatures": {"generate": {"difference": {"tflite": {"largest": 1e-6, "mean": 1e-7}}}},
                "latency": {"generate": both(0.25)},
            }
        )

    monkeypatch.setattr(aigc_tf, "train", lambda recipe, path: SimpleNamespace(export=export), raising=False)
    monkeypatch.setattr(export_matrix, "recipe_classes", lambda: {"dcgan": aigc_tf.recipes.DCGAN})
    results = tmp_path / "benchmarks" / "matrix.jsonl"
    with pytest.raises(KeyboardInterrupt):
        export_matrix.export_matrix(3, results)
    broken.clear()
    rows = export_matrix.export_matrix(3, results)
    assert asked == ["none", "float16", "dynamic", "int8", "int8"]
    assert export_matrix.export_matrix(3, results) == rows and len(asked) == 5
    text = export_matrix.table(rows)
    assert "| dcgan | generate | dynamic | 1,234 | 4 | 0.75 | 1e-06 | 1e-07 | 9 | 0.5 | 0.25 |  |" in text
    assert "image differs from Keras by 1 |" in text
