"""Whether generated pieces and harmonisations follow the rules and statistics of real pieces."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from aigc_tf.data.music.excerpts import ExcerptSource
from aigc_tf.data.music.piece import Piece
from aigc_tf.data.music.source import MusicSource, PieceSource
from aigc_tf.data.music.voice_leading import parallels
from aigc_tf.data.source import PartName
from aigc_tf.families.music.model import MusicModel
from aigc_tf.metrics.evaluator import CHOOSING_SEED, Chooser, Evaluator, Figure, Measurement, Picture, Request
from aigc_tf.metrics.music import rules
from aigc_tf.recipes.music import Music

PIECES = 32
"""Maximum number of generated, and of real, ones."""
BARS = 8
"""Bars of each."""
EXCERPTS = 256
"""Maximum number of generated, and of real, ones."""
_REAL = "held-out pieces"
_SHOWN = 3


class Style(Evaluator):
    """Generated pieces, and harmonised held-out melodies, compared with the held-out pieces themselves.

    Figures of generated pieces; those of harmonisations have the prefix `harmonised_`:

    - parallel_fifths, parallel_octaves: per hundred quarters, see `rules.parallels`;
    - crossings: share of the steps in which voices cross; out_of_range: share of the notes beyond the training range;
    - pitch_class_divergence (from the last bass note), interval_divergence (of melodies), harmony_divergence (between
      neighbouring voices), length_divergence (of notes): Jensen-Shannon, in nats, of the histograms from those of the
      held-out pieces; compared with that of training pieces;
    - copied_span: mean length, in sixteenth notes, of the longest span found in a training piece, in any key.
    """

    def measure(self, model: MusicModel, source: MusicSource, recipe: Music, request: Request) -> Measurement:
        """Generate at most 32 pieces of eight bars; see `Evaluator.measure`."""
        real = last_bars(source.inputs(request.part, min(PIECES, request.samples)))
        drawn = model.generate(len(real), request.seed)
        figures = _figures("", drawn, real, source)
        if len(recipe.music.voices) > 1:
            fitted = model.transform(real, request.seed, fix=recipe.music.voices[:1])
            figures |= _figures("harmonised_", fitted, real, source)
        figures |= _divergences(drawn, real, last_bars(source.inputs("train", PIECES)))
        protocol = {
            "generated pieces": f"{len(drawn)} of {BARS} bars, temperature 1",
            "compared with": f"the last {BARS} bars of {len(real)} pieces of the {request.part} part",
            "parallels": "per 100 quarters; both voices strike at the same step and move the same way",
        }
        picture = Picture(model.gives.show([*drawn[:_SHOWN]]), "Generated pieces as piano rolls, one colour per voice.")
        return Measurement(figures, protocol, {"drawn": picture})


class ExcerptStyle(Evaluator):
    """Generated excerpts compared with held-out ones; figures as in `Style`. Excerpts seldom end with a cadence."""

    def measure(self, model: Any, source: ExcerptSource, recipe: Any, request: Request) -> Measurement:
        """Generate at most 256 excerpts; see `Evaluator.measure`."""
        real = source.inputs(request.part, min(EXCERPTS, request.samples))
        drawn = model.generate(len(real), request.seed)
        training = source.inputs("train", EXCERPTS)
        figures = _figures("", drawn, real, source) | _divergences(drawn, real, training)
        protocol = {
            "generated excerpts": f"{len(drawn)} of {recipe.music.bars} bars, with the default sampling options",
            "compared with": f"{len(real)} excerpts of the {request.part} part",
        }
        picture = Picture(model.gives.show(drawn[:_SHOWN]), "Generated excerpts as piano rolls, one colour per voice.")
        return Measurement(figures, protocol, {"drawn": picture})


class HistogramDistance(Chooser):
    """The sum of the divergences of `Style` between generated and held-out excerpts, in nats, lower is better."""

    name = "histogram_distance"

    def value(self, model: Any, source: ExcerptSource, recipe: Any, samples: int, part: PartName) -> float:
        """Measured on at most 256 excerpts of each."""
        real = source.inputs(part, min(EXCERPTS, samples))
        drawn = model.generate(len(real), CHOOSING_SEED)
        return sum(figure.value for figure in _divergences(drawn, real, real).values())


def last_bars(pieces: Sequence[Piece]) -> list[Piece]:
    """The last eight bars of pieces, which end as generated ones do; shorter pieces are kept whole."""
    found = []
    for piece in pieces:
        length = min(piece.steps, BARS * piece.bar)
        found.append(piece.part(piece.steps - length, length))
    return found


def _figures(before: str, made: Sequence[Piece], real: Sequence[Piece], source: PieceSource) -> dict[str, Figure]:
    """The figures that are counted piece by piece."""
    spans = rules.Spans(source.train.pieces)
    own, beside = (_counts(pieces, source.ranges, spans) for pieces in (made, real))
    return {
        before + name: Figure(value, "neither" if name == "copied_span" else "lower", {_REAL: beside[name]})
        for name, value in own.items()
    }


def _divergences(made: Sequence[Piece], real: Sequence[Piece], training: Sequence[Piece]) -> dict[str, Figure]:
    """Divergences of histograms from those of real pieces."""
    found = {}
    for name, histogram in rules.HISTOGRAMS.items():
        known = histogram(real)
        beside = {"training pieces": rules.divergence(histogram(training), known)}
        found[f"{name}_divergence"] = Figure(rules.divergence(histogram(made), known), "lower", beside)
    return found


def _counts(pieces: Sequence[Piece], ranges: np.ndarray, spans: rules.Spans) -> dict[str, float]:
    fifths, octaves = np.sum([parallels(piece) for piece in pieces], axis=0)
    return {
        "parallel_fifths": rules.per_hundred_quarters(int(fifths), pieces),
        "parallel_octaves": rules.per_hundred_quarters(int(octaves), pieces),
        "crossings": float(np.mean([rules.crossings(piece) for piece in pieces])),
        "out_of_range": float(np.mean([rules.out_of_range(piece, ranges) for piece in pieces])),
        "copied_span": float(np.mean([spans.longest(piece) for piece in pieces])),
    }
