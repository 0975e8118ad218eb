"""Faithfulness of a classifier's explanations: the drop in probability when the important symbols are deleted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aigc_tf.data.labelled.source import LabelledSource
from aigc_tf.data.source import evenly
from aigc_tf.families.text.classification.attributions import attention, integrated_gradients
from aigc_tf.families.text.classification.model import TextClassifier
from aigc_tf.metrics.evaluator import Evaluator, Figure, Measurement, Request
from aigc_tf.recipes.classify import Classify

TEXTS = 200  # at most: each takes a path integral of gradients
SHARES = (0.05, 0.1, 0.2, 0.5)
RANDOM = "tokens at random"
_DRAWS = 3


class Deletion(Evaluator):
    """Drop in the predicted class's probability when the most important symbols are deleted.

    The mean over shares of the symbols of 5, 10, 20 and 50 % (comprehensiveness, DeYoung et al. 2020, eqs. 1 and 3).
    Figures, higher is better: deletion_attention and deletion_gradients, named by the ranking of the symbols, compared
    with random deletion.
    """

    def measure(self, model: TextClassifier, source: LabelledSource, recipe: Classify, request: Request) -> Measurement:
        """Measured on at most 200 texts; see `Evaluator.measure`."""
        split = source.part(request.part)
        random = np.random.default_rng(request.seed)
        falls: dict[str, list[float]] = {"attention": [], "gradients": [], RANDOM: []}
        chosen = evenly(len(split), min(TEXTS, request.samples))
        for row in chosen:
            tokens = split.tokens[row]
            if len(tokens) < 3:  # a single symbol would leave nothing
                continue
            (before,) = model.probabilities_of([tokens])
            label = int(before.argmax())
            rankings = {
                "attention": [attention(model.networks, tokens)],
                "gradients": [integrated_gradients(model.networks, tokens, label)],
            }
            rankings[RANDOM] = [random.uniform(size=len(tokens)) for _ in range(_DRAWS)]
            rows = [rest for ranks in rankings.values() for values in ranks for rest in without_top(tokens, values)]
            after = iter(before[label] - model.probabilities_of(rows)[:, label])
            for name, ranks in rankings.items():
                falls[name].append(float(np.mean([next(after) for _ in range(len(ranks) * len(SHARES))])))
        means = {name: float(np.mean(values)) if values else 0.0 for name, values in falls.items()}
        beside = {RANDOM: means.pop(RANDOM)}
        figures = {f"deletion_{name}": Figure(value, "higher", beside) for name, value in means.items()}
        return Measurement(figures, {"texts of the deletion test": len(chosen), "shares deleted": list(SHARES)})


def without_top(tokens: np.ndarray, values: np.ndarray) -> Sequence[np.ndarray]:
    """Tokens without the given shares of symbols with the highest values, at least one; the start token stays."""
    order = 1 + np.argsort(-values[1:], kind="stable")
    counts = [max(1, round(share * len(order))) for share in SHARES]
    return [np.delete(tokens, order[:count]) for count in counts]
