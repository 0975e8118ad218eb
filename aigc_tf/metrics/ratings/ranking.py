"""Ranking metrics for held-out users (strong generalisation, Liang et al. 2018, §4)."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from aigc_tf.data.ratings.interactions import Users
from aigc_tf.data.ratings.source import RatingSource
from aigc_tf.data.source import PartName, evenly
from aigc_tf.metrics.evaluator import Chooser, Evaluator, Figure, Measurement, Request
from aigc_tf.metrics.ratings.baselines import (
    EASE,
    MAX_DENSE,
    NEIGHBOURS,
    POPULARITY,
    ease_scores,
    neighbour_scores,
    popularity_scores,
)

LIST = 100
"""Maximum length of a list."""
COVERED = 20
"""Items of each list used for coverage and popularity."""
_REGULARISATIONS = (25.0, 50.0, 100.0, 200.0, 400.0, 800.0)
_NEIGHBOURS, _SHRINKAGES = (20, 50, 200), (0.0, 10.0, 50.0)
_SHARES = tuple(np.linspace(0, 1, 11).round(1).tolist())
_RANK_OFFSET = 10.0

Scores = Callable[[Any], np.ndarray]
"""CSR `[users, items]` of the given items -> scores `[users, items]`."""


class Ranking(NamedTuple):
    """Ranked lists of users, and the hits of their held-out items."""

    ndcg: np.ndarray
    """NDCG@100 of each user, `[users]`."""
    recall_20: np.ndarray
    recall_50: np.ndarray
    lists: np.ndarray
    """Ids of the top items of each list, int `[users, at most 100]`."""


def ranked(scores: np.ndarray, users: Users) -> Ranking:
    """Rank the items that are not given by score, and compare with the held-out items.

    Args:
        scores: `[users, items]`.
        users: the users of the rows.
    """
    scores = np.array(scores, np.float64)
    scores[users.given.nonzero()] = -np.inf
    lists = np.argsort(-scores, axis=1, kind="stable")[:, :LIST]
    asked = users.asked.toarray() > 0
    hits = np.take_along_axis(asked, lists, axis=1)
    counts = asked.sum(axis=1)
    return Ranking(ndcg(hits, counts), recall(hits, counts, 20), recall(hits, counts, 50), lists)


def ndcg(hits: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Normalised discounted cumulative gain, NDCG (Järvelin & Kekäläinen 2002): `[users]`.

    Args:
        hits: bool `[users, places]`: which items of a list are held-out items.
        counts: number of held-out items.
    """
    discounts = 1 / np.log2(np.arange(2, hits.shape[1] + 2))
    best = np.cumsum(discounts)[np.minimum(counts, hits.shape[1]) - 1]
    gains: np.ndarray = (hits * discounts).sum(axis=1) / best
    return gains


def recall(hits: np.ndarray, counts: np.ndarray, places: int) -> np.ndarray:
    """Recall@`places`, normalised by the most hits possible (Liang et al. 2018, §4.2): `[users]`."""
    shares: np.ndarray = hits[:, :places].sum(axis=1) / np.minimum(counts, places)
    return shares


def mean_ndcg(scores: np.ndarray, users: Users) -> float:
    """NDCG@100, the mean over users."""
    return float(ranked(scores, users).ndcg.mean())


class MissedGain(Chooser):
    """1 - NDCG@100 on held-out users."""

    name = "missed_ndcg_100"

    def value(self, model: Any, source: RatingSource, recipe: Any, samples: int, part: PartName) -> float:
        """From 0 to 1, on at most `samples` users."""
        users: Users = source.part(part)
        users = users.only(evenly(len(users), samples))
        return 1 - mean_ndcg(model.scores(users.given.toarray()), users)


class Chosen(NamedTuple):
    """A method whose settings were tuned on validation users."""

    scores: Scores
    settings: str


def chosen_baselines(source: RatingSource) -> dict[str, Chosen]:
    """Popularity, item-kNN, and EASE if its matrix is not too large, fitted to the training users.

    Their settings, and whether low ratings are used, are those with the highest NDCG@100 on validation users.
    """
    users = source.watched
    matrices = {"": source.train.liked, ", low ratings too": source.train.given}
    if source.train.liked.nnz == source.train.given.nnz:
        del matrices[", low ratings too"]

    def best(candidates: Mapping[str, Scores]) -> Chosen:
        found = {name: mean_ndcg(scores(users.given), users) for name, scores in candidates.items()}
        name = max(found, key=lambda each: found[each])
        return Chosen(candidates[name], name)

    liked = source.train.liked
    methods = {
        POPULARITY: Chosen(partial(popularity_scores, liked), "none"),
        NEIGHBOURS: best(
            {
                f"{count} neighbours, shrinkage {shrinkage:g}{which}": partial(
                    neighbour_scores, matrix, neighbours=count, shrinkage=shrinkage
                )
                for (which, matrix), count, shrinkage in itertools.product(matrices.items(), _NEIGHBOURS, _SHRINKAGES)
            }
        ),
    }
    if min(liked.shape) <= MAX_DENSE:
        methods[EASE] = best(
            {
                f"λ {value:g}{which}": partial(ease_scores, matrix, regularisation=value)
                for (which, matrix), value in itertools.product(matrices.items(), _REGULARISATIONS)
            }
        )
    return methods


