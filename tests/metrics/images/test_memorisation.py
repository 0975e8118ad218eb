"""Memorisation: copies of training images are found, against the expected distance."""

import numpy as np
import pytest

from aigc_tf.data.source import evenly
from aigc_tf.errors import InputError
from aigc_tf.metrics.images import memorisation
from aigc_tf.metrics.images.memorisation import nearest_picture, nearest_training_images


def test_copies_are_at_distance_zero(stripes):
    source = stripes()
    found = nearest_training_images(source.train.images[[5, 50]], source, "test", count=2)
    assert found.nearest.indices[:, 0].tolist() == [5, 50]
    assert found.nearest.distances[:, 0].tolist() == [0, 0]
    summary = found.summary()
    assert summary["ratio"] == 0 and summary["suspicious_share"] == 1
    assert summary["held_out_median_distance"] > 0


def test_new_images_of_the_same_kind_are_as_near_as_the_held_out(stripes):
    source = stripes(test=80)
    fresh = stripes(train=260).train.images[200:]
    summary = nearest_training_images(fresh, source, "test", 1).summary()
    assert 0.8 < summary["ratio"] < 1.25
    assert summary["suspicious_share"] < 0.2


def test_distances_are_euclidean_over_pixels_in_unit_range(stripes):
    source = stripes()
    samples = source.test.images[:3]
    found = nearest_training_images(samples, source, "test", count=3)
    unit_samples, unit_train = samples.astype(float) / 255, source.train.images.astype(float) / 255
    expected = np.linalg.norm((unit_samples[:, None] - unit_train[None]).reshape(3, len(unit_train), -1), axis=2)
    np.testing.assert_array_equal(found.nearest.indices, np.argsort(expected, axis=1)[:, :3])
    np.testing.assert_allclose(found.nearest.distances, np.sort(expected, axis=1)[:, :3], rtol=1e-12)


def test_held_out_images_are_a_spread_of_the_test_split(stripes, monkeypatch):
    monkeypatch.setattr(memorisation, "_HELD_OUT_IMAGES", 7)
    source = stripes(test=40)
    held_out = nearest_training_images(source.test.images[:1], source, "test", 1).held_out_distances
    spread = nearest_training_images(source.test.images[evenly(40, 7)], source, "test", 1).nearest.distances[:, 0]
    assert len(held_out) == 7
    np.testing.assert_allclose(held_out, spread)
    # Cached for the next call.
    assert nearest_training_images(source.test.images[:1], source, "test", 1).held_out_distances is held_out


def test_bad_requests(stripes):
    source = stripes(train=4)
    with pytest.raises(ValueError, match="float64"):
        nearest_training_images(np.zeros((1, 16, 16, 1)), source, "test")
    with pytest.raises(ValueError, match=r"\(1, 8, 8, 1\)"):
        nearest_training_images(np.zeros((1, 8, 8, 1), np.uint8), source, "test")
    with pytest.raises(InputError, match="4 training and 40 test images: too few"):
        nearest_training_images(source.test.images[:1], source, "test", count=5)


def test_picture_pairs_samples_with_their_neighbours():
    samples = np.full((2, 3, 4, 1), 10, np.uint8) + np.array([0, 1], np.uint8)[:, None, None, None]
    train = np.arange(20, 25, dtype=np.uint8)[:, None, None, None] * np.ones((1, 3, 4, 1), np.uint8)
    picture = nearest_picture(samples, train, np.array([[4, 0], [1, 2]]))
    assert picture.dtype == np.uint8 and picture.shape == (2 * 5 - 2, 3 * 6 + 2, 1)
    rows = [picture[1, :, 0], picture[6, :, 0]]
    assert rows[0].tolist() == [10] * 4 + [255] * 6 + [24] * 4 + [255] * 2 + [20] * 4
    assert rows[1].tolist() == [11] * 4 + [255] * 6 + [21] * 4 + [255] * 2 + [22] * 4
    assert (picture[3:5] == 255).all()
