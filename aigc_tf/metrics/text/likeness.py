"""Similarity of generated texts to references: ROUGE, BLEU and chrF, by their reference packages."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from aigc_tf.data.text.words import words
from aigc_tf.metrics.text.simple_writers import is_spaced
from aigc_tf.optional import needed

DRAWS = 1000  # of the bootstrap (Efron 1979; Koehn 2004)
_SEED = 0


class Likeness(NamedTuple):
    """Figures of some texts, from 0 to 100, higher is better."""

    figures: Mapping[str, float]
    intervals: Mapping[str, tuple[float, float]]
    """95 % bootstrap confidence intervals of the figures, resampling texts."""
    protocol: str


Measure = Callable[[Sequence[str], Sequence[str]], Likeness]
"""Written texts and reference texts -> similarity figures."""


def rouge(written: Sequence[str], references: Sequence[str]) -> Likeness:
    """ROUGE-1, -2 and -L (Lin 2004), F1, mean over texts, by `rouge-score`; over characters for Chinese."""
    library = needed("rouge_score.rouge_scorer", to="measure ROUGE", extra="pairs", package="rouge-score")
    spaced = is_spaced("".join(references[:1000]))
    splits = None if spaced else _Characters()
    kinds = {"rouge1": "rouge_1", "rouge2": "rouge_2", "rougeL": "rouge_l"}
    scorer = library.RougeScorer(list(kinds), use_stemmer=spaced, tokenizer=splits)
    scores = [scorer.score(reference, text) for text, reference in zip(written, references, strict=True)]
    found = {name: np.array([100 * score[kind].fmeasure for score in scores]) for kind, name in kinds.items()}
    draws = np.random.default_rng(_SEED).integers(len(written), size=(DRAWS, len(written)))
    intervals = {name: _interval(values[draws].mean(axis=1)) for name, values in found.items()}
    said = "rouge-score, F1, " + ("with stemming" if spaced else "over characters")
    return Likeness({name: float(values.mean()) for name, values in found.items()}, intervals, said)


class _Characters:
    """A tokenizer for `rouge-score` for scripts without spaces."""

    def tokenize(self, text: str) -> list[str]:
        return words(text.casefold())


def bleu(written: Sequence[str], references: Sequence[str]) -> Likeness:
    """BLEU (Papineni et al. 2002) and chrF (Popović 2015) at corpus level, by `sacrebleu`."""
    library = needed("sacrebleu.metrics", to="measure BLEU", extra="pairs")
    cut = "13a" if is_spaced("".join(references[:1000])) else "zh"
    figures, intervals = {}, {}
    for name, metric in (("bleu", library.BLEU(tokenize=cut)), ("chrf", library.CHRF())):
        score = metric.corpus_score(written, [references], n_bootstrap=DRAWS)
        said = json.loads(score.format(width=6, signature=str(metric.get_signature()), is_json=True))
        middle, half = said.get("confidence_mean", 0.0), said.get("confidence_var", 0.0)  # missing for a mean of 0
        figures[name], intervals[name] = float(score.score), (middle - half, middle + half)
    return Likeness(figures, intervals, f"sacrebleu, tokenizer {cut}")


def _interval(values: np.ndarray) -> tuple[float, float]:
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)


MEASURES: Mapping[str, Measure] = {"rouge": rouge, "bleu": bleu}
