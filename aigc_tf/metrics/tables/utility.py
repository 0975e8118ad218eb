"""Whether drawn rows can stand for real ones: train on synthetic, test on real (TSTR, Esteban et al. 2017, §4.1)."""

from __future__ import annotations

import importlib.util
from typing import Any

import numpy as np

from aigc_tf.data.source import evenly
from aigc_tf.data.tables.scheme import Category, Scheme
from aigc_tf.data.tables.source import TableSource
from aigc_tf.metrics.evaluator import Evaluator, Figure, Measurement, Request
from aigc_tf.metrics.tables.drawn import MAX_ROWS, drawn_rows, figure, protocol
from aigc_tf.metrics.tables.ranking import area_under_curve

REAL = "training rows themselves"
_FIFTHS = np.arange(1, 5) / 5


class Utility(Evaluator):
    """What gradient boosting learns from drawn rows, beside what it learns from real ones.

    Figures, with a Gaussian copula, training rows drawn again and the training rows themselves beside them:

    - tstr_auc, where a category is predicted: the area under the ROC curve, of several names the mean over them, or
      tstr_r2, where a number is: the share of its variance that is explained. Higher is better. They need scikit-learn
      (`pip install aigc-tf[benchmark]`), and are left out without it;
    - response_error: how far the mean of what is predicted is off in each fifth, or for each name, of every other
      column (dose and response), in its standard deviations; lower is better.
    """

    def measure(self, model: Any, source: TableSource, recipe: Any, request: Request) -> Measurement:
        """As many drawn rows as there are training rows, at most 2,000; see `Evaluator.measure`."""
        rows = drawn_rows(model, source, request, min(MAX_ROWS, len(source.train)))
        real, scheme, target = source.part(request.part), source.scheme, source.target
        everything = rows | {REAL: source.train[evenly(len(source.train), MAX_ROWS)]}
        responses = {name: response_error(scheme, made, source.train, target) for name, made in everything.items()}
        real_response = responses.pop(REAL)
        del real_response  # 0: the curves are those of the training rows
        figures: dict[str, Figure] = {"response_error": figure(responses, "lower")}
        facts: dict[str, Any] = {"predicted": scheme.names[target]}
        if importlib.util.find_spec("sklearn") is None:
            facts["tstr"] = "left out: scikit-learn is not installed"
        elif len(scheme.columns) > 1:
            measure = "tstr_auc" if isinstance(scheme.columns[target], Category) else "tstr_r2"
            found = {name: boosted(scheme, made, real, target) for name, made in everything.items()}
            figures[measure] = figure(found, "higher")
            facts["learner"] = "scikit-learn's HistGradientBoosting, as it is by default"
        return Measurement(figures, protocol(source, request, rows) | facts)


def boosted(scheme: Scheme, made: np.ndarray, real: np.ndarray, target: int) -> float:
    """The figure on real rows of gradient boosting that has learnt from others; see `Utility`."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    others = [at for at in range(len(scheme.columns)) if at != target]
    kinds = [isinstance(scheme.columns[at], Category) for at in others]
    made, real = (rows[~np.isnan(rows[:, target])] for rows in (made, real))
    if isinstance(scheme.columns[target], Category):
        if len(np.unique(made[:, target])) < 2:
            return 0.5
        classifier = HistGradientBoostingClassifier(categorical_features=kinds, random_state=0)
        chances = classifier.fit(made[:, others], made[:, target]).predict_proba(real[:, others])
        places = {name: at for at, name in enumerate(classifier.classes_)}
        return mean_area(chances, real[:, target], places)
    regressor = HistGradientBoostingRegressor(categorical_features=kinds, random_state=0)
    found = regressor.fit(made[:, others], made[:, target]).predict(real[:, others])
    return float(1 - ((found - real[:, target]) ** 2).mean() / real[:, target].var())


def mean_area(chances: np.ndarray, truth: np.ndarray, places: dict[float, int]) -> float:
    """The area under the ROC curve, the mean over the names that are there, each against all others.

    Args:
        chances: probabilities `[rows, names that were learnt]`.
        truth: places of names, `[rows]`.
        places: of names that were learnt among the columns of `chances`; others are guesses.
    """
    areas = []
    for name in np.unique(truth):
        scores = chances[:, places[name]] if name in places else np.zeros(len(truth))
        is_it = truth == name
        if not is_it.all():
            areas.append(area_under_curve(scores[is_it], scores[~is_it]))
    return float(np.mean(areas)) if areas else 0.5


def response_error(scheme: Scheme, made: np.ndarray, real: np.ndarray, target: int) -> float:
    """How far the curves of a target over every other column are apart, in deviations of what is real; see `Utility`.

    A category is predicted as how often it is each of its names.
    """
    column = scheme.columns[target]
    known = real[~np.isnan(real[:, target])]
    names = range(column.choices) if isinstance(column, Category) else (None,)
    errors = []
    for name in names:
        outcome = _outcome(known, target, name)
        scale = float(outcome.std())
        for at in range(len(scheme.columns)):
            if at != target and scale > 0:
                curves = [_curve(rows, at, target, name, known, scheme) for rows in (made, known)]
                errors.append(float(np.abs(curves[0] - curves[1]).mean()) / scale)
    return float(np.mean(errors)) if errors else 0.0


def _outcome(rows: np.ndarray, target: int, name: int | None) -> np.ndarray:
    return rows[:, target] if name is None else (rows[:, target] == name).astype(np.float64)


def _curve(rows: np.ndarray, at: int, target: int, name: int | None, real: np.ndarray, scheme: Scheme) -> np.ndarray:
    """The mean outcome in each fifth of a column, or for each name; that of all rows where none is there."""
    rows = rows[~np.isnan(rows[:, target])]
    outcome = _outcome(rows, target, name)
    column = scheme.columns[at]
    if isinstance(column, Category):
        groups, count = rows[:, at], column.choices
        wanted = [number for number in range(count) if (real[:, at] == number).any()]
    else:
        edges = np.unique(np.quantile(real[~np.isnan(real[:, at]), at], _FIFTHS))
        groups = np.where(np.isnan(rows[:, at]), -1, np.searchsorted(edges, rows[:, at], side="right"))
        wanted = list(range(len(edges) + 1))
    everywhere = float(outcome.mean()) if len(outcome) else 0.0
    return np.array([outcome[groups == group].mean() if (groups == group).any() else everywhere for group in wanted])
