"""Sampling of images for evaluation: chunks, seeds, conditions."""

import numpy as np
import pytest

from aigc_tf.metrics.images import drawing as drawn
from aigc_tf.metrics.images.drawing import chunk_seed, generated_images


@pytest.mark.parametrize(("classes", "fewest"), [(1000, 1), (102, 11)])
def test_classes_come_equally_often_whatever_the_chunks(classes, fewest):
    """1,200 samples are generated 500 at a time: no chunk restarts at the first class."""
    given = []

    class Conditional:
        def conditions(self, wanted, count):
            assert wanted is None
            return np.arange(count, dtype=np.int32) % classes

        def generate(self, count, seed=0, condition=None):
            assert len(condition) == count
            given.extend(condition)
            return np.zeros((count, 2, 2, 1), np.float32)

    assert sum(map(len, generated_images(Conditional(), (2, 2, 1), 1200))) == 1200
    counts = np.bincount(given, minlength=classes)
    assert counts.min() == fewest and counts.max() == fewest + 1 and len(counts) == classes


def test_samples_come_in_chunks_with_their_own_seeds(monkeypatch, drawing):
    monkeypatch.setattr(drawn, "_CHUNK_IMAGES", 8)
    model = drawing(None, (4, 4, 1))
    chunks = list(generated_images(model, (4, 4, 1), 20, seed=3))
    assert [len(chunk) for chunk in chunks] == [8, 8, 4]
    assert model.calls == [(8, chunk_seed(3, 0)), (8, chunk_seed(3, 1)), (4, chunk_seed(3, 2))]
    assert {chunk.dtype for chunk in chunks} == {np.dtype(np.uint8)}
    seeds = {chunk_seed(seed, index) for seed in range(50) for index in range(50)}
    assert len(seeds) == 2500 and max(seeds) < 2**31 and min(seeds) >= 0


def test_large_images_come_in_small_chunks(drawing):
    chunks = generated_images(drawing(None, (512, 512, 3)), (512, 512, 3), 1000)
    assert len(next(chunks)) == 21  # 2**24 numbers are 64 MB


def test_images_are_rounded_as_in_a_png():
    class Ramp:
        def conditions(self, given, count):
            return None

        def generate(self, count, seed=0, condition=None):
            return np.array([-0.1, 0.0, 0.5 / 255 - 1e-5, 0.5 / 255 + 1e-5, 1.0, 1.2], np.float32).reshape(1, 6, 1, 1)

    (chunk,) = generated_images(Ramp(), (6, 1, 1), 1)
    assert chunk.ravel().tolist() == [0, 0, 0, 1, 255, 255]
