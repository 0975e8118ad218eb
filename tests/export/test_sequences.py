"""A recurrent step with its states equals the whole sequence, in Keras and in every exported file."""

from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from aigc_tf.errors import InputError
from aigc_tf.export import Runner, flatbuffer
from aigc_tf.export.convert import convert, write_saved_model
from aigc_tf.export.optimise import optimise
from aigc_tf.export.verify import Arrays, run_keras, run_sequence
from tests.export.sequence_networks import NETWORKS, STEPS, VOCABULARY
from tools.benchmarks.step_networks import StepNetworks
from tools.benchmarks.steps import compiled_decoder, compiled_model_decoder, interpreter_decoder, steps

BUILTIN_OPERATORS = set(vars(schema.BuiltinOperator)) - {"CUSTOM"}
# Tolerances of logits: maximum difference relative to the largest logit, mean difference relative to their deviation.
LARGEST = {"none": 1e-4, "float16": 3e-3}
MEAN = {"dynamic": 0.02, "int8": 0.1}


@dataclass(frozen=True)
class Case:
    networks: StepNetworks
    saved_model: Path
    examples: Arrays
    """256 random tokens, and zero states."""
    answers: Arrays
    """Logits of the Keras step, each from the previous state."""


@pytest.fixture(scope="module", params=NETWORKS)
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Case:
    keras.utils.set_random_seed(0)
    networks = NETWORKS[request.param]()
    signatures = networks.signatures()
    step = signatures["step"]
    examples = step.examples(STEPS, 1)
    answers = run_sequence(lambda inputs: run_keras(step.network, step, inputs), examples, step.feedback, 1)
    folder = tmp_path_factory.mktemp("sequences") / "saved_model"
    write_saved_model({"step": optimise(step.network, 1)[0]}, signatures, 1, folder)
    return Case(networks, folder, examples, answers)


def test_step_equals_the_whole_sequence(case: Case) -> None:
    tokens = case.examples["token"][None]
    whole = np.asarray(case.networks.sequence(tokens, training=False))[0]
    assert whole.std() > 0.1  # the logits differ
    np.testing.assert_allclose(case.answers["logits"], whole, atol=1e-4)
    for length in (2, 3, 17, STEPS - 1):  # the last logits of a prefix are the same
        prefix = np.asarray(case.networks.sequence(tokens[:, :length], training=False))[0]
        np.testing.assert_allclose(case.answers["logits"][length - 1], prefix[-1], atol=1e-4)


def test_nothing_looks_ahead_and_everything_before_counts(case: Case) -> None:
    tokens = case.examples["token"][None, :32].copy()
    before = np.asarray(case.networks.sequence(tokens, training=False))[0]
    tokens[0, 10] = (tokens[0, 10] + 1) % len(VOCABULARY)
    change = np.abs(np.asarray(case.networks.sequence(tokens, training=False))[0] - before).max(axis=-1)
    assert change[:10].max() == 0
    assert change[10:].min() > 1e-7


@pytest.mark.parametrize("quantize", ["none", "float16", "dynamic", "int8"])
def test_exported_step(quantize: str, case: Case, tmp_path: Path) -> None:
    signatures = case.networks.signatures()
    path = tmp_path / "model.tflite"
    step = {"step": optimise(signatures["step"].network, 1)[0]}
    path.write_bytes(convert(case.saved_model, step, signatures, 1, quantize))
    operators = flatbuffer.operators(path)
    assert all(name in BUILTIN_OPERATORS and "VARIABLE" not in name for name in operators), operators
    assert "WHILE" not in operators
    runner = Runner(path)
    answers = run_sequence(lambda inputs: runner("step", **inputs), case.examples, signatures["step"].feedback, batch=1)
    expected = case.answers["logits"]
    difference = np.abs(answers["logits"] - expected)
    if quantize in LARGEST:
        assert difference.max() <= LARGEST[quantize] * max(1, np.abs(expected).max())
    else:
        assert difference.mean() <= MEAN[quantize] * expected.std()


def test_what_the_benchmark_compares_writes_the_same_text(case: Case, tmp_path: Path) -> None:
    signatures = case.networks.signatures()
    path = tmp_path / "model.tflite"
    path.write_bytes(convert(case.saved_model, {"step": case.networks.step}, signatures, 1, "none"))
    text = compiled_decoder(case.networks)(30)
    assert len(text) == 30
    for decoder in (interpreter_decoder, compiled_model_decoder):
        decode = decoder(path, case.networks.feedback)
        assert decode(30) == text
        assert decode(30) == text  # states are reset


def test_too_long_a_text_is_refused() -> None:
    with pytest.raises(InputError, match="tokens is 257: the networks hold 1 to 256"):
        steps(tokens=257, rounds=1)


def test_states_are_what_is_fed_back(case: Case) -> None:
    step = case.networks.signatures()["step"]
    assert set(step.inputs) == {"token", *step.feedback.values()}
    assert list(step.outputs) == ["logits", *step.feedback]
    for output, name in step.feedback.items():
        assert step.outputs[output].shape == step.inputs[name].shape
