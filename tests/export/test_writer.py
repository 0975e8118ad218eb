"""Exports are verified, small, use built-in operators only, and are written atomically."""

import json
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from aigc_tf.errors import InputError
from aigc_tf.export import Limits, Runner, VerificationError, export, flatbuffer
from aigc_tf.export.graph import run
from aigc_tf.families.base import Signature, TensorSpec
from tests.export.conftest import dcgan_generator, model_of, normal_examples

layers = keras.layers
DYNAMIC_SHAPE_OPERATORS = {"SHAPE", "PACK", "STRIDED_SLICE"}


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.mark.parametrize("quantize", ["none", "float16", "dynamic", "int8"])
def test_generator_in_every_quantization(quantize: str, small_generator: SimpleNamespace, tmp_path: Path) -> None:
    out = tmp_path / "with space" / "export"
    result = export(small_generator, out, quantize=quantize, metadata={"licence": "MIT"})
    assert files(out) == {"model.tflite", "saved_model", "export.json"}
    assert files(out.parent) == {"export"}  # no temporary files remain
    assert result.path == out / "model.tflite"
    report = json.loads((out / "export.json").read_text(encoding="utf-8"))
    assert report == result.report
    assert report["files"]["model.tflite"] == result.path.stat().st_size
    assert report["operators"] == flatbuffer.operators(result.path)
    assert not DYNAMIC_SHAPE_OPERATORS & set(report["operators"])
    assert not [name for name in report["operators"] if name.startswith("Flex") or "VARIABLE" in name]
    assert report["xnnpack"]["taken"] == report["xnnpack"]["of"] > 0
    assert report["latency"]["generate"]["1"]["median_ms"] > 0
    assert report["peak_memory"]["added_by_file_bytes"] > 0
    found = report["signatures"]["generate"]["difference"]["tflite"]
    # Recompute the figure from the final file.
    signature = small_generator.signatures()["generate"]
    latents = signature.examples(256, 0)["latent"]
    keras_images = np.asarray(run(signature.network, [latents])[0])
    runner = Runner(result.path)
    images = np.concatenate([runner("generate", latent=latents[i : i + 1])["image"] for i in range(256)])
    assert found["largest"] == pytest.approx(np.abs(images - keras_images).max(), abs=1e-6)
    assert found["largest"] <= {"none": 1e-5, "float16": 2e-3, "dynamic": 0.05, "int8": 0.1}[quantize]
    metadata = flatbuffer.read_metadata(result.path)
    assert metadata["licence"] == "MIT"
    assert metadata["signatures"]["generate"]["inputs"]["latent"]["shape"] == [1, 16]


def test_full_width_is_a_quarter_of_the_size_when_quantized(tmp_path: Path) -> None:
    keras.utils.set_random_seed(0)
    model = model_of(dcgan_generator(100, (256, 128, 64)))
    report = export(model, tmp_path / "out", quantize="dynamic", compare_with_keras=True).report
    rival = report["keras_litert"]["generate"]
    assert report["files"]["model.tflite"] <= 0.3 * rival["bytes"]
    assert report["peak_memory"]["added_by_file_bytes"] < rival["peak_memory"]["added_by_file_bytes"]
    # About 20 on one machine (docs/RESULTS.md), 3.7 on another, with the same code.
    assert rival["times_faster"]["1"]["median"] > 2
    assert report["operators"]["CONV_2D"] == 3 and "TRANSPOSE_CONV" not in report["operators"]


def test_batch_is_fixed(small_generator: SimpleNamespace, tmp_path: Path) -> None:
    result = export(small_generator, tmp_path / "out", batch=3)
    runner = Runner(result.path)
    assert runner.batch("generate") == 3
    latents = np.ones((7, 16), "float32") * np.arange(7, dtype="float32")[:, None]
    images = runner.map("generate", {"latent": latents})["image"]
    signature = small_generator.signatures()["generate"]
    np.testing.assert_allclose(images, np.asarray(run(signature.network, [latents])[0]), atol=1e-5)


@pytest.mark.usefixtures("saved_models_run_elsewhere")
def test_saved_model_alone_replaces_what_was_there(small_generator: SimpleNamespace, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "notes.txt").write_text("mine")
    (out / "model.tflite").write_text("older")
    result = export(small_generator, out, format="saved_model", batch=2)
    assert result.path == out / "saved_model"
    assert files(out) == {"saved_model", "export.json", "notes.txt"}
    assert result.report["signatures"]["generate"]["difference"]["saved_model"]["largest"] <= 1e-5
    # The weights are stored once.
    weights = 4 * small_generator.signatures()["generate"].network.count_params()
    assert result.report["files"]["saved_model/"] < 1.5 * weights + 200_000


def test_nan_in_a_weight_fails_and_leaves_no_file(tmp_path: Path) -> None:
    model = model_of(dcgan_generator(4, (8, 8, 8)))
    kernel = model.signatures()["generate"].network.layers[1].kernel
    values = kernel.numpy()
    values[0, 0] = np.nan
    kernel.assign(values)
    with pytest.raises(VerificationError, match="numbers of image are not finite"):
        export(model, tmp_path / "out")
    assert files(tmp_path) == set()


