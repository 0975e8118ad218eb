"""Instance retrieval: small changes, a network that discriminates instances, and its evaluation."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from aigc_tf.metrics import cache
from aigc_tf.metrics.images import small_network
from aigc_tf.metrics.images.crops import distinct, shrunk
from aigc_tf.metrics.images.features import Features
from aigc_tf.metrics.images.image_quality import psnr
from aigc_tf.metrics.images.retrieval import OTHER_SEED, retrieval, retrieval_network, slightly_changed

RANDOM = np.random.default_rng(0)
PIXELS: Any = SimpleNamespace(extract=lambda images: Features(images.reshape(len(images), -1).astype(np.float32), None))
"""A network whose features are the pixels."""


def drawings(count: int, seed: int) -> np.ndarray:
    """Two discs of random position and colour on a dark background: uint8 `[count, 16, 16, 3]`."""
    random, (rows, columns) = np.random.default_rng(seed), np.mgrid[:16, :16]
    made = np.full((count, 16, 16, 3), 20, np.uint8)
    for picture in made:
        for _ in range(2):
            row, column, size = random.uniform((3, 3, 2), (13, 13, 6))
            picture[np.hypot(rows - row, columns - column) < size] = random.integers(60, 256, 3)
    return made


def test_shares_in_closed_form():
    truths = RANDOM.integers(0, 256, (12, 4, 4, 1), np.uint8)
    assert retrieval(PIXELS, truths, truths) == (1, 1)
    assert retrieval(PIXELS, np.roll(truths, 1, axis=0), truths).first == 0
    half = np.concatenate([truths[:6], np.roll(truths[6:], 1, axis=0)])
    assert retrieval(PIXELS, half, truths).first == 0.5
    twins = truths[[0, 0, 1, 1, 2]]
    assert retrieval(PIXELS, twins, twins) == (1, 1)  # equal pictures count as one
    # Brightness does not change a vector's direction; with fewer truths than k, all are found.
    assert retrieval(PIXELS, truths // 2, truths).first == 1
    assert retrieval(PIXELS, truths[[1, 0]], truths[:2]) == (0, 1)
    assert retrieval(PIXELS, np.zeros_like(truths), truths).first <= 1 / 12


def test_changes_depend_on_seed_and_position_alone():
    pictures = drawings(8, 0)
    changed = slightly_changed(pictures, 3)
    assert changed.dtype == np.uint8 and changed.shape == pictures.shape
    np.testing.assert_array_equal(slightly_changed(pictures[5:], 3, 5), changed[5:])
    assert (slightly_changed(pictures, 4) != changed).any(axis=(1, 2, 3)).all()
    assert (slightly_changed(pictures, 3, 8) != changed).any(axis=(1, 2, 3)).all()
    likeness = psnr(changed / 255, pictures / 255)
    assert likeness.min() > 10 and likeness.max() < 40


def test_pictures_that_it_has_never_seen_are_told_apart(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(small_network, "training_steps", lambda images: 100)
    network = retrieval_network(distinct("drawings", drawings(200, 0), "none"))
    unseen = drawings(100, 1)
    found = retrieval(network, slightly_changed(unseen, OTHER_SEED), unseen)
    assert found.first > 0.7 and found.several > 0.95
    negatives = retrieval(network, 255 - unseen, unseen)
    assert negatives.first < 0.3


def test_the_same_pictures_have_one_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """In any order and number: it is trained once, and cached."""
    monkeypatch.setenv("AIGC_TF_CACHE", str(tmp_path / "cache"))
    before = cache.replace(cache.Cache())
    pictures = drawings(30, 0)
    first = retrieval_network(distinct("one", pictures, "none"))
    again = retrieval_network(distinct("one", np.concatenate([pictures[::-1], pictures]), "none"))
    assert again is first
    (kept,) = (tmp_path / "cache" / "features").glob("*.npz")
    assert "retrieval-16x16x3" in kept.name
    cache.replace(cache.Cache())
    monkeypatch.setattr(small_network, "train", None)  # calling it would fail
    assert retrieval_network(distinct("one", pictures, "none")).sha256 == first.sha256
    cache.replace(before)


def test_large_crops_are_averaged():
    crops = RANDOM.integers(0, 256, (3, 8, 8, 3), np.uint8)
    means = crops.reshape(3, 4, 2, 4, 2, 3).mean(axis=(2, 4))
    np.testing.assert_allclose(shrunk(crops, 4), means, atol=0.51)
    np.testing.assert_array_equal(shrunk(crops, 8), crops)
    assert shrunk(np.zeros((1, 50, 100, 1), np.uint8), 32).shape == (1, 16, 32, 1)
