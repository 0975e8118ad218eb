"""Evaluation of autoencoders of music excerpts: likelihood bounds, reconstructions, and interpolations."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from aigc_tf.data.music.excerpts import ExcerptSource
from aigc_tf.data.music.piece import FIRST, HOLD, Piece
from aigc_tf.families.latent_space import interpolation, linear
from aigc_tf.families.music.vae import MusicVAE
from aigc_tf.metrics.evaluator import Evaluator, Figure, Measurement, Picture, Request
from aigc_tf.metrics.held_out import held_out_loss
from aigc_tf.metrics.likelihood import lower_bounds
from aigc_tf.metrics.music.likelihood import baselines
from aigc_tf.metrics.music.ngram import BackOff, RepeatTheLast
from aigc_tf.nn.variational import active_units, gaussian_kl
from aigc_tf.recipes.music_vae import MusicVAE as MusicVAERecipe

BOUNDED, IMPORTANCE_SAMPLES = 64, 50
"""Excerpts for the importance-weighted bound, and samples for each."""
REBUILT = 256
"""Maximum number of excerpts that are encoded and decoded."""
_NUMBERS_PER_CELL = 32  # counted for a decoded cell, so that chunks fit in memory
_WAYS, _FRAMES, _SHOWN = 64, 5, 3
_KEYS = range(-6, 6)
_SEARCHED = 4000  # training excerpts


class Bounds(Evaluator):
    """Bounds on the likelihood of held-out excerpts, compared with an n-gram of cells, and the use of the latent.

    Figures:

    - negative_bound, in nats per excerpt, lower is better, and kl_divergence, its KL term, unweighted;
    - nats_per_cell: the bound per cell; importance_weighted_nats_per_cell: the tighter one of Burda et al. 2016, eq. 8,
      of 64 excerpts;
    - active_units: latent dimensions whose mean varies over excerpts by more than 0.01 (Burda et al. 2016, §5.2).
    """

    def measure(self, model: MusicVAE, source: ExcerptSource, recipe: MusicVAERecipe, request: Request) -> Measurement:
        """Bounds for at most `request.samples` evenly spaced excerpts; see `Evaluator.measure`."""
        excerpts = source.inputs(request.part, request.samples)
        some = source.inputs(request.part, min(BOUNDED, request.samples))
        cells = excerpts[0].cells.size
        bound = held_out_loss(model, source, request.samples, request.part)
        numbers = cells * _NUMBERS_PER_CELL
        tighter = lower_bounds(model, model.prepared(some), IMPORTANCE_SAMPLES, request.seed, numbers)
        methods = baselines(source)
        beside = {name: _nats_per_cell(method, excerpts) for name, method in methods.items()}
        beside_some = {name: _nats_per_cell(method, some) for name, method in methods.items()}
        mean, log_variance = model.posterior(model.prepared(excerpts))
        weighted = -float(tighter.importance_weighted.mean()) / cells
        figures = {
            "negative_bound": Figure(bound, "lower", {name: nats * cells for name, nats in beside.items()}),
            "nats_per_cell": Figure(bound / cells, "lower", beside),
            "importance_weighted_nats_per_cell": Figure(weighted, "lower", beside_some),
            "kl_divergence": Figure(float(np.sum(gaussian_kl(mean, log_variance), axis=1).mean()), "neither"),
            "active_units": Figure(float(active_units(mean)), "neither"),
        }
        protocol = {
            "held-out excerpts": len(excerpts),
            "cells of an excerpt": cells,
            "importance-weighted bound": f"{len(some)} excerpts, {IMPORTANCE_SAMPLES} samples each",
            f"{request.part} split": source.split_in_words(request.part),
            "n-gram": "Witten-Bell, as of `music`; in an excerpt it has no context from before",
        }
        return Measurement(figures, protocol)


class Reconstruction(Evaluator):
    """Reconstruction of held-out excerpts from their latent means, and interpolation between pairs of them.

    Figures:

    - cell_accuracy: share of the cells that are reconstructed, held notes included; note_f1: of notes, matched by onset
      cell and pitch; higher is better. Both are compared with the nearest training excerpt in any key;
    - midpoint_nats: n-gram NLL per cell of the excerpts decoded midway between two encodings (after Roberts et al.
      2018, §5.3), compared with the held-out excerpts themselves, and with random mixtures of the cells of two.
    """

    def measure(self, model: MusicVAE, source: ExcerptSource, recipe: MusicVAERecipe, request: Request) -> Measurement:
        """Reconstruct at most 256 evenly spaced excerpts; see `Evaluator.measure`."""
        excerpts = source.inputs(request.part, min(REBUILT, request.samples))
        rebuilt = model.transform(excerpts)
        nearest = nearest_in_any_key(excerpts, source.inputs("train", _SEARCHED))
        name = "nearest training excerpt"
        random = np.random.default_rng(request.seed)
        first, second = random.permuted(np.tile(np.arange(len(excerpts)), (2, 1)), axis=1)[:, :_WAYS]
        means = model.encode(excerpts)
        ways = interpolation(model, means[first], means[second], _FRAMES, linear)
        mixed = [_mixed(excerpts[one], excerpts[other], random) for one, other in zip(first, second, strict=True)]
        ngram = baselines(source)["n-gram"]
        beside = {"held-out excerpts": _nats_per_cell(ngram, excerpts), "mixed cells": _nats_per_cell(ngram, mixed)}
        midpoints = _nats_per_cell(ngram, list(ways[:, _FRAMES // 2]))
        figures = {
            "cell_accuracy": Figure(
                cell_accuracy(excerpts, rebuilt), "higher", {name: cell_accuracy(excerpts, nearest)}
            ),
            "note_f1": Figure(note_f1(excerpts, rebuilt), "higher", {name: note_f1(excerpts, nearest)}),
            "midpoint_nats": Figure(midpoints, "neither", beside),
        }
        protocol = {
            "reconstructed excerpts": len(excerpts),
            "decoding": "from the posterior's mean, the likeliest token at each step",
            "midpoints": f"{len(mixed)} pairs of excerpts, on the straight line between their encodings",
        }
        pairs = [piece for pair in zip(excerpts[:_SHOWN], rebuilt[:_SHOWN], strict=True) for piece in pair]
        pictures = {
            "rebuilt": Picture(
                model.gives.show(pairs, 2), "Held-out excerpts, left, and their reconstructions, right."
            ),
            "between": Picture(model.gives.show(list(ways[0])), "Interpolation between two held-out excerpts."),
        }
        return Measurement(figures, protocol, pictures)


def _nats_per_cell(method: RepeatTheLast | BackOff, pieces: Sequence[Piece]) -> float:
    return float(np.mean([method.nats(piece).mean() for piece in pieces]))


def _mixed(first: Piece, second: Piece, random: np.random.Generator) -> Piece:
    """A random mixture of two pieces of the same shape, cell by cell."""
    held = np.where(random.random(first.cells.shape) < 0.5, first.held, second.held)
    return piece_of_held(held, first)


def piece_of_held(held: np.ndarray, like: Piece) -> Piece:
    """A piece from sounding symbols, int `[steps, voices]`, with a note onset at each change."""
    cells = held.astype(np.int16)
    cells[1:][held[1:] == held[:-1]] = HOLD
    return dataclasses.replace(like, cells=cells)


def cell_accuracy(pieces: Sequence[Piece], others: Sequence[Piece]) -> float:
    """The share of cells in which pieces and others of the same shapes agree."""
    return float(np.mean([(piece.cells == other.cells).mean() for piece, other in zip(pieces, others, strict=True)]))


def note_f1(pieces: Sequence[Piece], others: Sequence[Piece]) -> float:
    """F1 score of notes, matched by voice, pitch and onset step."""
    pairs = [(piece.cells, other.cells) for piece, other in zip(pieces, others, strict=True)]
    shared = sum(int(((own == other) & (own >= FIRST)).sum()) for own, other in pairs)
    notes = sum(int((own >= FIRST).sum() + (other >= FIRST).sum()) for own, other in pairs)
    return 2 * shared / notes if notes else 1.0


def nearest_in_any_key(pieces: Sequence[Piece], known: Sequence[Piece]) -> list[Piece]:
    """For each piece, the known piece that agrees in most cells, under the best transposition."""
    sounding = np.stack([piece.held for piece in known])
    found = []
    for piece in pieces:
        shares = [(sounding + shift == piece.held).mean(axis=(1, 2)) for shift in _KEYS]
        key, index = np.unravel_index(np.argmax(shares), (len(_KEYS), len(known)))
        near = known[int(index)]
        cells = np.where(near.cells >= FIRST, near.cells + _KEYS[int(key)], near.cells)
        found.append(dataclasses.replace(near, cells=cells.astype(np.int16)))
    return found
