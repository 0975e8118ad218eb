"""Quality loss by quantization: measured on the file, with the same latents, and refused beyond the limits."""

from __future__ import annotations

import contextlib
import dataclasses
import math
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest

from aigc_tf.data.images.source import ImageSource
from aigc_tf.data.source import evenly
from aigc_tf.export import VerificationError
from aigc_tf.export.quality import images as quality
from aigc_tf.export.quality.change import require_at_most
from aigc_tf.export.quality.images import image_quality
from aigc_tf.families.base import Signature, TensorSpec
from aigc_tf.metrics.frechet import frechet_distance, gaussian_statistics
from aigc_tf.metrics.images.features import feature_network
from aigc_tf.modalities.drawing import to_bytes
from aigc_tf.recipes.dcgan import DCGAN
from aigc_tf.recipes.images import ExportLimits, ImageSettings, QuantizedLimits

SHAPE = (16, 16, 1)
LOOSE = QuantizedLimits(distance_share=10.0, psnr_db=100.0)


def recipe(samples: int = 60, dynamic: QuantizedLimits = LOOSE, int8: QuantizedLimits = LOOSE) -> DCGAN:
    limits = ExportLimits(samples=samples, dynamic=dynamic, int8=int8)
    return DCGAN(images=ImageSettings(height=16, width=16), export_limits=limits)


def signature(network: keras.Model) -> Signature:
    key = network.inputs[0].name
    inputs, outputs = network.inputs[0].shape[1:], network.outputs[0].shape[1:]

    def examples(count: int, seed: int) -> dict[str, np.ndarray]:
        return {key: np.random.default_rng(seed).standard_normal((count, *inputs), dtype=np.float32)}

    return Signature(network, {key: TensorSpec(inputs, "")}, {"image": TensorSpec(outputs, "")}, examples)


