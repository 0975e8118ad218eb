"""Image-text retrieval on held-out pictures and captions."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np

from aigc_tf.data.captioned.source import CaptionedSource
from aigc_tf.data.source import PartName
from aigc_tf.errors import InputError
from aigc_tf.families.matching.model import Matcher
from aigc_tf.metrics.captioned.pixels import cells, nearest_captions
from aigc_tf.metrics.distances import squared_distances
from aigc_tf.metrics.evaluator import Chooser, Evaluator, Figure, Measurement, Picture, Request
from aigc_tf.modalities.captions import captioned
from aigc_tf.recipes.match import Match

MAX_PAIRS = 1000  # retrieved among each other
AT = (1, 10)  # k of recall at k
CHANCE, NEAREST = "chance", "pixels nearest to the training picture of the nearest caption (TF-IDF)"
SHOWN, SHOWN_OF_EACH = 8, 5
FOUND = "Held-out captions: the right picture, and those that the model finds for it among all held-out ones."


class Matching(Evaluator):
    """Recall of the right picture for a held-out caption, and of the right caption for a picture.

    Figures, shares from 0 to 1, higher is better, each beside chance:

    - recall_at_1 and recall_at_10: captions whose picture ranks first, or among the first ten, of the part;
    - caption_recall_at_1 and caption_recall_at_10: the same for retrieving captions by pictures (labels that the model
      was not trained for);
    - median_rank: of the right picture, from 1, lower is better.

    The former two are compared with a baseline without a model: the nearest training caption by TF-IDF, then the
    pictures nearest to its picture. It needs scikit-learn and is left out without it.
    """

    def measure(self, model: Matcher, source: CaptionedSource, recipe: Match, request: Request) -> Measurement:
        """Measured on at most 1,000 evenly spaced pairs of the part; see `Evaluator.measure`.

        Raises:
            InputError: there are fewer than two.
        """
        pictures, texts = source.pairs(request.part, min(request.samples, MAX_PAIRS))
        if len(texts) < 2:
            raise InputError(f"{source.name} has {len(texts)} {request.part} pairs: at least 2 are needed to measure")
        fit = model.of_words(texts) @ model.of_pictures(pictures).T
        same = same_captions(texts)
        own, beside = ranks(fit, same), {}
        if find_spec("sklearn") is not None:
            beside[NEAREST] = ranks(-distances_to_nearest(source, pictures, texts), same)
        of_captions = ranks(fit.T, same)
        figures = {"median_rank": Figure(float(np.median(own)) + 1, "lower", {CHANCE: (len(texts) + 1) / 2})}
        for most in AT:
            chance = {CHANCE: min(most / len(texts), 1.0)}
            others = {name: recall(found, most) for name, found in beside.items()}
            figures[f"recall_at_{most}"] = Figure(recall(own, most), "higher", chance | others)
            figures[f"caption_recall_at_{most}"] = Figure(recall(of_captions, most), "higher", chance)
        protocol = {
            "pairs searched": len(texts),
            f"{request.part} split": source.split_in_words(request.part),
            "captions": "the first of each picture",
        }
        chosen = np.linspace(0, len(texts) - 1, min(SHOWN, len(texts))).astype(int)
        rows = np.concatenate(
            [chosen[:, None], np.argsort(-fit[chosen], axis=1, kind="stable")[:, :SHOWN_OF_EACH]], axis=1
        )
        sheet = captioned(pictures[rows.ravel()], [texts[row] for row in rows.ravel()], rows.shape[1])
        return Measurement(figures, protocol, {"found_pictures": Picture(sheet, FOUND)})


class MatchingRank(Chooser):
    """Geometric mean of the rank of the right partner among the pairs of the part, from 1, both ways; lower is better.

    The contrastive loss is not used: it rises with overconfidence while the ranking still improves.
    """

    name = "matching_rank"

    def value(self, model: Matcher, source: CaptionedSource, recipe: Match, samples: int, part: PartName) -> float:
        """Measured on at most `samples` pairs, and at most 1,000."""
        pictures, texts = source.pairs(part, min(samples, MAX_PAIRS))
        fit, same = model.of_words(texts) @ model.of_pictures(pictures).T, same_captions(texts)
        found = np.concatenate([ranks(fit, same), ranks(fit.T, same)])
        return float(np.exp(np.log1p(found).mean()))


def same_captions(texts: list[str]) -> np.ndarray:
    """Which captions are equal and therefore share their right pictures: bool `[texts, texts]`."""
    _, numbers = np.unique(np.array(texts, dtype=object).astype(str), return_inverse=True)
    found: np.ndarray = numbers[:, None] == numbers
    return found


def ranks(fit: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Rank of the best right column, from 0: how many wrong ones fit better: int64 `[rows]`.

    Args:
        fit: `[rows, columns]`.
        right: bool of the same shape.
    """
    best = np.where(right, fit, -np.inf).max(axis=1, keepdims=True)
    found: np.ndarray = ((fit > best) & ~right).sum(axis=1)
    return found


def recall(found: np.ndarray, most: int) -> float:
    """Recall at `most`: the share of ranks, from 0, below it."""
    return float((found < most).mean())


def distances_to_nearest(source: CaptionedSource, pictures: np.ndarray, texts: list[str]) -> np.ndarray:
    """Pixel distances from pictures to the training picture with the nearest caption: `[texts, pictures]`."""
    train = np.stack([source.train.images[row] for row in nearest_captions(source, texts)])
    return squared_distances(cells(train).astype(np.float64), cells(pictures).astype(np.float64))
