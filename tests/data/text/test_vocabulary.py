"""Vocabularies: encoding and decoding."""

from __future__ import annotations

import json
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aigc_tf.data.text.vocabulary import BOUNDARY, UNKNOWN, Vocabulary, learn_vocabulary
from aigc_tf.errors import InputError
from aigc_tf.families.text.model import TextModel
from aigc_tf.recipes.text import TextSettings

TEXT = "The cat sat.\n  The cat,  she sat\ton 42 mats!\n"
UNITS = ("character", "byte", "word", "subword")
anything = st.text(st.characters(exclude_categories=["Cs"]))


@pytest.mark.parametrize("unit", UNITS)
@given(text=anything)
@example(text="<|boundary|>")  # its name in the subword tokenizer
def test_text_comes_back(unit: str, text: str) -> None:
    vocabulary = learn_vocabulary([text + TEXT], TextSettings(unit=unit), with_ends=True)
    numbers = vocabulary.encode(text + TEXT)
    assert numbers.dtype == np.int32 and (numbers != BOUNDARY).all()
    assert vocabulary.decode(numbers) == text + TEXT


@given(text=anything)
def test_bytes_hold_every_text(text: str) -> None:
    vocabulary = learn_vocabulary(["abc"], TextSettings(unit="byte"), with_ends=True)
    assert len(vocabulary) == 257
    numbers = vocabulary.encode(text)
    assert [number - 1 for number in numbers] == list(text.encode())
    assert vocabulary.decode(numbers) == text and vocabulary.unknown_in(text) == []


@pytest.mark.parametrize("unit", UNITS)
def test_a_vocabulary_is_kept_as_json(unit: str) -> None:
    vocabulary = learn_vocabulary([TEXT, "春眠不覺曉"], TextSettings(unit=unit), with_ends=False)
    again = Vocabulary.from_json(vocabulary.to_json())
    assert (again.unit, again.symbols, again.start, again.end) == (
        vocabulary.unit,
        vocabulary.symbols,
        vocabulary.start,
        vocabulary.end,
    )
    assert again.encode(TEXT).tolist() == vocabulary.encode(TEXT).tolist()


@pytest.mark.parametrize("damaged", ["", "[]", "{}", '{"unit": "character"}', '{"unit": 1, "symbols": 3, "start": 0}'])
def test_a_damaged_file_is_named(damaged: str) -> None:
    with pytest.raises(InputError, match=r"vocabulary\.json is not a vocabulary"):
        Vocabulary.from_json(damaged)


def test_words_keep_the_space_before_them() -> None:
    vocabulary = learn_vocabulary(["the cat, the  dog\n"], TextSettings(unit="word"), with_ends=True)
    assert [vocabulary.symbols[number] for number in vocabulary.encode("the cat, the  dog\n")] == [
        "the",
        " cat",
        ",",
        " the",
        " ",
        " dog",
        "\n",
    ]


@pytest.mark.parametrize(("unit", "strange"), [("character", ["x", "é"]), ("word", ["xé", " xé"])])
def test_what_was_never_seen_is_the_unknown_and_can_be_asked_for(unit: str, strange: list[str]) -> None:
    vocabulary = learn_vocabulary(["a b c."], TextSettings(unit=unit), with_ends=True)
    assert vocabulary.unknown_in("xé b xé") == strange
    assert UNKNOWN in vocabulary.encode("xé") and UNKNOWN not in vocabulary.encode("a b")
    assert UNKNOWN in vocabulary.never_written


@pytest.mark.parametrize(
    ("prompt", "fitted", "shown"),
    [
        ("quick", " quick", "quick"),  # never at the beginning of a line
        ("quick fox", " quick fox", "quick fox"),
        ("The quick ", "The quick", "The quick"),
        ("The", "The", "The"),
        (" quick", " quick", " quick"),
        ("  ", "", ""),
        ("zzz", "zzz", "zzz"),
    ],
)
def test_prompts_of_words_may_end_and_begin_anywhere(prompt: str, fitted: str, shown: str) -> None:
    vocabulary = learn_vocabulary(["The quick fox jumps.\n"], TextSettings(unit="word"), with_ends=False)
    assert vocabulary.fitted(prompt) == fitted
    model = SimpleNamespace(vocabulary=vocabulary, recipe=SimpleNamespace(text=TextSettings()))
    assert TextModel.shown(model, prompt) == shown
    if prompt == "zzz":
        with pytest.raises(InputError, match="the prompt has 'zzz', which the training text does not contain"):
            TextModel.known(model, prompt, "the prompt")
    else:
        assert vocabulary.decode(TextModel.known(model, prompt, "the prompt")) == fitted


def test_prompts_of_characters_stay_as_they_are() -> None:
    vocabulary = learn_vocabulary(["a b "], TextSettings(), with_ends=False)
    assert vocabulary.fitted(" a ") == " a "


@pytest.mark.parametrize("unit", UNITS)
def test_half_characters_are_refused(unit: str) -> None:
    vocabulary = learn_vocabulary([TEXT], TextSettings(unit=unit), with_ends=True)
    with pytest.raises(InputError, match=r"character 3 is half a character .*\\ud83d"):
        vocabulary.encode("ab\ud83d")
    fields = json.loads(vocabulary.to_json())
    with pytest.raises(InputError, match=r"vocabulary\.json .* token 2 is not Unicode"):
        Vocabulary.from_json(
            json.dumps(fields | {"symbols": [*fields["symbols"][:2], "\ud83d", *fields["symbols"][3:]]})
        )


def test_only_the_most_frequent_symbols_are_kept() -> None:
    text = "".join(chr(97 + index) * (index + 1) for index in range(20))
    vocabulary = learn_vocabulary([text], TextSettings(vocabulary_size=16), with_ends=True)
    assert len(vocabulary) == 16
    assert vocabulary.symbols[2:] == tuple(chr(97 + index) for index in range(6, 20))


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize(("with_ends", "start", "end"), [(True, "", BOUNDARY), (False, "\n", None)])
def test_texts_begin_behind_a_boundary_or_the_end_of_a_line(
    unit: str, with_ends: bool, start: str, end: int | None
) -> None:
    vocabulary = learn_vocabulary([TEXT], TextSettings(unit=unit), with_ends)
    assert vocabulary.decode([vocabulary.start]) == start and vocabulary.end == end
    assert (BOUNDARY in vocabulary.never_written) is (end is None)


def test_subwords_without_their_package_get_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(InputError, match=r"package tokenizers is needed: pip install 'aigc-tf\[subword\]'"):
        learn_vocabulary([TEXT], TextSettings(unit="subword"), with_ends=True)


def test_subwords_join_frequent_pairs() -> None:
    settings = TextSettings(unit="subword", vocabulary_size=40)
    vocabulary = learn_vocabulary(["the then there " * 50], settings, with_ends=True)
    assert len(vocabulary) <= 40 and " the" in vocabulary.symbols
    assert len(vocabulary.encode("then there")) < len("then there") / 2
