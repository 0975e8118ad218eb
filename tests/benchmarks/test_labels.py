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
from tools.benchmarks.spreading import Spreading, reduced


def bars(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Noise, with a bright upper or lower half: float32 `[count, 16, 16, 1]`, and classes."""
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


def test_labels_spread_along_circles_that_no_line_separates() -> None:
    angles, classes = np.random.default_rng(0).uniform(0, 2 * np.pi, 600), np.arange(600) % 2
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    circles = np.concatenate([circle * (classes == kind)[:, None] for kind in (0, 1)], axis=1)
    view = reduced(circles[:500], circles[500:])
    spreading = Spreading(view)
    probabilities = spreading.spread(np.array([0, 1]), np.array([0, 1]), 2)
    assert np.mean(probabilities.argmax(axis=1) == classes[:500]) > 0.99
    assert np.mean(spreading.further(probabilities) == classes[500:]) > 0.99
    twice = Spreading(view, view).spread(np.array([0, 1]), np.array([0, 1]), 2)
    np.testing.assert_allclose(twice, probabilities, atol=1e-6)
    by_a_line = without_network(circles[:2], np.array([0, 1]), circles[500:])["logistic regression"]
    assert np.mean(by_a_line == classes[500:]) < 0.9


def test_classes_have_equal_mass_however_few_pictures_are_near_a_label() -> None:
    vectors = np.random.default_rng(0).normal(size=(400, 8))
    probabilities = Spreading(reduced(vectors, vectors[:20])).spread(np.array([3, 7, 8]), np.array([0, 1, 2]), 3)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)
    assert np.bincount(probabilities.argmax(axis=1), minlength=3).min() > 40


def test_rows_are_of_every_method_and_of_runs_with_labels(tmp_path: Path) -> None:
    for kind in (SimCLR, SemiVAE):
        aigc_tf.train(dataclasses.replace(kind.tiny(), steps=1), tmp_path / kind.slug())
    rows = labels([tmp_path / "simclr", tmp_path / "semi_vae"], (2,), (0, 1), steps=1, pictures=40)
    by_method = {row["method"]: row for row in rows}
    assert by_method["semi_vae"]["labels a class"] == 50 and len(by_method["SVM (RBF)"]["accuracy"]) == 2
    assert {
        "label spreading over pixels",
        "simclr, linear probe",
        "simclr, label spreading",
        "simclr and pixels, label spreading",
        "simclr, fine-tuned",
        "simclr, fine-tuned on spread labels",
        "simclr's network from scratch",
    } < set(by_method)
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
