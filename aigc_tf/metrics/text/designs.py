"""Validity, uniqueness and novelty of generated designs (molecules, game levels), with an n-gram as baseline."""

from __future__ import annotations

import abc
from collections.abc import Sequence
from typing import Any

import numpy as np

from aigc_tf.data.text.levels import is_playable
from aigc_tf.data.text.source import TextSource
from aigc_tf.data.text.split import TextSplit
from aigc_tf.metrics import cache
from aigc_tf.metrics.evaluator import Evaluator, Figure, Measurement, Request
from aigc_tf.metrics.text.copied_text import HELD_OUT
from aigc_tf.metrics.text.ngram_writer import ORDER, NGramWriter

MAX_SAMPLES = 1000
"""Maximum number, whatever is requested: texts are generated symbol by symbol."""
NGRAM = f"{ORDER}-gram"


class DesignSamples(Evaluator, abc.ABC):
    """Shares of designs: `valid`; of these `unique`; of the distinct ones `novel`, not in the training part."""

    valid = "valid"
    """The word for a valid design."""

    @abc.abstractmethod
    def canonical(self, texts: Sequence[str], recipe: Any) -> list[str | None]:
        """The canonical spelling of each design; None for invalid ones."""

    def further(self, drawn: dict[str, list[str]], asked: np.ndarray | None, source: Any, recipe: Any) -> Measurement:
        """Further measurements on the valid designs of the model ("model") and of the baselines."""
        return Measurement({}, {})

    def measure(self, model: Any, source: TextSource, recipe: Any, request: Request) -> Measurement:
        """Generate at most 1,000 designs; see `Evaluator.measure`.

        A conditional model gets the conditions of held-out designs.
        """
        count = min(request.samples, MAX_SAMPLES)
        held = held_out(source.part(request.part), source, count)
        conditions = self.conditions(held) if model.condition is not None else None
        asked = None if conditions is None else np.resize(conditions, count)
        plain = [model.shown(text) for text in held] if asked is not None else held
        length = max(map(len, held)) + recipe.text.length
        known = set(self._known(source, recipe))
        texts = {
            "model": model.generate(count, request.seed, asked, tokens=length),
            NGRAM: [model.shown(text) for text in self._writer(source).write(count, length, request.seed)],
            HELD_OUT: plain,
        }
        found = {name: self.canonical(drawn, recipe) for name, drawn in texts.items()}
        shares = {name: self._shares(designs, known) for name, designs in found.items()}
        figures = {
            name: Figure(value, "higher", {other: shares[other][name] for other in (NGRAM, HELD_OUT)})
            for name, value in shares["model"].items()
        }
        more = self.further(found, asked, source, recipe)  # type: ignore[arg-type]
        protocol = {
            "generated": f"{count} of at most {length} tokens, temperature 1, seed {request.seed}",
            NGRAM: f"maximum likelihood, all {source.train.documents:,} training designs",
        }
        return Measurement({**figures, **more.figures}, {**protocol, **more.protocol}, more.pictures)

    def conditions(self, held: Sequence[str]) -> np.ndarray | None:
        """The conditions of held-out designs, int64 `[designs]`; None if designs have none."""
        del held
        return None

    def _shares(self, designs: Sequence[str | None], known: set[str]) -> dict[str, float]:
        valid = [design for design in designs if design is not None]
        different = set(valid)
        return {
            self.valid: len(valid) / len(designs),
            "unique": len(different) / max(len(valid), 1),
            "novel": len(different - known) / max(len(different), 1),
        }

    def _known(self, source: TextSource, recipe: Any) -> list[str]:
        key = (type(self).__name__, source.fingerprint, source.train.documents)

        def canonical() -> list[str]:
            texts = held_out(source.train, source, source.train.documents)
            return [design for design in self.canonical(texts, recipe) if design is not None]

        return cache.shared().of("designs", key, canonical, kept=2)

    def _writer(self, source: TextSource) -> NGramWriter:
        return NGramWriter(held_out(source.train, source, source.train.documents))


def held_out(split: TextSplit, source: TextSource, count: int) -> list[str]:
    """Evenly spaced designs of a part."""
    chosen = np.linspace(0, split.documents - 1, min(count, split.documents)).astype(int)
    return [source.vocabulary.decode(split.document(index)) for index in chosen]


class LevelSamples(DesignSamples):
    """Levels: `playable` ones have rows of equal length, a start, and a reachable exit and coins."""

    valid = "playable"

    def canonical(self, texts: Sequence[str], recipe: Any) -> list[str | None]:
        """The level itself, if it is playable."""
        levels = [text.strip("\n") for text in texts]
        return [level if is_playable(level, recipe.levels) else None for level in levels]
