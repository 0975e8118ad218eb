"""Prompt adherence of generated pictures: a judge retrieves each picture's prompt among others."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np

from aigc_tf.data.captioned.source import CaptionedSource
from aigc_tf.families.matching.model import Matcher
from aigc_tf.families.prompted import Prompted
from aigc_tf.metrics.captioned.judge import in_words, judge_of, mean_fit
from aigc_tf.metrics.captioned.matching import CHANCE, ranks, recall, same_captions
from aigc_tf.metrics.captioned.pixels import nearest_captions
from aigc_tf.metrics.evaluator import Evaluator, Figure, Measurement, Picture, Request
from aigc_tf.modalities.drawing import to_bytes
from aigc_tf.recipes.captioned import CaptionedRecipe

MAX_PROMPTS, AMONG, SHOWN = 500, 100, 8
AT = (1, 10)
REAL, NEAREST = "held-out pictures", "training picture of the nearest caption (TF-IDF)"
_SEED = 0  # of the other prompts


class DrawnToPrompts(Evaluator):
    """Pictures generated from held-out captions, which combine known words in new ways.

    The picture drawn_prompts shows them. With a judge, named by the option `judge`, the figures are, higher is better,
    each compared with the held-out pictures themselves and the training picture of the nearest caption:

    - prompt_recall_at_1 and prompt_recall_at_10: pictures whose prompt the judge ranks first, or among the first ten,
      of 100 held-out captions, beside chance;
    - judge_fit: the mean cosine of picture and prompt.
    """

    def measure(
        self, model: Prompted, source: CaptionedSource, recipe: CaptionedRecipe, request: Request
    ) -> Measurement:
        """Generate pictures for at most 500 evenly spaced captions of the part; see `Evaluator.measure`.

        Raises:
            InputError: the judge cannot be used.
        """
        judge = judge_of(request, model)
        pictures, texts = source.pairs(request.part, min(request.samples, MAX_PROMPTS))
        shown = [texts[row] for row in np.linspace(0, len(texts) - 1, min(SHOWN, len(texts))).astype(int)]
        meaning = f"Pictures generated from held-out captions, {model.sheet_meaning}."
        grid = {"drawn_prompts": Picture(model.sheet(shown, **request.sampling), meaning)}
        if judge is None:
            return Measurement({}, {"judge": "none: a run of match, with another words.split, judges prompts"}, grid)
        drawn = to_bytes(model.generate(len(texts), request.seed, texts, **request.sampling))
        beside = {REAL: pictures}
        if find_spec("sklearn") is not None:
            beside[NEAREST] = np.stack([source.train.images[row] for row in nearest_captions(source, texts)])
        among = min(AMONG, len(texts))
        found = {name: prompt_ranks(judge, images, texts) for name, images in beside.items()}
        own, figures = prompt_ranks(judge, drawn, texts), {}
        for most in AT:
            others = {name: recall(places, most) for name, places in found.items()}
            chance = {CHANCE: min(most / among, 1.0)}
            figures[f"prompt_recall_at_{most}"] = Figure(recall(own, most), "higher", others | chance)
        fits = {name: mean_fit(judge, images, texts) for name, images in beside.items()}
        figures["judge_fit"] = Figure(mean_fit(judge, drawn, texts), "higher", fits)
        protocol = {
            "prompts": f"{len(texts):,} captions of the {request.part} part, {source.split_in_words(request.part)}",
            "prompts searched": among,
        }
        return Measurement(figures, protocol | in_words(judge, request), grid)


def prompt_ranks(judge: Matcher, pictures: np.ndarray, texts: list[str]) -> np.ndarray:
    """Rank of each picture's prompt, from 0, among 99 others: int64 `[pictures]`; ties do not count against it."""
    fit = judge.of_pictures(pictures) @ judge.of_words(texts).T
    asked = _others(len(texts), min(AMONG, len(texts)))
    right = np.take_along_axis(same_captions(texts), asked, axis=1)
    return ranks(np.take_along_axis(fit, asked, axis=1), right)


def _others(count: int, among: int) -> np.ndarray:
    """For each prompt, its own index and those of others, int64 `[count, among]`, the same for all models."""
    random = np.random.default_rng(_SEED)
    drawn = np.stack([1 + random.permutation(count - 1)[: among - 1] for _ in range(count)])
    own = np.arange(count)[:, None]
    return np.concatenate([own, (own + drawn) % count], axis=1)
