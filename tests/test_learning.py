"""Short training on the shipped set gives pictures like the data: neither blank nor all the same."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

import aigc_tf
from aigc_tf.recipes.dcgan import DCGAN
from aigc_tf.recipes.settings import LoggingSettings


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> aigc_tf.Run:
    never = LoggingSettings(samples_every=10_000, evaluate_every=10_000)
    recipe = DCGAN(source="fashion_mnist_10k", steps=900, logging=never)
    return aigc_tf.train(recipe, tmp_path_factory.mktemp("learning") / "run")


def distances(images: np.ndarray) -> np.ndarray:
    """Root mean square difference of every pair: `[count * (count - 1) / 2]`."""
    flat = images.reshape(len(images), -1)
    differences = np.sqrt(((flat[:, None] - flat[None]) ** 2).mean(-1))
    return differences[np.triu_indices(len(images), 1)]


def test_samples_are_as_varied_as_the_data_and_none_is_blank(run: aigc_tf.Run):
    samples = run.generate(100)
    data = run.source.test.images[:100] / 255
    assert np.median(distances(samples)) == pytest.approx(np.median(distances(data)), rel=0.35)
    assert distances(samples).min() > 0.25 * distances(data).min()
    brightness, contrast = samples.mean((1, 2, 3)), samples.std((1, 2, 3))
    assert ((brightness > 0.02) & (brightness < 0.9) & (contrast > 0.05)).all()
    assert brightness.mean() == pytest.approx(data.mean(), rel=0.25)


def test_it_learns(run: aigc_tf.Run, tmp_path: Path):
    """The trained model is far closer to the data than the untrained one."""
    from aigc_tf.metrics.images.samples import frechet_distance_of_model

    untrained = aigc_tf.create(dataclasses.replace(run.recipe, seed=1))
    before, after = (
        frechet_distance_of_model(model, run.source, run.recipe, 1000, part="test") for model in (untrained, run.model)
    )
    assert after < before / 2
