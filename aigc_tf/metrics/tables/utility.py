"""Utility of generated rows: train on synthetic, test on real (TSTR, Esteban et al. 2017, §4.1)."""

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
    """Gradient boosting trained on generated rows, compared with training on real ones.

    Figures, compared with a Gaussian copula, a bootstrap of training rows and the training rows themselves:

    - tstr_auc, for a categorical target: the area under the ROC curve, averaged over its values if there are more than
      two, or tstr_r2, for a numerical one: the explained share of its variance. Higher is better. They need
      scikit-learn (`pip install aigc-tf[benchmark]`), and are left out without it;
    - response_error: the error of the target's mean in each fifth, or for each value, of every other column
      (dose-response curves), in the target's standard deviations; lower is better.
    """

    def measure(self, model: Any, source: TableSource, recipe: Any, request: Request) -> Measurement:
        """Draw as many rows as there are training rows, at most 2,000; see `Evaluator.measure`."""
        rows = drawn_rows(model, source, request, min(MAX_ROWS, len(source.train)))
        real, scheme, target = source.part(request.part), source.scheme, source.target
        everything = rows | {REAL: source.train[evenly(len(source.train), MAX_ROWS)]}
        responses = {name: response_error(scheme, made, source.train, target) for name, made in everything.items()}
        real_response = responses.pop(REAL)
        del real_response  # always 0: the curves are those of the training rows
        figures: dict[str, Figure] = {"response_error": figure(responses, "lower")}
        facts: dict[str, Any] = {"predicted": scheme.names[target]}
        if importlib.util.find_spec("sklearn") is None:
            facts["tstr"] = "left out: scikit-learn is not installed"
        elif len(scheme.columns) > 1:
            measure = "tstr_auc" if isinstance(scheme.columns[target], Category) else "tstr_r2"
            found = {name: boosted(scheme, made, real, target) for name, made in everything.items()}
            figures[measure] = figure(found, "higher")
            facts["learner"] = "scikit-learn's HistGradientBoosting with its defaults"
        return Measurement(figures, protocol(source, request, rows) | facts)


def boosted(scheme: Scheme, made: np.ndarray, real: np.ndarray, target: int) -> float:
    """The figure on real rows of gradient boosting trained on `made`; see `Utility`."""
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
    """One-vs-rest area under the ROC curve, the mean over the values that occur.

    Args:
        chances: probabilities `[rows, learnt values]`.
        truth: indices of the true values, `[rows]`.
        places: column in `chances` of each learnt value; others count as chance.
    """
    areas = []
    for name in np.unique(truth):
        scores = chances[:, places[name]] if name in places else np.zeros(len(truth))
        is_it = truth == name
        if not is_it.all():
            areas.append(area_under_curve(scores[is_it], scores[~is_it]))
    return float(np.mean(areas)) if areas else 0.5


def response_error(scheme: Scheme, made: np.ndarray, real: np.ndarray, target: int) -> float:
    """Error of the target's response curves over every other column, in real standard deviations; see `Utility`.

    A categorical target is represented by the frequency of each of its values.
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
    """The mean outcome in each fifth of a column, or for each value; the overall mean where there are no rows."""
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
