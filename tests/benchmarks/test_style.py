"""Style transfer networks against optimisation-based style transfer."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import aigc_tf
from aigc_tf.errors import InputError
from aigc_tf.recipes.settings import LoggingSettings
from aigc_tf.recipes.style import Style
from tools.benchmarks.style import NETWORK, optimisation, style, table

RANDOM = np.random.default_rng(0)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> aigc_tf.Run:
    folder = tmp_path_factory.mktemp("style")
    for part, count in (("train", 4), ("test", 2)):
        (folder / "photos" / part).mkdir(parents=True)
        for index in range(count):
            small = Image.fromarray(RANDOM.integers(0, 256, (4, 5), np.uint8))
            small.resize((40, 32)).save(folder / "photos" / part / f"{index}.png")
    logging = LoggingSettings(evaluate_every=10**6, samples_every=10**6)
    recipe = dataclasses.replace(Style.tiny(), source=str(folder / "photos"), steps=2, logging=logging)
    return aigc_tf.train(recipe, folder / "run")


def test_optimisation_gains_with_each_step_and_is_resumed(run: aigc_tf.Run, tmp_path: Path):
    results = tmp_path / "style.jsonl"
    rows = {row["method"]: row for row in style((run.path,), 32, 30, results)}
    assert list(rows) == ["the photograph", NETWORK, "30 steps of optimisation"]
    assert rows["30 steps of optimisation"]["loss"] < 0.5 * rows["the photograph"]["loss"]
    assert rows["the photograph"]["content_distance"] == 0
    assert all(row["photographs"] == 2 for row in rows.values())
    lines = results.read_text().splitlines()
    assert len(lines) == 6
    results.write_text("\n".join(lines[:5]) + "\n")  # as after a kill
    again = {row["method"]: row for row in style((run.path,), 32, 30, results)}
    assert results.read_text().splitlines()[:5] == lines[:5]
    assert json.loads(results.read_text().splitlines()[5])["loss"] == pytest.approx(
        json.loads(lines[5])["loss"], rel=1e-4
    )
    assert len(list((tmp_path / "style").rglob("*.png"))) == 6
    assert "| 30 steps of optimisation |" in table(list(again.values()))
    with pytest.raises(InputError, match="has no test photographs of 64 pixels"):
        style((run.path,), 64, 30, results)


def test_optimisation_is_that_of_keras(run: aigc_tf.Run):
    """Adam as published, in a separate loop; clipped to [0, 1]."""
    import keras
    import tensorflow as tf

    photos = run.source.unit_crops("test", 1)
    pictures, optimizer = tf.Variable(photos), keras.optimizers.Adam(0.02, epsilon=1e-8)
    optimizer.build([pictures])
    for _ in range(3):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(run.model.weighted(*run.model.distances(pictures, {"image": photos})))
        optimizer.apply([tape.gradient(loss, pictures)], [pictures])
        pictures.assign(tf.clip_by_value(pictures, 0.0, 1.0))
    np.testing.assert_allclose(optimisation(run.model)({"image": photos}, 3), pictures.numpy(), atol=2e-3)
