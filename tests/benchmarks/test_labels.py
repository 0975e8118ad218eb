"""The semi-supervised benchmark: all methods use the same labels; means have standard errors."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

import aigc_tf
from aigc_tf.errors import InputError
from aigc_tf.recipes.dcgan import DCGAN
from aigc_tf.recipes.semi_vae import SemiVAE
from aigc_tf.recipes.simclr import SimCLR
from tools.benchmarks.labels import labels, table, trained, without_network


def bars(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Noise, bright above or below: float32 `[count, 16, 16, 1]` and classes."""
    classes = np.arange(count) % 2
    images = np.random.default_rng(count).uniform(0, 0.5, (count, 16, 16, 1)).astype(np.float32)
    images[classes == 0, :8] += 0.4
    images[classes == 1, 8:] += 0.4
    return images, classes


def test_what_is_trained_tells_classes_apart_and_the_encoder_stays() -> None:
    encoding = aigc_tf.create(SimCLR.tiny()).encoding
    before = [weight.numpy() for weight in encoding.weights]
    images, classes = bars(20)
    network = trained(encoding, images, classes, 2, seed=0, steps=40)
    others, truth = bars(31)
    assert np.mean(network.predict(others, verbose=0).argmax(axis=1) == truth) > 0.9
    for weight, kept in zip(encoding.weights, before, strict=True):
        np.testing.assert_array_equal(weight, kept)
    assert all(np.mean(told == truth) > 0.9 for told in without_network(images, classes, others).values())


def test_rows_are_of_every_method_and_of_runs_with_labels(tmp_path: Path) -> None:
    for kind in (SimCLR, SemiVAE):
        aigc_tf.train(dataclasses.replace(kind.tiny(), steps=1), tmp_path / kind.slug())
    rows = labels([tmp_path / "simclr", tmp_path / "semi_vae"], (2,), (0, 1), steps=1, pictures=40)
    by_method = {row["method"]: row for row in rows}
    assert by_method["semi_vae"]["labels a class"] == 50 and len(by_method["SVM (RBF)"]["accuracy"]) == 2
    assert {"simclr, linear probe", "simclr, fine-tuned", "simclr's network from scratch"} < set(by_method)
    assert all(0 <= value <= 1 for row in rows for value in row["accuracy"])


def test_the_table_has_standard_errors() -> None:
    rows = [
        {"method": "a", "labels a class": 10, "accuracy": [0.6, 0.8]},
        {"method": "b", "labels a class": 10, "accuracy": [0.9]},
    ]
    assert [line.split(" | ")[1:3] for line in table(rows).splitlines()[2:]] == [["b", "90.0"], ["a", "70.0 ± 10.0"]]


def test_other_runs_are_refused(tmp_path: Path) -> None:
    aigc_tf.train(dataclasses.replace(DCGAN.tiny(), steps=1), tmp_path / "dcgan")
    with pytest.raises(InputError, match="no run learns from pictures without labels"):
        labels([tmp_path / "dcgan"], (2,), (0,), steps=1, pictures=40)
