"""Likelihood of held-out pieces under models of music, also of some voices given others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from aigc_tf.data.music.piece import Piece
from aigc_tf.data.music.source import ENTRIES, MusicSource, PieceSource, entries
from aigc_tf.data.source import PartName
from aigc_tf.families.music.composing import hops
from aigc_tf.families.music.model import MusicModel
from aigc_tf.metrics import cache
from aigc_tf.metrics.evaluator import Chooser, Evaluator, Figure, Measurement, Request
from aigc_tf.metrics.music.ngram import BackOff, RepeatTheLast
from aigc_tf.recipes.music import Music

_ROWS = 8  # windows per batch
_REPEAT, _NGRAM = "repeat the last", "n-gram"
_KEPT = 2  # fitted baselines


class HeldOutMusic(Evaluator):
    """The likelihood of held-out pieces, compared with repeating the last note and with a back-off n-gram.

    Figures, in nats per cell (one voice in one sixteenth note, including the hold symbol), lower is better:
    nats_per_cell, nats_VOICE of each voice, and nats_given_VOICE of all other voices given the whole highest voice.
    """

    def measure(self, model: MusicModel, source: MusicSource, recipe: Music, request: Request) -> Measurement:
        """Score at most `request.samples` whole pieces of the part; see `Evaluator.measure`. Nothing is sampled."""
        pieces = source.inputs(request.part, request.samples)
        voices = recipe.music.voices
        found = {"model": mean_nats(model, pieces)}
        beside = {name: np.concatenate([method.nats(p) for p in pieces]) for name, method in baselines(source).items()}
        found |= {name: nats.mean(axis=0) for name, nats in beside.items()}
        figures = {"nats_per_cell": _figure({name: nats.mean() for name, nats in found.items()})}
        for index, voice in enumerate(voices):
            figures[f"nats_{_word(voice)}"] = _figure({name: nats[index] for name, nats in found.items()})
        if len(voices) > 1:
            found["model"] = mean_nats(model, pieces, given=(0,))
            others = {name: nats[1:].mean() for name, nats in found.items()}
            figures[f"nats_given_{_word(voices[0])}"] = _figure(others)
        window = recipe.music.window
        protocol = {
            "held-out pieces": len(pieces),
            "their cells": sum(piece.cells.size for piece in pieces),
            f"{request.part} split": source.split_in_words(request.part),
            "context": f"windows of {window} sixteenth notes, a cell is measured after at least {window // 2} of them "
            "where there are that many",
            _REPEAT: "hold, and other tokens, with their shares of the training cells of each voice",
            _NGRAM: "Witten-Bell over the voice and the place in the quarter, age of its note, which voices above "
            "move, their intervals, its last interval; of given voices it sees the past and present, not the future",
        }
        return Measurement(figures, protocol)


def _figure(values: dict[str, float]) -> Figure:
    own = values["model"]
    return Figure(float(own), "lower", {name: float(value) for name, value in values.items() if name != "model"})


def _word(voice: str) -> str:
    return "_".join(voice.casefold().split())


class NatsPerCell(Chooser):
    """Nats per cell of held-out pieces without given voices, lower is better."""

    name = "nats_per_cell"

    def value(self, model: MusicModel, source: MusicSource, recipe: Music, samples: int, part: PartName) -> float:
        """Measured on at most `samples` pieces."""
        return float(mean_nats(model, source.inputs(part, samples)).mean())


def baselines(source: PieceSource) -> dict[str, RepeatTheLast | BackOff]:
    """Baselines by name, fitted to the training part."""
    pieces = source.train.pieces

    def fitted() -> dict[str, RepeatTheLast | BackOff]:
        return {_REPEAT: RepeatTheLast(pieces), _NGRAM: BackOff(pieces)}

    key = (source.fingerprint, len(pieces))
    found: dict[str, RepeatTheLast | BackOff] = cache.shared().of("music n-gram", key, fitted, kept=_KEPT)
    return found


def mean_nats(model: MusicModel, pieces: Sequence[Piece], given: Sequence[int] = ()) -> np.ndarray:
    """Mean -log p per cell of each voice, over all steps of all pieces: float64 `[voices]`, 0 for given ones."""
    return np.concatenate(nats_of_pieces(model, pieces, given)).mean(axis=0)


def nats_of_pieces(model: MusicModel, pieces: Sequence[Piece], given: Sequence[int] = ()) -> list[np.ndarray]:
    """-log p of each cell of each piece, float64 `[steps, voices]`, 0 for given voices.

    Cells are scored in the same windows as in generation (`hops`), so this is the likelihood under the sampling
    distribution.

    Args:
        model: the model.
        pieces: of all voices.
        given: voices that are conditioned on as a whole.
    """
    window, voices = model.recipe.music.window, len(model.recipe.music.voices)
    mask = np.zeros((window, voices), bool)
    mask[:, list(given)] = True
    found = [np.zeros(piece.cells.shape) for piece in pieces]
    places = [(number, hop) for number, piece in enumerate(pieces) for hop in hops(piece.steps, window)]
    for at in range(0, len(places), _ROWS):
        some = places[at : at + _ROWS]
        rows = [entries(pieces[number], hop.start, window, mask) for number, hop in some]
        rows += rows[:1] * (_ROWS - len(rows))  # pad to one size, compiled once
        batch = {name: tf.constant(np.stack([row[name] for row in rows])) for name in ENTRIES}
        nats = model.compiled_nats(batch)[0].numpy().reshape(_ROWS, window, voices)
        for (number, hop), own in zip(some, nats, strict=False):
            found[number][hop.first : hop.stop] = own[hop.first - hop.start : hop.stop - hop.start]
    return found
