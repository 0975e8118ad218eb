"""The LiteRT internals that the export relies on are as expected."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

CHANGED = "LiteRT changed"


class Doubling(tf.Module):
    """Two signatures, which the interpreter distinguishes by subgraph."""

    def __init__(self) -> None:
        super().__init__()
        self.weights = tf.Variable(2 * tf.eye(4))

    @tf.function(input_signature=[tf.TensorSpec((1, 4))])
    def double(self, x: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"y": tf.tanh(x @ self.weights)}

    @tf.function(input_signature=[tf.TensorSpec((1, 4))])
    def shift(self, x: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"y": x + 1.0}


@pytest.fixture(scope="module")
def saved_model(tmp_path_factory: pytest.TempPathFactory) -> str:
    module, path = Doubling(), str(tmp_path_factory.mktemp("litert"))
    tf.saved_model.save(module, path, signatures={"double": module.double, "shift": module.shift})
    return path


@pytest.fixture(scope="module")
def content(saved_model: str) -> bytes:
    return tf.lite.TFLiteConverter.from_saved_model(saved_model, signature_keys=["double", "shift"]).convert()


def test_a_signature_is_invoked_where_its_tensors_lie(content: bytes) -> None:
    """`Runner.latency` relies on it."""
    runner = Interpreter(model_content=content).get_signature_runner("shift")
    first = runner(x=np.zeros((1, 4), "float32"))["y"]
    for name in ("_interpreter_wrapper", "_subgraph_index"):
        assert hasattr(runner, name), f"{CHANGED} SignatureRunner: it has no {name}"
    wrapper, subgraph = runner._interpreter_wrapper, runner._subgraph_index
    wrapper.SetTensor(runner.get_input_details()["x"]["index"], np.ones((1, 4), "float32"), subgraph)
    wrapper.Invoke(subgraph)
    found = wrapper.GetTensor(runner.get_output_details()["y"]["index"], subgraph)
    np.testing.assert_array_equal(first, 1)
    np.testing.assert_array_equal(found, 2, err_msg=f"{CHANGED} Invoke: the subgraph did not run")


def test_operators_are_listed_with_the_parts_that_a_delegate_took(content: bytes) -> None:
    """`flatbuffer.delegated` relies on it."""
    interpreter = Interpreter(model_content=content)
    interpreter.allocate_tensors()
    assert hasattr(interpreter, "_get_ops_details"), f"{CHANGED} Interpreter: it has no _get_ops_details"
    details = interpreter._get_ops_details()
    assert all({"index", "op_name", "inputs", "outputs"} <= set(detail) for detail in details), (
        f"{CHANGED} _get_ops_details: an operator is {details[0]}"
    )
    names = [detail["op_name"] for detail in details]
    assert {"FULLY_CONNECTED", "TANH"} <= set(names), f"{CHANGED} _get_ops_details: it lists {names}"
    assert names[-1] == "DELEGATE", f"{CHANGED} _get_ops_details: no part stands behind the operators: {names}"
    produced = {int(output) for detail in details[:-1] for output in detail["outputs"]}
    assert set(map(int, details[-1]["outputs"])) <= produced, f"{CHANGED} _get_ops_details: a part's outputs"


@pytest.mark.filterwarnings(r"ignore:(?s).*tf\.lite\.Interpreter is deprecated:UserWarning")
@pytest.mark.filterwarnings("ignore:Statistics for quantized inputs were expected:UserWarning")
def test_the_converter_stops_between_calibrating_and_quantizing(saved_model: str) -> None:
    """`int8.to_int8` continues from there."""
    calibrating = tf.lite.TFLiteConverter.from_saved_model(saved_model, signature_keys=["double", "shift"])
    calibrating.optimizations = [tf.lite.Optimize.DEFAULT]
    calibrating.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8, tf.lite.OpsSet.TFLITE_BUILTINS]
    inputs = {"x": np.linspace(-3, 3, 4, dtype="float32")[None]}
    calibrating.representative_dataset = lambda: ((name, inputs) for name in ("double", "shift"))
    assert hasattr(calibrating, "_experimental_calibrate_only"), (
        f"{CHANGED} TFLiteConverter: it has no _experimental_calibrate_only"
    )
    calibrating._experimental_calibrate_only = True
    calibrated = Interpreter(model_content=calibrating.convert())
    types = {detail["dtype"] for detail in calibrated.get_tensor_details()}
    assert np.int8 not in types, f"{CHANGED} _experimental_calibrate_only: the file is quantized: {types}"
