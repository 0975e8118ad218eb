"""Content filters by words and classes: rejected and accepted examples."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from aigc_tf.data.classes import ClassNames
from aigc_tf.errors import InputError
from aigc_tf.families.judges import Judgement
from aigc_tf.modalities.pictures import Pictures
from aigc_tf.modalities.text import Text
from aigc_tf.recipes.images import ImageSettings
from aigc_tf.recipes.vae import VAE
from aigc_tf.trust import subjects
from aigc_tf.trust.content import class_filter, word_filter, words_of


@pytest.mark.parametrize(
    ("word", "text", "refused"),
    [
        ("art", "Modern ART.", True),
        ("art", "a party, and arts", False),
        ("two words", "these two\n  words", True),
        ("c++", "in C++, not C", True),
        ("fin", "of\ufb01n", False),
        ("fine", "\ufb01ne", True),  # a ligature
        ("ＡＢ", "ab", True),  # full-width letters
        ("坏", "很坏的人", True),
        ("straße", "STRASSE", True),
        ("art", "a r t", False),
    ],
)
def test_words_are_found_whole_in_any_form_of_unicode(word: str, text: str, refused: bool):
    assert word_filter(["nothing", word])([text, ""]).tolist() == [refused, False]


def test_a_list_has_a_word_a_line(tmp_path: Path):
    path = tmp_path / "words.txt"
    path.write_text("# not said\n\n bad \ntwo words\n")
    assert words_of(path) == ["bad", "two words"]
    path.write_text("# nothing\n")
    with pytest.raises(InputError, match="lists no words"):
        words_of(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="cannot be read as a list of words"):
        words_of(path)
    with pytest.raises(InputError, match="cannot be read as a list of words"):
        words_of(tmp_path / "nowhere.txt")


def test_classes_are_refused_by_the_sum_of_their_probabilities():
    classes = ClassNames(("cat", "dog", "bird"))
    found = np.array([[0.9, 0.05, 0.05], [0.7, 0.15, 0.15], [0.1, 0.9, 0.0]])
    refuses = class_filter(lambda values: found[values], classes, ["dog", "2", "dog"])
    assert refuses(np.arange(3)).tolist() == [False, True, True]
    assert class_filter(lambda values: found[values], classes, ["dog"])(np.arange(3)).tolist() == [False, False, True]
    with pytest.raises(InputError, match="there is no class cow"):
        class_filter(lambda values: found, classes, ["cow"])
    with pytest.raises(InputError, match="all classes are refused"):
        class_filter(lambda values: found, classes, ["cat", "dog", "bird"])


def test_the_classifier_of_a_source_tells_probabilities(monkeypatch: pytest.MonkeyPatch):
    given = keras.Input((2, 1, 1))
    logits = keras.layers.Rescaling(3.0)(keras.layers.Flatten()(given))
    judgement = Judgement(keras.Model(given, logits), "the class", ("a", "b"))
    monkeypatch.setattr(subjects, "classifier_judgement", lambda source, recipe: judgement)
    told, classes = subjects.classes_told(None, VAE.tiny())
    pictures = np.array([[[[255]], [[0]]], [[[51]], [[51]]]], np.uint8)
    expected = np.exp(3) / (np.exp(3) + 1)
    np.testing.assert_allclose(told(pictures), [[expected, 1 - expected], [0.5, 0.5]], rtol=1e-5)
    assert classes.names == ("a", "b")


def test_a_classifier_of_something_else_is_refused():
    small, large = (Pictures(ImageSettings(height=side, width=side)) for side in (16, 32))
    subjects.require_same_kind(small, small, "it")
    with pytest.raises(InputError, match="it takes pictures of 16x16x1, and this run generates 32x32x1"):
        subjects.require_same_kind(small, large, "it")
    with pytest.raises(InputError, match="it classifies texts, and this run generates pictures"):
        subjects.require_same_kind(Text(), small, "it")
