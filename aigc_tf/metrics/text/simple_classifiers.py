"""Text classification baselines without a network."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aigc_tf.data.labelled.source import LabelledSource
from aigc_tf.optional import needed

TFIDF, MAJORITY = "TF-IDF and logistic regression", "most frequent class"
_STRENGTHS = (1.0, 3.0, 10.0)  # C of the logistic regression, chosen by cross-validation
_FOLDS = 3
_SPACED = 0.05  # minimum share of spaces in texts with space-separated words


def tfidf_probabilities(source: LabelledSource, texts: Sequence[str]) -> np.ndarray:
    """Class probabilities, float64 `[texts, classes]`, by logistic regression on TF-IDF features.

    Features are unigrams and bigrams of words, or of characters in texts without spaces; fitted to the training texts
    whose label is used, with the regularisation strength chosen among three by cross-validation.

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
