"""Language models decoded step by step from a .tflite file, against the decoding loops of tutorials."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from ai_edge_litert.compiled_model import CompiledModel
from tqdm import tqdm

from aigc_tf.errors import InputError
from aigc_tf.export import Limits, Runner, export
from tools.benchmarks.step_networks import StepNetworks, lstm, transformer

CONTEXT = 256
NETWORKS: dict[str, Callable[[], StepNetworks]] = {
    "LSTM, 2 layers of 256": lambda: lstm(100, units=256, depth=2),
    "transformer, 4 blocks of 128": lambda: transformer(100, depth=4, heads=4, width=128, context=CONTEXT),
}
QUANTIZATIONS = ("none", "dynamic", "int8")
COMPILED, PREDICT = "compiled function on the growing prefix", "predict on the growing prefix"
_PREDICT_EVERY = 16  # predict is slow: timed at every 16th length, starting in the middle of the first 16
# Random weights: quantization error is meaningless.
_LIMITS = Limits(quantized=1.0)

Decoder = Callable[[int], list[int]]
"""Generates a number of tokens greedily after token 0."""


def steps(tokens: int, rounds: int) -> dict[str, Any]:
    """Tokens per second of greedy decoding with random weights, batch 1, and the ratios to both tutorial decoders.

    LiteRT runs on one thread, TensorFlow on all, its default. `predict` is timed at every 16th prefix length and
    estimated from their mean.

    Args:
        tokens: length of the text, at most 256.
        rounds: texts of each variant, timed alternately, so that load on the machine affects all equally.

    Raises:
        InputError: the networks do not support this length.
    """
    if not 1 <= tokens <= CONTEXT:
        raise InputError(f"tokens is {tokens}: the networks hold 1 to {CONTEXT}")
    report: dict[str, Any] = {"tokens": tokens, "rounds": rounds}
    with tempfile.TemporaryDirectory() as folder:
        for name, make in NETWORKS.items():
            keras.utils.set_random_seed(0)
            report[name] = _compare(make(), Path(folder) / str(len(report)), tokens, rounds)
    return report


def _compare(networks: StepNetworks, folder: Path, tokens: int, rounds: int) -> dict[str, Any]:
    seconds: dict[str, Callable[[], float]] = {
        COMPILED: _timed(compiled_decoder(networks), tokens),
        PREDICT: lambda: predict_seconds(networks, tokens),
    }
    files: dict[str, Any] = {}
    for quantize in QUANTIZATIONS:
        exported = export(networks, folder / quantize, quantize=quantize, limits=_LIMITS)
        difference = exported.report["signatures"]["step"]["difference"]["tflite"]
        files[quantize] = {
            "bytes": exported.path.stat().st_size,
            "difference_from_keras": {key: difference[key] for key in ("largest", "mean")},
        }
        interpreter = interpreter_decoder(exported.path, networks.feedback)
        seconds[f"LiteRT {quantize}, Interpreter"] = _timed(interpreter, tokens)
        compiled_model = compiled_model_decoder(exported.path, networks.feedback)
        seconds[f"LiteRT {quantize}, CompiledModel"] = _timed(compiled_model, tokens)
    for measure in seconds.values():
        measure()  # warm-up, including tracing
    speeds: dict[str, list[float]] = {name: [] for name in seconds}
    for _ in tqdm(range(rounds), unit="round"):
        for name, measure in seconds.items():
            speeds[name].append(tokens / measure())
    medians = {name: statistics.median(values) for name, values in speeds.items()}
    return {
        "weights": networks.step.count_params(),
        "files": files,
        "tokens_per_second": medians,
        "times_compiled": {name: speed / medians[COMPILED] for name, speed in medians.items()},
        "times_predict": {name: speed / medians[PREDICT] for name, speed in medians.items()},
    }


def _timed(decode: Decoder, tokens: int) -> Callable[[], float]:
    def measure() -> float:
        start = time.perf_counter()
        decode(tokens)
        return time.perf_counter() - start

    return measure


def predict_seconds(networks: StepNetworks, tokens: int) -> float:
    """Seconds of `predict` on the growing prefix for a text, estimated from every 16th length."""
    lengths = range(min(tokens, _PREDICT_EVERY // 2), tokens + 1, _PREDICT_EVERY)
    start = time.perf_counter()
    for length in lengths:
        np.argmax(networks.sequence.predict(np.zeros((1, length), np.int32), verbose=0)[0, -1])
    return (time.perf_counter() - start) / len(lengths) * tokens


def compiled_decoder(networks: StepNetworks) -> Decoder:
    """Re-encoding the whole prefix with one compiled function, traced once for any length."""

    @tf.function(input_signature=[tf.TensorSpec((1, None), tf.int32)])
    def next_token(prefix: tf.Tensor) -> tf.Tensor:
        return tf.argmax(networks.sequence(prefix, training=False)[0, -1], output_type=tf.int32)

    def decode(tokens: int) -> list[int]:
        text = [0]
        for _ in range(tokens):
            text.append(int(next_token(tf.constant([text]))))
        return text[1:]

    return decode


def interpreter_decoder(path: Path, feedback: dict[str, str]) -> Decoder:
    """The step with the classic interpreter, which copies every state in and out."""
    runner = Runner(path)
    zeros = {name: np.zeros(*runner.inputs("step")[name]) for name in feedback.values()}

    def decode(tokens: int) -> list[int]:
        text, states = [0], zeros
        for _ in range(tokens):
            outputs = runner("step", token=np.array(text[-1:], np.int32), **states)
            states = {name: outputs[output] for output, name in feedback.items()}
            text.append(int(outputs["logits"].argmax()))
        return text[1:]

    return decode


def compiled_model_decoder(path: Path, feedback: dict[str, str]) -> Decoder:
    """The step with LiteRT 2's CompiledModel, where the buffers of old and new states are swapped."""
    model = CompiledModel.from_file(str(path))  # one thread by default
    runner = Runner(path)  # for the shapes
    shapes = runner.inputs("step")
    inputs = {name: model.create_input_buffer_by_name("step", name) for name in shapes}
    outputs = {name: model.create_output_buffer_by_name("step", name) for name in ("logits", *feedback)}
    symbols = model.get_output_tensor_details("step")["logits"]["shape"][-1]

    def decode(tokens: int) -> list[int]:
        text = [0]
        for name in feedback.values():
            inputs[name].write(np.zeros(*shapes[name]))
        for _ in range(tokens):
            inputs["token"].write(np.array(text[-1:], np.int32))
            model.run_by_name("step", inputs, outputs)
            text.append(int(outputs["logits"].read(symbols, np.float32).argmax()))
            for output, name in feedback.items():
                inputs[name], outputs[output] = outputs[output], inputs[name]
        return text[1:]

    return decode