def test_an_older_export_survives_a_failed_one(small_generator: SimpleNamespace, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export(small_generator, out)
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    with pytest.raises(VerificationError, match=r"differs from Keras by .* the limit is 1e-12"):
        export(small_generator, out, quantize="float16", limits=Limits(float16=1e-12))

    def refuse(runner: Runner) -> dict[str, float]:
        raise VerificationError(f"the quality of {runner.names} is too low")

    with pytest.raises(VerificationError, match=r"the quality of .*generate.* is too low"):
        export(small_generator, out, quality=refuse)
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
    assert files(tmp_path) == {"out"}


class Whitening(layers.Layer):
    """LiteRT has no built-in Cholesky decomposition."""

    def call(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        squared = keras.ops.matmul(inputs, keras.ops.transpose(inputs, (0, 2, 1)))
        return keras.ops.cholesky(squared + keras.ops.eye(3))


def test_an_operator_that_litert_lacks_is_named_with_its_layer(tmp_path: Path) -> None:
    x = inputs = keras.Input((3, 3))
    x = Whitening(name="whiten")(layers.Dense(3)(x))
    with pytest.raises(InputError, match=r"tf\.Cholesky in layer whiten \(Whitening\)"):
        export(model_of(keras.Model(inputs, x)), tmp_path / "out")
    assert files(tmp_path) == set()


def recurrent_model(units: int = 8) -> SimpleNamespace:
    """A step with state and, in the same file, a readout with shared weights."""
    token, state = keras.Input((4,), name="token"), keras.Input((units,), name="state")
    cell = layers.GRUCell(units)
    _, states = cell(token, [state])
    (new_state,) = keras.tree.flatten(states)
    readout = layers.Dense(5)
    logits = readout(new_state)
    step = Signature(
        keras.Model([token, state], [logits, new_state]),
        {"token": TensorSpec((4,), "one-hot"), "state": TensorSpec((units,), "memory, zero at first")},
        {"logits": TensorSpec((5,), "unnormalised log-probability"), "new_state": TensorSpec((units,), "memory")},
        normal_examples(token=(4,), state=(units,)),
        feedback={"new_state": "state"},
    )
    only = keras.Input((units,), name="state")
    read = Signature(
        keras.Model(only, readout(only)),
        {"state": TensorSpec((units,), "memory")},
        {"logits": TensorSpec((5,), "unnormalised log-probability")},
        normal_examples(state=(units,)),
    )
    return SimpleNamespace(signatures=lambda source=None: {"step": step, "read": read})


@pytest.mark.parametrize("quantize", ["none", "int8"])
def test_several_signatures_and_a_state_that_is_fed_back(quantize: str, tmp_path: Path) -> None:
    beside = quantize == "none"  # Keras's own file is not quantized
    result = export(recurrent_model(), tmp_path / "out", quantize=quantize, compare_with_keras=beside)
    assert set(Runner(result.path).names) == {"step", "read"}
    found = result.report["signatures"]
    assert found["step"]["feedback"] == {"new_state": "state"}
    if quantize == "none":
        assert found["step"]["difference"]["tflite"]["bound"] == 1e-4
        assert found["read"]["difference"]["tflite"]["bound"] == 1e-5
        assert set(result.report["keras_litert"]) == {"step", "read"}
    xnnpack, operators = result.report["xnnpack"], result.report["operators"]
    assert xnnpack["of"] == sum(operators.values())  # of both signatures
    alone = flatbuffer.delegated(export(only("read"), tmp_path / "read", quantize=quantize).path)
    assert 0 < alone["of"] < xnnpack["of"] and alone["taken"] < xnnpack["taken"]


def only(name: str) -> SimpleNamespace:
    """The recurrent model with only one of its signatures."""
    return SimpleNamespace(signatures=lambda source=None: {name: recurrent_model().signatures()[name]})


def test_an_older_export_survives_a_failing_disk(
    small_generator: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    export(small_generator, out, format="saved_model")
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    rename = Path.rename

    def full(self: Path, target: Path) -> Path:
        if self.name == "export.json" and self.parent.name == "export":
            raise OSError("no space left on device")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", full)
    with pytest.raises(OSError, match="no space"):
        export(small_generator, out, format="saved_model", batch=2)
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before


def test_quality_is_measured_on_the_finished_file(small_generator: SimpleNamespace, tmp_path: Path) -> None:
    def brightness(runner: Runner) -> dict[str, float]:
        latents = np.zeros((5, 16), "float32")
        return {"brightness": float(runner.map("generate", {"latent": latents})["image"].mean())}

    exported = export(small_generator, tmp_path / "out", quality=brightness, quantize="dynamic")
    assert exported.report["quality"] == brightness(Runner(exported.path))
    floats = export(small_generator, tmp_path / "floats", quality=brightness).report["quality"]
    assert exported.report["quality"]["brightness"] != floats["brightness"]  # the 8-bit file was measured


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"format": "onnx"}, "format is 'onnx': choose one of tflite, saved_model"),
        ({"quantize": "int4"}, "quantize is 'int4'"),
        ({"format": "saved_model", "quantize": "int8"}, "a SavedModel is not quantized"),
        ({"batch": 0}, "batch is 0"),
    ],
)
def test_bad_arguments(arguments: dict[str, object], message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        export(SimpleNamespace(signatures=lambda source: {}), tmp_path / "out", **arguments)  # type: ignore[arg-type]


def test_a_signature_that_does_not_fit_its_network_is_refused(tmp_path: Path) -> None:
    network = keras.Sequential([keras.Input((3,)), layers.Dense(2)])
    signature = Signature(network, {"x": TensorSpec((4,), "")}, {"y": TensorSpec((2,), "")}, normal_examples(x=(4,)))
    with pytest.raises(ValueError, match="inputs are declared as"):
        export(SimpleNamespace(signatures=lambda source=None: {"f": signature}), tmp_path / "out")
