"""Caption localisation: decoded from likelihoods, and learnt from synthetic shapes in seconds."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

import aigc_tf
from aigc_tf.data.moments.source import CaptionedClip
from aigc_tf.data.video.clip import Clip
from aigc_tf.errors import InputError
from aigc_tf.families.alignment.model import moments_of
from aigc_tf.metrics.evaluator import Request
from aigc_tf.metrics.video.moments import CHANCE, MIDDLE, MomentsFound, likeness, nearest_captions
from aigc_tf.modalities.moments import Captions, Moment, Moments
from aigc_tf.recipes.align import Align
from aigc_tf.recipes.settings import AdamSettings, LoggingSettings

RECIPE = Align.tiny()


def test_moments_are_the_likely_frames_around_the_likeliest():
    logits = np.zeros((2, 10))
    logits[0, 1:4] = 9
    logits[0, 9] = 8.9  # nearly as likely, at a distance
    logits[0, 2] += 0.2
    logits[1, 4:8] = 5
    np.testing.assert_array_equal(moments_of(logits), [[1, 3], [4, 7]])
    np.testing.assert_array_equal(moments_of(np.zeros((1, 5))), [[0, 4]])
    # Among equally likely frames, those claimed by no other caption get more weight.
    claimed = np.zeros((2, 6))
    claimed[0, [1, 4]] = 5
    claimed[1, 4] = 9
    np.testing.assert_array_equal(moments_of(claimed), [[1, 1], [4, 4]])


def test_the_loss_in_closed_form_and_equal_captions_are_no_mistake():
    """Two clips of two frames and captions, with given vectors instead of networks."""
    model = aigc_tf.create(dataclasses.replace(RECIPE, frames=4))
    frames = np.eye(4, dtype=np.float32)
    seen = np.array([[0, 1, 2, 3], [2, 2, 0, 1]])  # which of four objects each frame shows
    spoken = np.array([[0, 1], [2, 3]])  # which objects the captions name

    class Given:
        def __init__(self, table: np.ndarray, numbers: np.ndarray) -> None:
            self.table, self.numbers = table, numbers

        def __call__(self, inputs: object, training: bool) -> tf.Tensor:
            return tf.constant(self.table[self.numbers.reshape(-1)])

    model.look, model.read = Given(frames, seen), Given(3 * frames, spoken)
    grams = np.zeros((2, 2, model.recipe.grams), np.int32)
    grams[..., 0] = spoken + 1
    shown = np.zeros((2, 2, 4), np.float32)
    shown[0, 0, 0] = shown[0, 1, 1] = shown[1, 0, :2] = 1
    batch = {"clip": tf.zeros((2, 4, 32, 32, 1)), "grams": tf.constant(grams), "shown": tf.constant(shown)}
    logits = 3 * (spoken.reshape(-1, 1) == seen.reshape(1, -1)).astype(float)
    own = np.zeros((4, 8), bool)
    own[0, 0] = own[1, 1] = own[2, 4] = own[2, 5] = True
    kept = np.where(own, logits, -1e9)

    def nats(axis: int) -> float:
        return float(np.mean(_logsumexp(logits, axis) - np.maximum(_logsumexp(kept, axis), -1e9)))

    expected = 0.5 * (nats(0) + nats(1))
    assert float(model.loss_of(batch, training=True)) == pytest.approx(expected, rel=1e-3)
    grams[1, 0] = grams[0, 0]  # equal captions: frames of either clip match both
    merged = own.copy()
    merged[0] |= own[2]
    merged[2] = merged[0]
    kept = np.where(merged, logits, -1e9)
    equal = float(model.loss_of(batch | {"grams": tf.constant(grams)}, training=True))
    assert equal == pytest.approx(0.5 * (nats(0) + nats(1)), rel=1e-3)


def _logsumexp(values: np.ndarray, axis: int) -> np.ndarray:
    largest = values.max(axis=axis, keepdims=True)
    return np.log(np.exp(values - largest).sum(axis=axis)) + largest.squeeze(axis)


def test_captions_of_pictures_that_were_never_seen_are_found(tmp_path: Path):
    recipe = dataclasses.replace(
        RECIPE,
        video=dataclasses.replace(RECIPE.video, channels=3),
        frames=8,
        batch_size=8,
        steps=120,
        filters=(8, 16),
        numbers=24,
        buckets=512,
        grams=64,
        dropout=0.0,
        optimizer=AdamSettings(learning_rate=5e-3, clip_norm=1.0),
        logging=LoggingSettings(evaluate_every=10**6, samples_every=10**6),
    )
    run = aigc_tf.train(recipe, tmp_path / "run")
    figures = MomentsFound().measure(run.model, run.source, recipe, Request(part="test", samples=40)).figures
    error = figures["frame_error"]
    assert error.value < 0.5 * error.baselines[CHANCE] and error.value < 0.7 * error.baselines[MIDDLE]
    assert figures["found"].value > 0.75


def test_what_is_asked_of_clips_of_any_size(tmp_path: Path):
    model = aigc_tf.create(RECIPE)
    clip = Clip(np.random.default_rng(0).integers(0, 256, (6, 40, 60, 3), np.uint8), 10.0)
    (moments,) = model.transform([clip], condition=["a red ball", "two birds", "snow"])
    assert [moment.caption for moment in moments] == ["a red ball", "two birds", "snow"]
    assert all(0 <= moment.first <= moment.last <= 5 and moment.rate == 10 for moment in moments)
    with pytest.raises(InputError, match="no captions are given"):
        model.transform([clip])
    with pytest.raises(InputError, match="the captions are one text"):
        model.transform([clip], condition="a red ball")
    own = CaptionedClip(clip.frames, 10.0, captions=("snow",))
    assert model.transform([own])[0][0].caption == "snow"


def test_moments_as_people_and_programs_read_them(tmp_path: Path):
    moments = (Moment("late", 6, 9, 10.0), Moment("early", 0, 4, 10.0))
    assert Moments().show([moments]) == "0.00 to 0.50 s: early\n0.60 to 1.00 s: late"
    assert Moments().plain([moments])[0][0] == {"caption": "late", "frames": [6, 9], "seconds": [0.6, 1.0]}
    assert Captions().parse(["a", "b"]) == [["a", "b"]]
    (tmp_path / "captions.txt").write_text("one\n\ntwo\n")
    assert Captions().read(tmp_path / "captions.txt") == ["one", "two"]


def test_figures_and_the_nearest_caption_in_closed_form():
    truth = np.array([[0, 1], [2, 5]])
    assert likeness(np.array([0.5, 3.5]), truth) == {"frame_error": 0, "found": 1}
    assert likeness(np.array([3.5, 0.5]), truth) == {"frame_error": 3, "found": 0}
    known = ["a red ball", "a blue ball", "two birds"]
    places = nearest_captions(["the birds", "blue thing", "red"], known, dataclasses.replace(RECIPE, buckets=4096))
    assert places.tolist() == [2, 1, 0]