class File:
    """Mock of `Runner`: outputs of the networks with an offset; counts calls."""

    def __init__(self, signatures: dict[str, Signature], offset: float) -> None:
        self.signatures, self.offset, self.seen = signatures, offset, 0
        self.given: list[np.ndarray] = []

    def map(self, name: str, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        (values,) = inputs.values()
        self.seen += len(values)
        self.given.append(values)
        return {"image": np.asarray(self.signatures[name].network(values)) + self.offset}


def model(**signatures: Signature) -> Any:
    return SimpleNamespace(signatures=lambda source=None: signatures)


@pytest.fixture
def generator() -> Signature:
    keras.utils.set_random_seed(0)
    latent = keras.Input((4,), name="latent")
    image = keras.layers.Reshape(SHAPE)(keras.layers.Dense(256, activation="sigmoid")(latent))
    return signature(keras.Model(latent, image))


@pytest.fixture
def halving() -> Signature:
    image = keras.Input(SHAPE, name="image")
    return signature(keras.Model(image, keras.layers.Rescaling(0.5)(image)))


@pytest.mark.parametrize("name", ["generate", "decode"])
def test_a_generator_is_compared_with_training_images(
    name: str, generator: Signature, small_networks: None, stripes: Any
) -> None:
    source, file = stripes(), File({name: generator}, offset=0.05)
    report = image_quality(model(**{name: generator}), source, recipe(), file, "dynamic")
    found = report[name]
    assert set(report) == {name} and file.seen == 60

    network = feature_network(source, recipe().images)
    real = gaussian_statistics(network.extract(source.train.images).features)
    examples = generator.examples(60, quality.SEED)
    for key, offset in (("before", 0.0), ("after", 0.05)):
        images = to_bytes(np.asarray(generator.network(*examples.values())) + offset)
        expected = frechet_distance(gaussian_statistics(network.extract(images).features), real)
        assert found[key] == pytest.approx(expected, rel=1e-4)
    assert found["change"] == pytest.approx(found["after"] - found["before"])
    assert found["relative_change"] == pytest.approx(found["after"] / found["before"] - 1)
    assert found["distance_between"] > 0
    assert found["network"] == network.name and "training images" in found["measure"]


def test_all_classes_are_measured_equally_often(small_networks: None, stripes: Any) -> None:
    """1,200 images of 1,000 classes are generated 500 at a time."""
    label = keras.Input((1,), name="label")
    image = keras.layers.Reshape(SHAPE)(keras.layers.Dense(256, activation="sigmoid")(label))
    conditional = dataclasses.replace(
        signature(keras.Model(label, image)),
        examples=lambda count, seed: {"label": (np.arange(count) % 1000).astype(np.float32)[:, None]},
    )
    file = File({"generate": conditional}, offset=0.0)
    image_quality(model(generate=conditional), stripes(), recipe(samples=1200), file, "int8")
    counts = np.bincount(np.concatenate(file.given)[:, 0].astype(int))
    assert len(counts) == 1000 and (counts[:200] == 2).all() and (counts[200:] == 1).all()


def test_equal_files_change_nothing(generator: Signature, small_networks: None, stripes: Any) -> None:
    report = image_quality(
        model(generate=generator), stripes(), recipe(), File({"generate": generator}, offset=0.0), "int8"
    )
    assert report["generate"]["change"] == 0
    assert report["generate"]["distance_between"] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(("quantize", "other"), [("dynamic", "float16"), ("int8", "dynamic or float16")])
def test_a_generator_beyond_the_limit_is_refused_with_numbers(
    quantize: str, other: str, generator: Signature, small_networks: None, stripes: Any
) -> None:
    strict = recipe(**{quantize: QuantizedLimits(distance_share=1e-6, psnr_db=0.0)})
    message = rf"quantize {quantize}: the Fréchet distance .* from [\d.]+ to [\d.]+ \([+-].*%, 60 samples\)"
    with pytest.raises(VerificationError, match=message) as error:
        image_quality(model(generate=generator), stripes(), strict, File({"generate": generator}, 0.05), quantize)
    assert f"choose quantize {other}, train longer, or raise export_limits.{quantize}.distance_share" in str(
        error.value
    )


def test_reconstructions_by_their_signal_to_noise(halving: Signature, stripes: Any) -> None:
    """The network halves its input, the file adds 0.01: every error is known."""
    source: ImageSource = stripes()
    found = image_quality(
        model(reconstruct=halving), source, recipe(), File({"reconstruct": halving}, 0.01), "dynamic"
    )["reconstruct"]
    real = source.train.images[evenly(160, 60)] / 255
    assert found["before"] == pytest.approx(-10 * np.log10(np.mean((real / 2) ** 2)), abs=1e-4)
    assert found["after"] == pytest.approx(-10 * np.log10(np.mean((real / 2 - 0.01) ** 2)), abs=1e-4)
    assert found["psnr_between_db"] == pytest.approx(40, abs=1e-3)
    assert found["images"] == len(real)


def test_reconstructions_are_of_the_validation_part_if_there_is_one(halving: Signature, stripes: Any) -> None:
    source: ImageSource = stripes().validated()
    found = image_quality(
        model(reconstruct=halving), source, recipe(), File({"reconstruct": halving}, 0.01), "dynamic"
    )["reconstruct"]
    real = source.validation.images / 255
    assert found["before"] == pytest.approx(-10 * np.log10(np.mean((real / 2) ** 2)), abs=1e-4)
    assert found["images"] == len(real) == 8 and "validation images" in found["measure"]


def test_reconstructions_may_fall_by_the_limit_and_rise_by_anything(halving: Signature, stripes: Any) -> None:
    def fall(offset: float, limit: float) -> float:
        strict = recipe(int8=QuantizedLimits(distance_share=0.0, psnr_db=limit))
        file = File({"reconstruct": halving}, offset)
        return image_quality(model(reconstruct=halving), stripes(), strict, file, "int8")["reconstruct"]["change"]

    change = fall(-0.05, limit=100.0)
    assert change < 0 and fall(-0.05, limit=-change + 1e-6) == change
    with pytest.raises(VerificationError, match=r"PSNR of .* goes from .* dB \(-.*export_limits.int8.psnr_db"):
        fall(-0.05, limit=-change - 1e-6)
    assert fall(0.05, limit=0.0) > 0


@pytest.mark.parametrize("name", ["generate", "reconstruct"])
@pytest.mark.parametrize("wrong", [math.nan, math.inf])
def test_a_file_that_gives_no_finite_numbers_is_refused(
    name: str, wrong: float, generator: Signature, halving: Signature, small_networks: None, stripes: Any
) -> None:
    signatures = {name: generator if name == "generate" else halving}
    with pytest.raises(VerificationError, match=rf"{name}, in the file: .* numbers of image are not finite"):
        image_quality(model(**signatures), stripes(), recipe(), File(signatures, wrong), "dynamic")


@pytest.mark.parametrize(("loss", "kept"), [(0.1, True), (0.2, True), (0.3, False), (math.nan, False)])
def test_what_is_no_number_is_beyond_every_limit(loss: float, kept: bool) -> None:
    with contextlib.nullcontext() if kept else pytest.raises(VerificationError, match="too much"):
        require_at_most(loss, 0.2, "too much")


def test_a_model_that_this_cannot_measure_is_told_so(halving: Signature, stripes: Any) -> None:
    with pytest.raises(ValueError, match="dcgan needs an export_quality of its own"):
        image_quality(model(encode=halving), stripes(), recipe(), File({}, 0.0), "int8")


def test_chunks_do_not_change_reconstructions(
    halving: Signature, stripes: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = File({"reconstruct": halving}, 0.01)
    settings = recipe(samples=33)
    whole = image_quality(model(reconstruct=halving), stripes(), settings, file, "int8")["reconstruct"]
    monkeypatch.setattr(quality, "_BATCH", 7)
    parts = image_quality(model(reconstruct=halving), stripes(), settings, file, "int8")["reconstruct"]
    assert whole["images"] == 33
    assert parts == pytest.approx(whole)
