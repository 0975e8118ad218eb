"""int8 quantization: ranges are clipped only where the following activation is saturated."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest

from aigc_tf.export import Runner, int8
from aigc_tf.export.convert import convert, write_saved_model
from aigc_tf.export.int8 import SATURATED_BEYOND
from aigc_tf.export.verify import run_keras
from aigc_tf.families.base import Signature, TensorSpec
from tests.export.conftest import normal_examples

layers = keras.layers


def alone(linear: keras.KerasTensor, activated: keras.KerasTensor) -> list[keras.KerasTensor]:
    return [activated]


def added(linear: keras.KerasTensor, activated: keras.KerasTensor) -> list[keras.KerasTensor]:
    return [layers.Add()([layers.Flatten()(activated), linear])]


def beside(linear: keras.KerasTensor, activated: keras.KerasTensor) -> list[keras.KerasTensor]:
    return [activated, linear]


def wide(activation: str, outputs: Callable[..., list[keras.KerasTensor]] = alone) -> Signature:
    """A linear layer with values near 0 and near -50, as for a black background, and an activation after a reshape."""
    latent = keras.Input((8,), name="latent")
    dense = layers.Dense(12, kernel_initializer=keras.initializers.RandomNormal(stddev=0.3, seed=0))
    linear = dense(latent)
    dense.bias.assign([-50.0] * 6 + [0.0] * 6)
    network = keras.Model(latent, outputs(linear, layers.Activation(activation)(layers.Reshape((3, 4))(linear))))
    specs = {f"output_{index}": TensorSpec(tensor.shape[1:], "") for index, tensor in enumerate(network.outputs)}
    return Signature(network, {"latent": TensorSpec((8,), "")}, specs, normal_examples(latent=(8,)))


def converted(signature: Signature, folder: Path) -> Path:
    """The int8 file, not yet verified."""
    networks, signatures = {"f": signature.network}, {"f": signature}
    write_saved_model(networks, signatures, 1, folder / "saved_model")
    path = folder / "model.tflite"
    path.write_bytes(convert(folder / "saved_model", networks, signatures, 1, "int8"))
    return path


def largest_error(signature: Signature, folder: Path) -> float:
    inputs = signature.examples(100, 0)
    answers = Runner(converted(signature, folder)).map("f", inputs)
    expected = run_keras(signature.network, signature, inputs)
    return max(float(np.abs(answers[name] - expected[name]).max()) for name in expected)


@pytest.mark.parametrize("activation", ["tanh", "sigmoid"])
def test_activations_keep_their_resolution(activation: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    narrow = largest_error(wide(activation), tmp_path / "narrow")
    monkeypatch.setattr(int8, "SATURATED_BEYOND", {})
    assert narrow < 0.7 * largest_error(wide(activation), tmp_path / "wide")


@pytest.mark.parametrize("outputs", [added, beside])
def test_a_value_that_is_used_elsewhere_keeps_its_range(
    outputs: Callable[..., list[keras.KerasTensor]], tmp_path: Path
) -> None:
    """Clipped to ±4, the other use would be wrong by 46."""
    assert largest_error(wide("tanh", outputs), tmp_path) < 1.0


@pytest.mark.parametrize(
    ("function", "bound", "scale", "least", "most"),
    [(np.tanh, 4.0, 1 / 128, -128, 127), (lambda x: 1 / (1 + np.exp(-x)), 7.0, 1 / 256, 0, 255)],
)
def test_beyond_the_bounds_the_output_is_the_last_level(
    function: Callable[[float], float], bound: float, scale: float, least: int, most: int
) -> None:
    assert bound in SATURATED_BEYOND.values()
    assert round(function(-bound) / scale) == least
    assert min(round(function(bound) / scale), most) == most


def test_the_file_answers_in_float(tmp_path: Path) -> None:
    runner = Runner(converted(wide("tanh"), tmp_path))
    assert runner.inputs("f")["latent"][1] == np.float32
    assert runner("f", latent=np.zeros((1, 8), np.float32))["output_0"].dtype == np.float32


def test_a_signature_that_says_so_stays_in_float(tmp_path: Path) -> None:
    """A phase: an angle of tiny and large numbers; 256 levels do not distinguish the tiny ones from zero."""
    x = keras.Input((8,), name="latent")
    small = x * 1e-3
    network = keras.Model(x, small * keras.ops.rsqrt(keras.ops.sum(small * small, axis=1, keepdims=True) + 1e-12))
    spec = TensorSpec((8,), "")
    signature = Signature(network, {"latent": spec}, {"phase": spec}, normal_examples(latent=(8,)))
    in_float = dataclasses.replace(signature, in_float=True)
    quantized, kept = (largest_error(each, tmp_path / str(index)) for index, each in enumerate((signature, in_float)))
    assert kept < 1e-5 < 1e-3 < quantized


def residual(skip: Callable[[keras.KerasTensor], keras.KerasTensor]) -> Signature:
    """Pictures plus a small residual of two convolutions."""
    image = keras.Input((12, 16, 1), name="image")
    keras.utils.set_random_seed(0)
    small = keras.initializers.RandomNormal(stddev=0.03)
    x = layers.Conv2D(4, 3, padding="same", activation="relu")(image)
    x = layers.Conv2D(1, 3, padding="same", kernel_initializer=small)(x)
    network = keras.Model(image, layers.Add()([skip(image), x]))
    pictures = TensorSpec((12, 16, 1), "")

    def examples(count: int, seed: int) -> dict[str, np.ndarray]:
        return {"image": np.random.default_rng(seed).random((count, 12, 16, 1), np.float32)}

    return Signature(network, {"image": pictures}, {"picture": pictures}, examples)


def blurred(image: keras.KerasTensor) -> keras.KerasTensor:
    return layers.Conv2D(1, 3, padding="same", kernel_initializer="ones", use_bias=False)(image) / 9


@pytest.mark.parametrize("skip", [lambda image: image, blurred])
def test_256_levels_hold_the_change_of_a_picture_alone(
    skip: Callable[[keras.KerasTensor], keras.KerasTensor], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = largest_error(residual(skip), tmp_path / "change")
    monkeypatch.setattr(int8, "_keep_sums_with_pictures_in_float", lambda model, graph: None)
    assert change < 0.5 * largest_error(residual(skip), tmp_path / "all")
