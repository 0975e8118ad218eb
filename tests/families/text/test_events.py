"""The language model of music events: continuing MIDI files, writing valid files, scoring."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

import aigc_tf
from aigc_tf.data.music.events import performance_of_words, words_of
from aigc_tf.data.music.performance import Performance, read_performance
from aigc_tf.errors import InputError
from aigc_tf.metrics.evaluator import Request
from aigc_tf.metrics.music.events import EventSamples, HeldOutEvents
from aigc_tf.modalities.performances import Performances
from aigc_tf.recipes.midi_events import MidiEvents
from aigc_tf.recipes.options import Decoding


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> aigc_tf.Run:
    """A run trained enough to generate mostly valid event words."""
    recipe = dataclasses.replace(MidiEvents.tiny(), steps=400, batch_size=16, width=32)
    return aigc_tf.train(recipe, tmp_path_factory.mktemp("runs") / "run")


def test_a_piece_goes_on_with_a_file(run: aigc_tf.Run, tmp_path: Path):
    (whole,) = run.source.inputs("train", 1)
    start = " ".join(words_of(whole).split()[:40])
    first, _ = performance_of_words(start)
    Performances().write(tmp_path / "begins.mid", first, {})
    prompts = (str(tmp_path / "begins.mid"), words_of(read_performance(tmp_path / "begins.mid")))
    by_file, by_words = (run.generate(2, seed=1, prompt=prompt, tokens=60) for prompt in prompts)
    assert by_file == by_words and by_file[0] != by_file[1]
    for piece in by_file:
        assert set(first.notes) <= set(piece.notes) and len(piece.notes) > len(first.notes)
    with pytest.raises(InputError, match="cannot be read"):
        run.generate(1, prompt=str(tmp_path / "nowhere.mid"))
    pieces = "".join(run.model.pieces(1, prompt=prompts[0], tokens=60))
    assert performance_of_words(pieces)[0] == by_file[0]


def test_what_is_drawn_is_music_and_is_written_as_midi(run: aigc_tf.Run, tmp_path: Path):
    request = Request(part="test", samples=8)
    figures = EventSamples().measure(run.model, run.source, run.recipe, request).figures
    assert figures["out_of_place"].value < 0.3 and figures["notes_per_quarter"].value > 0
    held_out = HeldOutEvents().measure(run.model, run.source, run.recipe, request).figures
    assert set(held_out) == {"nats_per_symbol", "perplexity"}
    assert held_out["nats_per_symbol"].value < held_out["nats_per_symbol"].baselines["unigram"]
    pieces = [piece for piece in run.generate(3, seed=2, tokens=80, decoding=Decoding(temperature=0.8)) if piece.notes]
    Performances().write_all(tmp_path / "all.mid", pieces, {"model": "test"})
    assert len(read_performance(tmp_path / "all.mid").notes) > 0
    assert len(Performances().joined(pieces).notes) == sum(len(piece.notes) for piece in pieces)
    sound = Performances().sound(pieces)
    assert 0.5 < np.abs(sound.sound).max() <= 1


def test_real_pieces_are_less_surprising_than_shuffled_ones(run: aigc_tf.Run):
    pieces = run.source.inputs("test", 4)
    random = np.random.default_rng(0)

    def shuffled(piece: Performance) -> Performance:
        pitches = random.permutation([note.pitch for note in piece.notes])
        notes = {note._replace(pitch=int(pitch)) for note, pitch in zip(piece.notes, pitches, strict=True)}
        return dataclasses.replace(piece, notes=tuple(sorted(notes)))

    assert run.model.score(pieces).mean() < run.model.score([shuffled(piece) for piece in pieces]).mean()
