"""Photograph models as files of any height and width, and as files for tiles of a fixed size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aigc_tf.errors import InputError
from aigc_tf.export import Limits, Runner, VerificationError, export, exported_model
from aigc_tf.export.verify import run_keras
from aigc_tf.families.create import create
from aigc_tf.recipes.colourise import Colourise
from aigc_tf.recipes.dcgan import DCGAN
from aigc_tf.recipes.denoise import Denoise
from aigc_tf.recipes.inpaint import Inpaint
from aigc_tf.recipes.photos import PhotoRecipe
from aigc_tf.recipes.pix2pix import Pix2Pix
from aigc_tf.recipes.upscale import Upscale

FEW = Limits(examples=4)
RECIPES = [Upscale.tiny(), Denoise.tiny(), Inpaint.tiny(), Colourise.tiny(), Pix2Pix.tiny()]


def trained(recipe: PhotoRecipe) -> Any:
    """A model with random weights: some initial ones are zero."""
    model = create(recipe)
    random = np.random.default_rng(0)
    for weight in model.used.weights:
        weight.assign(weight + 0.1 * random.standard_normal(weight.shape))
    return model


def quick(model: Any, out: Path, **options: Any) -> dict[str, Any]:
    """The report of an export without timing."""
    return export(model, out, limits=FEW, measure=False, **options).report


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.slug())
def test_one_file_takes_any_height_and_width(recipe: PhotoRecipe, tmp_path: Path) -> None:
    model = trained(recipe)
    report = quick(model, tmp_path)
    (name,) = report["signatures"]
    assert report["signatures"][name]["inputs"]["image"]["shape"][:3] == [1, -1, -1]
    # LiteRT's delegates support only tensors whose shape follows from the input shapes.
    assert "SHAPE" not in report["operators"] and report["xnnpack"]["taken"] >= report["xnnpack"]["of"] - 1
    signature, runner = model.signatures()[name], Runner(tmp_path / "model.tflite")
    for height, width in ((8, 8), (24, 40), (136, 16)):
        inputs = {
            key: np.random.default_rng(1).random((1, *(size or next(sizes) for size in spec.shape)), np.float32)
            for key, spec in signature.inputs.items()
            for sizes in [iter((height, width))]
        }
        (made,) = runner(name, **inputs).values()
        (expected,) = run_keras(signature.network, signature, inputs).values()
        assert made.shape[1:3] == (model.scale * height, model.scale * width)
        np.testing.assert_allclose(made, expected, atol=1e-4)


@pytest.mark.parametrize("quantize", ["float16", "dynamic", "int8"])
def test_quantized_files_take_any_size_too(quantize: str, tmp_path: Path) -> None:
    model = trained(Upscale.tiny())
    report = quick(model, tmp_path, quantize=quantize)
    assert report["signatures"]["restore"]["difference"]["tflite"]["mean"] < 0.05
    image = np.random.default_rng(1).random((1, 33, 70, 1), np.float32)
    (made,) = Runner(tmp_path / "model.tflite")("restore", image=image).values()
    assert np.abs(made - np.asarray(model.used(image))).mean() < 0.05


def test_a_file_for_squares_of_one_size(tmp_path: Path) -> None:
    model = exported_model(trained(Denoise.tiny()), "tflite", 40)
    report = quick(model, tmp_path)
    inputs, outputs = (report["signatures"]["restore"][kind] for kind in ("inputs", "outputs"))
    assert inputs["image"]["shape"] == outputs["picture"]["shape"] == [1, 40, 40, 1]
    assert inputs["sigma"]["shape"] == [1, 1]


def test_what_is_wrong_at_one_size_only_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    call = Runner.__call__

    def broken(self: Runner, signature: str, **inputs: np.ndarray) -> dict[str, np.ndarray]:
        wrong = inputs["image"].shape[1] != inputs["image"].shape[2]
        return {name: values + wrong for name, values in call(self, signature, **inputs).items()}

    monkeypatch.setattr(Runner, "__call__", broken)
    with pytest.raises(VerificationError, match=r"picture \[1, 32, 64, 1\] differs"):
        quick(trained(Upscale.tiny()), tmp_path)


@pytest.mark.parametrize("side", [16, 43, 8192])
def test_impossible_squares_are_refused(side: int) -> None:
    with pytest.raises(InputError, match=f"--tile is {side}: a denoise takes squares of 32 to .* multiples of 2"):
        exported_model(create(Denoise.tiny()), "tflite", side)


def test_only_photographs_come_in_squares() -> None:
    model = create(DCGAN.tiny())
    assert exported_model(model, "web", None) is model
    with pytest.raises(InputError, match="--tile is 64: only models of photographs take one, leave it out"):
        exported_model(model, "tflite", 64)
