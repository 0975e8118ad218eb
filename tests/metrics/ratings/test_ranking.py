"""NDCG and recall by hand, baselines by definition, and rank ensembles."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from aigc_tf.data.ratings.interactions import Users, matrix_of
from aigc_tf.data.ratings.opening import open_source
from aigc_tf.metrics.ratings.baselines import EASE, NEIGHBOURS, POPULARITY, ease_scores, neighbour_scores
from aigc_tf.metrics.ratings.ranking import (
    chosen_baselines,
    chosen_share,
    mean_ndcg,
    ndcg,
    rank_ensemble,
    ranked,
    recall,
)
from aigc_tf.recipes.mult_vae import MultVAE

RANDOM = np.random.default_rng(0)


def random_likes(users: int, items: int) -> sparse.csr_matrix:
    return sparse.csr_matrix((RANDOM.uniform(size=(users, items)) < 0.3).astype(np.float32))


def test_gain_by_hand():
    hits = np.array([[True, False, True], [False, False, False]])
    best = 1 + 1 / np.log2(3)
    np.testing.assert_allclose(ndcg(hits, np.array([2, 1])), [(1 + 1 / np.log2(4)) / best, 0])
    assert ndcg(np.ones((1, 3), bool), np.array([7]))[0] == 1  # more target items than list positions


def test_recall_counts_what_fits():
    hits = np.array([[True, True, False, True]])
    assert recall(hits, np.array([4]), 2)[0] == 1
    assert recall(hits, np.array([4]), 3)[0] == pytest.approx(2 / 3)
    assert recall(hits, np.array([3]), 4)[0] == 1


def test_what_is_given_is_never_listed():
    users = Users(("a",), matrix_of([np.array([0, 1])], 4), matrix_of([np.array([2])], 4))
    found = ranked(np.array([[9.0, 8.0, 1.0, 2.0]]), users)
    assert found.lists[0, :2].tolist() == [3, 2]
    assert found.ndcg[0] == pytest.approx(1 / np.log2(3))


def test_neighbours_are_cosines():
    liked, given = random_likes(30, 12), random_likes(4, 12)
    known = liked.toarray().astype(np.float64)
    norms = np.linalg.norm(known, axis=0)
    cosines = known.T @ known / (np.outer(norms, norms) + 2.0)
    np.fill_diagonal(cosines, 0)
    np.testing.assert_allclose(neighbour_scores(liked, given, 12, 2.0), given @ cosines, atol=1e-9)
    kept = np.where(cosines >= np.sort(cosines, axis=1)[:, -3, None], cosines, 0)
    np.testing.assert_allclose(neighbour_scores(liked, given, 3, 2.0), given @ kept.T, atol=1e-9)


@pytest.mark.parametrize("shape", [(40, 12), (12, 40)])
def test_ease_is_the_constrained_least_squares_solution(shape: tuple[int, int]):
    """Steck 2019, eq. 2 to 4: no self-similarity, and zero gradient off the diagonal; for both inversion methods."""
    liked, given = random_likes(*shape), sparse.csr_matrix(np.eye(shape[1], dtype=np.float32))
    weights = ease_scores(liked, given, 3.0)  # for single items: the rows of B
    known = liked.toarray().astype(np.float64)
    np.testing.assert_allclose(np.diag(weights), 0, atol=1e-9)
    gradient = known.T @ (known @ weights - known) + 3.0 * weights
    np.fill_diagonal(gradient, 0)
    np.testing.assert_allclose(gradient, 0, atol=1e-8)


def test_baselines_are_chosen_on_validation_users_and_beat_popularity():
    source = open_source(MultVAE())
    found = chosen_baselines(source)
    gains = {name: mean_ndcg(method.scores(source.test.given), source.test) for name, method in found.items()}
    assert set(gains) == {POPULARITY, NEIGHBOURS, EASE}
    assert gains[EASE] > gains[POPULARITY] + 0.05 and gains[NEIGHBOURS] > gains[POPULARITY] + 0.05
    assert found[EASE].settings.startswith("λ ")


def test_an_ensemble_with_one_weight_is_that_list():
    users = Users(("a",), matrix_of([np.array([0])], 5), matrix_of([np.array([1])], 5))
    one, other = np.array([[9.0, 1, 2, 3, 4]]), np.array([[9.0, 4, 3, 2, 1]])
    assert ranked(rank_ensemble(one, other, 1.0, users), users).lists[0, :4].tolist() == [4, 3, 2, 1]
    assert ranked(rank_ensemble(one, other, 0.0, users), users).lists[0, :4].tolist() == [1, 2, 3, 4]
    assert chosen_share(lambda _: one, lambda _: other, users) == 0
