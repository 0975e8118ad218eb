"""Evaluation of language models of music events: held-out likelihood, and statistics of samples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from aigc_tf.data.music.events import LENGTHS, performance_of_words, rounded
from aigc_tf.data.music.performance import DRUM_KIT, QUARTER, Performance
from aigc_tf.metrics.evaluator import Evaluator, Figure, Measurement, Picture, Request
from aigc_tf.metrics.music.rules import divergence
from aigc_tf.metrics.text.likelihood import HeldOutText
from aigc_tf.recipes.midi_events import MidiEvents

if TYPE_CHECKING:
    from aigc_tf.data.music.event_source import EventSource
    from aigc_tf.families.text.events import EventModel

PIECES, WORDS = 64, 400
_SHOWN = 3
TRAINING = "training pieces"


class HeldOutEvents(Evaluator):
    """The likelihood of held-out pieces, compared with n-grams: `HeldOutText` without bits per character."""

    def measure(self, model: EventModel, source: EventSource, recipe: MidiEvents, request: Request) -> Measurement:
        """See `HeldOutText.measure`; a symbol is a word of events."""
        found = HeldOutText().measure(model, source, recipe, request)
        figures = {name: figure for name, figure in found.figures.items() if name != "bits_per_character"}
        return Measurement(figures, found.protocol)


class EventSamples(Evaluator):
    """Generated pieces compared with held-out ones, by the first 400 words of each.

    Figures, lower is better:

    - out_of_place: share of the words that are invalid in their context, such as a length without a pitch;
    - pitch_class_divergence, length_divergence, together_divergence: Jensen-Shannon, in nats, of the histograms of
      pitch classes, of the lengths of notes, and of how many notes begin together, from those of held-out pieces;
      compared with those of training pieces.

    notes_per_quarter is their density, compared with held-out ones.
    """

    def measure(self, model: EventModel, source: EventSource, recipe: MidiEvents, request: Request) -> Measurement:
        """Generate at most 64 pieces; see `Evaluator.measure`."""
        count = min(PIECES, request.samples)
        texts = model.generate_words(count, request.seed, tokens=WORDS)
        drawn, idle = zip(*map(performance_of_words, texts), strict=True)
        real, training = (beginnings(source.texts(part, count)) for part in (request.part, "train"))
        words = sum(len(text.split()) for text in texts)
        figures = {"out_of_place": Figure(sum(idle) / max(1, words), "lower")}
        for name, histogram in HISTOGRAMS.items():
            known = histogram(real)
            beside = {TRAINING: divergence(histogram(training), known)}
            figures[f"{name}_divergence"] = Figure(divergence(histogram(drawn), known), "lower", beside)
        figures["notes_per_quarter"] = Figure(density(drawn), "neither", {"held-out pieces": density(real)})
        protocol = {"generated pieces": f"{count} of at most {WORDS} words, with the default sampling options"}
        picture = Picture(
            model.gives.show(drawn[:_SHOWN]), "Generated pieces as piano rolls, one colour per instrument."
        )
        return Measurement(figures, protocol, {"drawn": picture})


def beginnings(texts: Sequence[str]) -> list[Performance]:
    """The performances of the first words of texts."""
    return [performance_of_words(" ".join(text.split()[:WORDS]))[0] for text in texts]


def pitch_classes(pieces: Sequence[Performance]) -> np.ndarray:
    """How often each pitch class is played, drums left out: float64 `[12]`, sum 1."""
    pitches = [note.pitch % 12 for piece in pieces for note in piece.notes if note.instrument != DRUM_KIT]
    return _shares(pitches, 12)


def lengths(pieces: Sequence[Performance]) -> np.ndarray:
    """How often a note lasts as long as each of `LENGTHS`: float64 `[lengths]`, sum 1."""
    places = {length: place for place, length in enumerate(LENGTHS)}
    return _shares([places[note.length] for piece in map(rounded, pieces) for note in piece.notes], len(LENGTHS))


def together(pieces: Sequence[Performance]) -> np.ndarray:
    """How often 1, 2, ... 8 or more notes begin in a step: float64 `[8]`, sum 1."""
    counts = [
        number
        for piece in pieces
        for number in np.unique([note.start for note in piece.notes], return_counts=True)[1].tolist()
    ]
    return _shares([min(count, 8) - 1 for count in counts], 8)


def _shares(places: Sequence[int], size: int) -> np.ndarray:
    counts = np.bincount(np.array(places, np.int64), minlength=size)
    return counts / max(1, counts.sum())


def density(pieces: Sequence[Performance]) -> float:
    """Notes per quarter."""
    quarters = sum(piece.end for piece in pieces) / QUARTER
    return sum(len(piece.notes) for piece in pieces) / max(1.0, quarters)


HISTOGRAMS = {"pitch_class": pitch_classes, "length": lengths, "together": together}