def rank_ensemble(first: np.ndarray, second: np.ndarray, share: float, users: Users) -> np.ndarray:
    """Weighted reciprocal rank fusion: share/(10 + rank in the first) + (1 - share)/(10 + rank in the second).

    After Cormack et al. 2009. Given items are not ranked.

    Args:
        first: scores `[users, items]`.
        second: scores of another method.
        share: weight of the first.
        users: the users of the rows.
    """
    fused = np.zeros(first.shape)
    for given_scores, weight in ((first, share), (second, 1 - share)):
        scores = np.array(given_scores, np.float64)
        scores[users.given.nonzero()] = -np.inf
        order = np.argsort(-scores, axis=1, kind="stable")
        places = np.empty_like(order)
        np.put_along_axis(places, order, np.arange(order.shape[1])[None], axis=1)
        fused += weight / (_RANK_OFFSET + places)
    return fused


def chosen_share(first: Scores, second: Scores, users: Users) -> float:
    """The weight of the first of two methods with the highest NDCG@100 of their ensemble on these users."""
    one, other = first(users.given), second(users.given)
    found = {share: mean_ndcg(rank_ensemble(one, other, share, users), users) for share in _SHARES}
    return max(found, key=lambda share: found[share])


class HeldOutUsers(Evaluator):
    """Held-out users, with 80 % of the items they like given and the rest held out; all items are ranked.

    Figures, compared with popularity, item-kNN and EASE:

    - ndcg_100, recall_20 and recall_50, higher is better, and ndcg_100_error, the standard error of the first;
    - ensemble_ndcg_100, ensemble_recall_20 and ensemble_recall_50, of the rank fusion of the model and EASE;
    - coverage_20, the share of the items that are in the top 20 of at least one user, higher is better;
    - popularity_20, the mean popularity of these items among training users over that of the held-out items: above 1
      the lists are more popular than people's own choices.
    """

    def measure(self, model: Any, source: RatingSource, recipe: Any, request: Request) -> Measurement:
        """Measured on at most `request.samples` users of the part; see `Evaluator.measure`."""
        users: Users = source.part(request.part)
        users = users.only(evenly(len(users), request.samples))
        methods = chosen_baselines(source)

        def of_model(given: Any) -> np.ndarray:
            found: np.ndarray = model.scores(np.asarray(given.toarray(), np.float32))
            return found

        scores = {name: method.scores(users.given) for name, method in methods.items()}
        beside = {name: figures_of(ranked(found, users), source, users) for name, found in scores.items()}
        own_scores = of_model(users.given)
        own = ranked(own_scores, users)
        figures = {
            name: Figure(value, _BETTER[name], {method: found[name] for method, found in beside.items()})
            for name, value in figures_of(own, source, users).items()
        }
        figures["ndcg_100_error"] = Figure(standard_error(own.ndcg), "neither")
        protocol = {
            "users": len(users),
            "items": len(source.items),
            f"{request.part} split": source.split_in_words(request.part),
            "ranked": "all items that are not given",
            **{f"settings of {name}": method.settings for name, method in methods.items()},
            "chosen on": source.validation_split,
        }
        if EASE in methods:
            share = chosen_share(of_model, methods[EASE].scores, source.watched)
            both = ranked(rank_ensemble(own_scores, scores[EASE], share, users), users)
            found = figures_of(both, source, users)
            alone = {name: {recipe.slug(): figures[name].value, EASE: beside[EASE][name]} for name in _ACCURACY}
            figures |= {f"ensemble_{name}": Figure(found[name], "higher", alone[name]) for name in _ACCURACY}
            protocol["ensemble"] = f"reciprocal ranks with EASE, weight of the model {share:g}"
        else:
            protocol[f"settings of {EASE}"] = f"not measured: more than {MAX_DENSE:,} users and items"
        return Measurement(figures, protocol)


_ACCURACY = ("ndcg_100", "recall_20", "recall_50")
_BETTER: dict[str, Any] = {
    **dict.fromkeys((*_ACCURACY, "coverage_20"), "higher"),
    "popularity_20": "neither",
}


def figures_of(ranking: Ranking, source: RatingSource, users: Users) -> dict[str, float]:
    """Accuracy, coverage and popularity of lists, by name."""
    first = ranking.lists[:, :COVERED]
    counts = np.array(source.items.counts, np.float64)
    asked = counts[users.asked.indices].mean()
    return {
        "ndcg_100": float(ranking.ndcg.mean()),
        "recall_20": float(ranking.recall_20.mean()),
        "recall_50": float(ranking.recall_50.mean()),
        "coverage_20": len(np.unique(first)) / len(counts),
        "popularity_20": float(counts[first].mean() / asked),
    }


def standard_error(values: np.ndarray) -> float:
    """Standard error of the mean of some values, 0 for a single one."""
    return float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else 0.0
