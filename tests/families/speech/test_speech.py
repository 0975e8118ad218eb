"""Speech: alignment against brute force, and a synthetic language learnt in seconds."""

from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

import aigc_tf
from aigc_tf.data.sound.made_up import LETTERS, letter_frames, made_up_speech
from aigc_tf.data.sound.spoken import fits, normalised, open_source
from aigc_tf.errors import InputError
from aigc_tf.metrics.sound.spoken import MEAN
from aigc_tf.metrics.sound.warping import nearest_template, warped
from aigc_tf.nn.monotonic import durations, monotonic_alignment
from aigc_tf.recipes.settings import LoggingSettings
from aigc_tf.recipes.speech import Speech, SpokenSettings

RANDOM = np.random.default_rng(0)


def best_by_trying(scores: np.ndarray) -> np.ndarray:
    """Best of all monotonic paths from the first to the last symbol that skip none, by enumeration."""
    symbols, frames = scores.shape
    ways = []
    for cuts in itertools.combinations(range(1, frames), symbols - 1):
        places = np.searchsorted(cuts, np.arange(frames), side="right")
        ways.append((scores[places, np.arange(frames)].sum(), places))
    return max(ways, key=lambda way: way[0])[1]


def test_the_alignment_is_the_best_of_all():
    symbols, frames = np.array([3, 1, 4, 2], np.int32), np.array([7, 5, 4, 6], np.int32)
    scores = RANDOM.normal(size=(4, 4, 7)).astype(np.float32)
    found = monotonic_alignment(tf.constant(scores), symbols, frames).numpy()
    for row in range(4):
        wanted = best_by_trying(scores[row, : symbols[row], : frames[row]])
        np.testing.assert_array_equal(found[row, : frames[row]], wanted)
        assert (found[row, frames[row] :] == -1).all()
    counts = durations(found, 4).numpy()
    np.testing.assert_array_equal(counts.sum(axis=1), frames)
    assert ((counts > 0) == (np.arange(4) < symbols[:, None])).all()


def test_warping_finds_what_was_slowed_down():
    sequence = RANDOM.random((12, 3))
    slow = sequence[np.repeat(np.arange(12), RANDOM.integers(1, 4, 12))]
    way = warped(sequence, slow)
    assert way.distance == 0
    np.testing.assert_array_equal(sequence[way.first], slow[way.second])
    others = [RANDOM.random((10, 3)), slow, RANDOM.random((20, 3))]
    assert nearest_template(sequence, others) == 1


def test_words_are_small_letters_and_numbers_are_spelt():
    assert normalised("  Hello,  WORLD-7! it's ") == "hello world seven it's"
    assert normalised("digits/20") == "digits twenty"
    settings = SpokenSettings(longest_text=10, slowest=0.1, fastest=0.03)
    assert fits("seven", 0.9, settings) and not fits("seven", 1.1, settings) and not fits("seven", 0.1, settings)
    assert not fits("", 1.0, settings) and not fits("elevenletters", 1.0, settings)


def test_a_source_keeps_equal_words_together_and_says_what_it_leaves_out():
    recipe = Speech.tiny()
    sounds, words = made_up_speech(recipe.sound)
    sounds, words = [*sounds, *sounds, np.ones(30000, np.int16)], [*words, *words, "abc"]
    source = open_source(recipe, (sounds, words))
    parts = [{one.words for one in part} for part in (source.train, source.validation or (), source.test)]
    assert all(parts) and not parts[0] & parts[1] and not parts[0] & parts[2] and not parts[1] & parts[2]
    assert "left out: 1 recordings that do not fit their words (abc (15.0 s))" in source.notes
    with pytest.raises(InputError, match="0 recordings that can be learnt from"):
        open_source(recipe, (sounds[:30], [""] * 30))


@pytest.fixture(scope="module")
def learnt(tmp_path_factory: pytest.TempPathFactory) -> aigc_tf.Run:
    recipe = dataclasses.replace(
        Speech.tiny(),
        steps=300,
        batch_size=16,
        width=32,
        logging=LoggingSettings(samples_every=300, evaluate_every=150),
    )
    return aigc_tf.train(recipe, tmp_path_factory.mktemp("runs") / "speech")


def test_the_letters_of_a_made_up_language_are_told_apart(learnt: aigc_tf.Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("aigc_tf.metrics.sound.spoken.MAX_WORDS", 15)
    model, source = learnt.model, learnt.source
    symbols, picture, frames = source.batch(source.test)
    means = model.compiled_encoder([symbols, (symbols != 0).astype(np.float32)])[1]
    places = model.aligned(means, {"symbols": symbols, "picture": picture, "frames": frames})
    counts = durations(places, symbols.shape[1]).numpy()
    wanted = [[letter_frames(LETTERS.index(letter)) for letter in one.words] for one in source.test]
    errors = [np.abs(row[: len(one)] - one).mean() for row, one in zip(counts, wanted, strict=True)]
    assert np.median(errors) < 1.5
    report = learnt.evaluate(samples=20)
    error, beside = report["log_mel_error_db"], report["baselines"]["log_mel_error_db"]
    assert error < min(beside.values()) and error < 0.4 * beside[MEAN]


def test_words_become_sound_of_their_length_and_speed(learnt: aigc_tf.Run, tmp_path: Path):
    once, fast = learnt.transform(["abcdef"])[0], learnt.transform(["abcdef"], speed=2.0)[0]
    frames = sum(map(letter_frames, range(len(LETTERS))))
    hop = learnt.recipe.sound.hop
    assert abs(len(once) / hop - frames) < 10 and 0.4 < len(fast) / len(once) < 0.65
    assert np.abs(once).max() <= 1 and np.abs(once).max() > 0.1
    with pytest.raises(InputError, match="no letter of the recordings"):
        learnt.transform(["!!"])
