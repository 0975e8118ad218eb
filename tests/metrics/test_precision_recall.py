"""Blockwise distances, and precision and recall, against naive loops and small sets."""

import numpy as np
import pytest

from aigc_tf.metrics import distances
from aigc_tf.metrics.distances import blocks, nearest
from aigc_tf.metrics.precision_recall import precision_recall


@pytest.fixture
def small_blocks(monkeypatch):
    """Blocks of 7 rows, so that small sets have several blocks and a partial one."""
    monkeypatch.setattr(distances, "_BLOCK_ROWS", 7)


def naive(real, generated, neighbours):
    """Kynkäänniemi et al. 2019, eqs. 1 and 2, point by point."""

    def radius(index, points):
        others = [np.linalg.norm(points[index] - points[j]) for j in range(len(points)) if j != index]
        return sorted(others)[neighbours - 1]

    def covered(points, manifold):
        radii = [radius(index, manifold) for index in range(len(manifold))]
        inside = [any(np.linalg.norm(p - c) <= r for c, r in zip(manifold, radii, strict=True)) for p in points]
        return np.mean(inside)

    return covered(generated, real), covered(real, generated)


@pytest.mark.parametrize("neighbours", [1, 3])
def test_against_loops(small_blocks, neighbours):
    random = np.random.default_rng(0)
    real, generated = random.normal(size=(40, 4)), random.normal(size=(31, 4)) * 0.8 + 0.5
    found = precision_recall(real, generated, neighbours)
    assert found == naive(real, generated, neighbours)
    assert min(found) > 0.1 and max(found) < 1


def test_disjoint_sets():
    random = np.random.default_rng(1)
    real = random.normal(size=(50, 3))
    assert precision_recall(real, real + 100) == (0, 0)


def test_equal_sets():
    real = np.random.default_rng(2).normal(size=(50, 3))
    assert precision_recall(real, real) == (1, 1)


def test_one_mode_of_two():
    random = np.random.default_rng(3)
    mode, other = random.normal(size=(200, 2)), random.normal(size=(200, 2)) + 100
    generated = mode[::2] + 1e-6
    precision, recall = precision_recall(np.concatenate([mode, other]), generated)
    assert precision == 1
    assert 0.3 < recall <= 0.5


def test_collapsed_generator():
    random = np.random.default_rng(4)
    real = random.normal(size=(50, 3))
    assert precision_recall(real, np.repeat(real[:1], 50, axis=0)) == (1, pytest.approx(1 / 50))


def test_too_few():
    with pytest.raises(ValueError, match="more than 3"):
        precision_recall(np.ones((3, 2)), np.ones((10, 2)))


def test_nearest_against_loops(small_blocks):
    random = np.random.default_rng(5)
    queries, vectors = random.normal(size=(20, 3)), random.normal(size=(50, 3))
    found = nearest(queries, vectors, 4)
    all_distances = np.linalg.norm(queries[:, None] - vectors[None], axis=2)
    np.testing.assert_array_equal(found.indices, np.argsort(all_distances, axis=1)[:, :4])
    np.testing.assert_allclose(found.distances, np.sort(all_distances, axis=1)[:, :4], rtol=1e-12)


def test_nearest_with_ties_and_copies(small_blocks):
    vectors = np.repeat(np.arange(4.0), 5)[:, None]  # 0 0 0 0 0 1 1 ...
    found = nearest(np.array([[1.0], [2.9]]), vectors, 7)
    assert found.indices.tolist() == [[5, 6, 7, 8, 9, 0, 1], [15, 16, 17, 18, 19, 10, 11]]
    np.testing.assert_allclose(found.distances, [[0] * 5 + [1] * 2, [0.1] * 5 + [0.9] * 2], atol=1e-7)


def test_nearest_when_blocks_are_smaller_than_the_count(monkeypatch):
    monkeypatch.setattr(distances, "_BLOCK_ROWS", 2)
    vectors = np.arange(9.0)[:, None]
    assert nearest(np.array([[0.1]]), vectors, 5).indices.tolist() == [[0, 1, 2, 3, 4]]


def test_nearest_of_whole_numbers_is_exact(small_blocks):
    images = np.random.default_rng(6).integers(0, 256, (30, 28, 28, 1), np.uint8)
    found = nearest(images[[3, 17]], images, 2)
    assert found.indices[:, 0].tolist() == [3, 17]
    assert found.distances[:, 0].tolist() == [0, 0]


def test_nearest_of_nothing_and_among_too_few():
    assert nearest(np.ones((0, 2)), np.ones((5, 2)), 3).indices.shape == (0, 3)
    with pytest.raises(ValueError, match="3 neighbours"):
        nearest(np.ones((1, 2)), np.ones((2, 2)), 3)


def test_blocks_hold_a_bounded_number_of_numbers():
    images = np.zeros((100, 512, 512, 3), np.uint8)
    parts = list(blocks(images[:20]))
    assert max(part.size for _, part in parts) <= distances._BLOCK_NUMBERS
    assert sum(len(part) for _, part in parts) == 20
    assert [start for start, _ in parts] == list(range(0, 20, len(parts[0][1])))
