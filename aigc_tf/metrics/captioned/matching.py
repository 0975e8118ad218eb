"""How well pictures and captions that nothing was trained on find each other."""

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

MAX_PAIRS = 1000  # that are searched among each other
AT = (1, 10)  # of the best, among which the right one is looked for
CHANCE, NEAREST = "chance", "pixels nearest to the training picture of the nearest caption (TF-IDF)"
SHOWN, SHOWN_OF_EACH = 8, 5
FOUND = "Held-out captions: the right picture, and those that the model finds for it among all held-out ones."


class Matching(Evaluator):
    """How often the right picture is found for a held-out caption, and the right caption for a picture.

    Figures, shares from 0 to 1, higher is better, each beside chance:

    - recall_at_1 and recall_at_10: captions whose picture is the best, or among the ten best, of the part;
    - caption_recall_at_1 and caption_recall_at_10: the same of pictures, for which captions are searched (labels that
      the model was not trained for);
    - median_rank: of the right picture, from 1, lower is better.

    Beside the former two stands a method without a model: of the training captions the nearest by TF-IDF, then the
    pictures nearest to its picture. It needs scikit-learn and is left out without it.
    """

    def measure(self, model: Matcher, source: CaptionedSource, recipe: Match, request: Request) -> Measurement:
        """Of at most 1,000 pairs of the part, evenly spread; see `Evaluator.measure`.

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
            "pairs that are searched among each other": len(texts),
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

    Not the contrastive loss: it rises while the order still gets better, when probabilities become too sure.
    """

    name = "matching_rank"

    def value(self, model: Matcher, source: CaptionedSource, recipe: Match, samples: int, part: PartName) -> float:
        """Of at most `samples`, and 1,000."""
        pictures, texts = source.pairs(part, min(samples, MAX_PAIRS))
        fit, same = model.of_words(texts) @ model.of_pictures(pictures).T, same_captions(texts)
        found = np.concatenate([ranks(fit, same), ranks(fit.T, same)])
        return float(np.exp(np.log1p(found).mean()))


def same_captions(texts: list[str]) -> np.ndarray:
    """Which captions are equal to each other, and so have several right pictures: bool `[texts, texts]`."""
    _, numbers = np.unique(np.array(texts, dtype=object).astype(str), return_inverse=True)
    found: np.ndarray = numbers[:, None] == numbers
    return found


def ranks(fit: np.ndarray, right: np.ndarray) -> np.ndarray:
    """How many wrong ones fit better than the best right one: int64 `[rows]`.

    Args:
        fit: `[rows, columns]`.
        right: bool of the same shape.
    """
    best = np.where(right, fit, -np.inf).max(axis=1, keepdims=True)
    found: np.ndarray = ((fit > best) & ~right).sum(axis=1)
    return found


def recall(found: np.ndarray, most: int) -> float:
    """The share of ranks, from 0, that are among the first."""
    return float((found < most).mean())


def distances_to_nearest(source: CaptionedSource, pictures: np.ndarray, texts: list[str]) -> np.ndarray:
    """How far pictures are, in pixels, from the training picture whose caption is nearest: `[texts, pictures]`."""
    train = np.stack([source.train.images[row] for row in nearest_captions(source, texts)])
    return squared_distances(cells(train).astype(np.float64), cells(pictures).astype(np.float64))
