"""Image captioning with a text decoder."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

import aigc_tf
from aigc_tf.data.captioned.opening import open_source
from aigc_tf.data.text.vocabulary import BOUNDARY, UNKNOWN
from aigc_tf.errors import InputError
from aigc_tf.families.text.captioning.looking import attention
from aigc_tf.families.text.captioning.model import Captioner, between_boundaries
from aigc_tf.families.text.captioning.networks import places_of
from aigc_tf.families.text.seq2seq.search import Writer
from aigc_tf.metrics.captioned.captions import NEAREST, WrittenCaptions
from aigc_tf.metrics.evaluator import Request
from aigc_tf.modalities.pictures import as_brightness
from aigc_tf.recipes.caption import Caption
from aigc_tf.recipes.match import Match
from aigc_tf.recipes.seq2seq import Search
from aigc_tf.recipes.settings import AdamSettings


@pytest.fixture(scope="module")
def source():
    return open_source(Caption.tiny())


@pytest.fixture(scope="module")
def captioner(source) -> Captioner:
    """A model trained for several hundred small steps."""
    recipe = dataclasses.replace(
        Caption.tiny(),
        filters=(16, 32),
        width=32,
        batch_size=32,
        steps=400,
        label_smoothing=0.0,
        optimizer=AdamSettings(learning_rate=4e-3, beta_2=0.98, clip_norm=1.0),
    )
    model = aigc_tf.create(recipe, captions=source.captions)
    step = tf.function(model.train_step)
    for batch in source.batches(recipe.batch_size, 0).take(recipe.steps):
        step(batch)
    return model


def test_targets_stand_between_boundaries() -> None:
    words = tf.constant([[5, 7, 0, 0], [5, 7, 9, 3], [0, 0, 0, 0]])
    expected = [[0, 5, 7, 0, -1, -1], [0, 5, 7, 9, 3, 0], [0, 0, -1, -1, -1, -1]]
    assert between_boundaries(words).numpy().tolist() == expected


def test_step_by_step_it_says_what_it_says_at_once(captioner: Captioner, source) -> None:
    """The KV cache and the precomputed image keys do not change the result."""
    pictures, texts = source.pairs("test", 3)
    images, words = as_brightness(pictures), source.captions.numbers(texts)
    inputs = np.concatenate([np.zeros((3, 1), np.int32), words], axis=1)
    logits, _ = captioner.networks.sequence([images, inputs], training=False)
    at_once = tf.nn.log_softmax(logits).numpy()
    writer = Writer(captioner.networks, images)
    for time in range(inputs.shape[1]):
        np.testing.assert_allclose(writer.read(inputs[:, time]), at_once[:, time], atol=1e-4)


def test_it_describes_held_out_combinations(captioner: Captioner, source) -> None:
    """Better than captions of the nearest training pictures, with words that match the picture."""
    found = WrittenCaptions().measure(captioner, source, captioner.recipe, Request(part="test", samples=50))
    chrf = found.figures["chrf"]
    assert chrf.value > 60
    assert found.figures["exact_match"].baselines == {NEAREST: 0.0}
    assert found.figures["exact_match"].value > 0


def test_greedy_writes_the_likeliest_and_each_picture_by_itself(captioner: Captioner, source) -> None:
    pictures = source.inputs("test", 4)
    written = captioner.transform(pictures, search=Search(beams=1))
    assert written == [captioner.transform(picture[None], search=Search(beams=1))[0] for picture in pictures]
    with pytest.raises(InputError, match="known_words"):
        captioner.transform(pictures, search=Search(known_words=True))


def test_attention_is_a_share_of_each_place(captioner: Captioner, source) -> None:
    picture = as_brightness(source.inputs("test", 1)[0])
    symbols, weights = attention(captioner, picture, "small red circle left")
    assert symbols[:4] == ["small", "red", "circle", "left"] and len(symbols) == 5
    assert weights.shape == (5, *places_of(captioner.recipe))
    np.testing.assert_allclose(weights.sum(axis=(1, 2)), 1, atol=1e-5)
    shown = captioner.explain(source.inputs("test", 1)[0], "")["attention"]
    assert shown.dtype == np.uint8 and shown.shape[1] > 2 * 64


def test_a_judge_has_to_be_another_matcher(captioner: Captioner, source) -> None:
    def measured(judge: object) -> object:
        request = Request(part="test", samples=10, options={"judge": "run"}, opened=lambda path: judge)
        return WrittenCaptions().measure(captioner, source, captioner.recipe, request)

    with pytest.raises(InputError, match="name one of match"):
        measured(captioner)
    tiny = Match.tiny()
    with pytest.raises(InputError, match=r"train it with --words\.split 1"):
        measured(aigc_tf.create(tiny, captions=source.captions))
    larger = dataclasses.replace(tiny, images=dataclasses.replace(tiny.images, height=32))
    with pytest.raises(InputError, match="of pictures of 32x16x3"):
        measured(aigc_tf.create(larger, captions=source.captions))
    judge = aigc_tf.create(
        dataclasses.replace(tiny, words=dataclasses.replace(tiny.words, split=1)), captions=source.captions
    )
    figures = measured(judge).figures
    assert -1 <= figures["judge_fit"].value <= 1 and len(figures["judge_fit"].baselines) == 2


def test_words_written_before_are_dropped_in_training_alone(source, monkeypatch: pytest.MonkeyPatch) -> None:
    model = aigc_tf.create(dataclasses.replace(Caption.tiny(), drop_words=0.5), captions=source.captions)
    seen, inner = [], model.sequence.call

    def call(inputs: list[tf.Tensor], **options: object) -> list[tf.Tensor]:
        seen.append(inputs[1].numpy())
        return inner(inputs, **options)

    monkeypatch.setattr(model.sequence, "call", call)
    batch = next(iter(source.batches(32, 0)))
    model.train_step(batch)
    model.test_step(batch)
    told, words = seen
    kept, is_word = told == words, words > BOUNDARY
    assert set(told[~kept]) == {UNKNOWN} and kept[~is_word].all()
    assert 0.3 < (~kept)[is_word].mean() < 0.7
