"""Classifiers that need no network, beside those that are trained."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aigc_tf.data.labelled.source import LabelledSource
from aigc_tf.optional import needed

TFIDF, MAJORITY = "TF-IDF and logistic regression", "most frequent class"
_STRENGTHS = (1.0, 3.0, 10.0)  # C of the logistic regression, of which cross-validation chooses
_FOLDS = 3
_SPACED = 0.05  # share of spaces in texts whose words are told apart by them


def tfidf_probabilities(source: LabelledSource, texts: Sequence[str]) -> np.ndarray:
    """Probabilities of the classes, float64 `[texts, classes]`, by logistic regression over TF-IDF.

    Unigrams and bigrams of words, or of characters where words are not told apart by spaces, learnt from the training
    texts whose label is used; its strength is chosen among three by cross-validation on these.

    Raises:
        InputError: scikit-learn is not installed.
    """
    needed("sklearn", to="measure a baseline", extra="pairs", package="scikit-learn")
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV

    learnt = source.train.labelled()
    spaces = sum(text.count(" ") for text in learnt.texts) / max(1, sum(map(len, learnt.texts)))
    reader = TfidfVectorizer(
        analyzer="word" if spaces >= _SPACED else "char", ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"\w+"
    )
    features = reader.fit_transform(learnt.texts)
    regression = LogisticRegression(max_iter=1000)
    if np.bincount(learnt.labels).min() >= _FOLDS:
        regression = GridSearchCV(regression, {"C": _STRENGTHS}, cv=_FOLDS)
    regression.fit(features, learnt.labels)
    found = np.zeros((len(texts), len(source.classes.names)))
    found[:, regression.classes_] = regression.predict_proba(reader.transform(texts))
    return found


def majority_probabilities(source: LabelledSource, count: int) -> np.ndarray:
    """The shares of the classes among the training labels, `count` times: float64 `[count, classes]`."""
    counts = np.bincount(source.train.labelled().labels, minlength=len(source.classes.names))
    return np.tile(counts / counts.sum(), (count, 1))
