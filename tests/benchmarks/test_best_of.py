"""Best-of-n sampling benchmark."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

import aigc_tf
from aigc_tf.cli.improving import Best
from aigc_tf.metrics.images.drawing import generated_images
from aigc_tf.metrics.images.features import feature_network
from aigc_tf.metrics.images.reference import comparison
from aigc_tf.recipes.dcgan import DCGAN
from aigc_tf.recipes.settings import LoggingSettings
from tools.benchmarks.best_of import Picking, best_of, table


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, measured_pictures: Path) -> aigc_tf.Run:
    logging = LoggingSettings(samples_every=1000, evaluate_every=1000)
    recipe = dataclasses.replace(DCGAN.tiny(), source=str(measured_pictures), steps=1, logging=logging)
    return aigc_tf.train(recipe, tmp_path_factory.mktemp("runs") / "gan")


def test_the_judge_is_pleased_and_one_drawing_changes_nothing(run: aigc_tf.Run):
    real, once, twice = rows = [*best_of(run, None, (1, 2), 20, 3, "rotation")]
    network = feature_network(run.source, run.recipe.images, "rotation")
    plain = comparison(network, generated_images(run.model, network.shape, 20, 3), run.source, "test")
    assert once["Fréchet distance"] == pytest.approx(plain.frechet, rel=1e-4)
    assert (once["precision"], once["recall"]) == plain.neighbours
    assert twice["pictures"] == "best of 2, by own discriminator" and "real training" in real["pictures"]
    assert table(rows).count("\n") == 4
    rated = [
        run.model.realness(Picking(run.model, Best(times, run.model.realness, "")).generate(50, 1)).mean()
        for times in (1, 4)
    ]
    assert rated[1] > rated[0] and np.isfinite(rated).all()
