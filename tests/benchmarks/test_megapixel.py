"""Each exported file restores a photograph, with time and quality."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

import aigc_tf
from aigc_tf.metrics.images.restoration import MAX_PHOTOS, MAX_SIDE, likeness
from aigc_tf.recipes.denoise import Denoise
from aigc_tf.recipes.inpaint import Inpaint
from aigc_tf.recipes.photos import RestorationRecipe
from aigc_tf.recipes.settings import LoggingSettings
from tools.benchmarks.megapixel import KERAS, WHOLE, megapixel, table


def psnr_of_the_network(run: aigc_tf.Run) -> float:
    model, found = run.model, []
    strengths = list(model.degradation.measured.values())
    for index, clean in enumerate(run.source.middles("test", MAX_PHOTOS, MAX_SIDE, model.multiple)):
        inputs = model.examples(clean[np.newaxis], index, strengths[len(strengths) // 2])
        made = model.applied({name: value[0] for name, value in inputs.items()})
        found.append(likeness(made, clean, model.degradation.counted(inputs))[0])
    return float(np.mean(found))


@pytest.mark.filterwarnings("ignore:In the future `np.object`:FutureWarning")  # Keras's patch of tf2onnx, if installed
@pytest.mark.parametrize("recipe", [Denoise.tiny(), Inpaint.tiny()], ids=lambda recipe: recipe.slug())
def test_every_file_restores_it(recipe: RestorationRecipe, tmp_path: Path):
    quiet = LoggingSettings(evaluate_every=10**6, samples_every=10**6)
    random = np.random.default_rng(0)
    pictures = [random.integers(0, 256, (60, 50, 1), np.uint8) for _ in range(5)]
    run = aigc_tf.train(
        dataclasses.replace(recipe, steps=2, batch_size=2, logging=quiet), tmp_path / "run", data=pictures
    )
    file = run.export(compare_with_keras=False, measure=False, out=tmp_path / "export").path
    run.model.used.export(str(tmp_path / "keras.tflite"), format="litert", verbose=False)
    rows = megapixel(run, {"aigc_tf, none": file}, tmp_path / "keras.tflite", tmp_path, side=90)
    assert {KERAS, WHOLE, "aigc_tf, none"} <= rows.keys()
    assert all(set(row["seconds"]) == {"1", "2"} for row in rows.values())
    assert rows["aigc_tf, none"]["psnr_db"] == pytest.approx(rows[KERAS]["psnr_db"], abs=1e-3)
    assert rows["aigc_tf, none"]["psnr_db"] == pytest.approx(psnr_of_the_network(run), abs=0.2)  # 8-bit files
    assert 2e7 < rows["aigc_tf, none"]["process_bytes"] < 2e8
    line = next(line for line in table(rows).splitlines() if line.startswith("| aigc_tf, none |"))
    assert len(line.split("|")) == 12
