"""Decoding: greedy, sampling, beam search; no repeats, known words, windows."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Sequence

import numpy as np
import pytest
import tensorflow as tf

import aigc_tf
from aigc_tf.data.pairs.opening import open_source
from aigc_tf.families.text.decoding import beam_search, repeating
from aigc_tf.families.text.seq2seq.known_words import KnownWords
from aigc_tf.families.text.seq2seq.model import Seq2Seq
from aigc_tf.families.text.seq2seq.search import Writer
from aigc_tf.families.text.seq2seq.windows import windows
from aigc_tf.recipes.seq2seq import Search
from aigc_tf.recipes.summary import Summary

END = 0


def chains(rows: int, symbols: int, seed: int) -> np.ndarray:
    """Log-probabilities of the next symbol given the last, for each row: `[rows, symbols, symbols]`."""
    random = np.random.default_rng(seed)
    weights = random.dirichlet(np.full(symbols, 0.3), (rows, symbols))
    return np.log(weights + 1e-9)


def searched(chain: np.ndarray, beams: int, tokens: int, **options: object) -> list[list[int]]:
    rows = np.arange(len(chain))

    def advance(parents: np.ndarray, symbols: np.ndarray) -> np.ndarray:
        nonlocal rows
        rows = rows[parents]
        return chain[rows, symbols]

    return beam_search(chain[:, END], advance, beams, tokens, END, **options)  # type: ignore[arg-type]


def best(chain: np.ndarray, tokens: int, penalty: float) -> list[int]:
    """The best text by exhaustive search."""
    found: list[tuple[float, list[int]]] = []
    for length in range(tokens + 1):
        for text in itertools.product(range(1, len(chain)), repeat=length):
            steps = [*itertools.pairwise((END, *text))]
            total = sum(chain[a, b] for a, b in steps)
            if length:
                found += [(total / length**penalty, list(text))] if length == tokens else []
            if length < tokens:
                found.append(((total + chain[text[-1] if text else END, END]) / (length + 1) ** penalty, list(text)))
    return max(found)[1]


@pytest.mark.parametrize("penalty", [0.0, 0.7, 1.0])
def test_a_wide_beam_finds_the_best_text_of_each_row(penalty: float):
    chain = chains(5, 4, 1)
    found = searched(chain, 200, 4, length_penalty=penalty)
    assert found == [best(row, 4, penalty) for row in chain]


def test_rows_are_searched_each_by_itself():
    chain = chains(6, 8, 2)
    together = searched(chain, 3, 6)
    assert together == [searched(chain[row : row + 1], 3, 6)[0] for row in range(6)]


def test_what_is_forbidden_is_not_written():
    def forbid(row: int, text: Sequence[int]) -> Sequence[int]:
        return [1 + row, *repeating(text, 2)]

    for row, text in enumerate(searched(chains(5, 8, 3), 3, 10, forbid=forbid)):
        assert 1 + row not in text
        pairs = [*itertools.pairwise(text)]
        assert len(pairs) == len(set(pairs))


def test_symbols_that_would_repeat_a_sequence():
    assert repeating([1, 2, 3, 1, 2], 3) == [3]
    assert repeating([1, 2, 1, 3, 1], 2) == [2, 3]
    assert repeating([1, 2], 3) == [] and repeating([], 3) == [] and repeating([4, 5], 1) == [4, 5]


@pytest.fixture(scope="module")
def model() -> Seq2Seq:
    recipe = Summary.tiny()
    made = aigc_tf.create(recipe, **open_source(recipe).assets)
    random = np.random.default_rng(0)
    for weight in made.trainable_variables:
        weight.assign(weight + 0.5 * random.standard_normal(weight.shape))
    return made


SOURCES = ["9 May 1998", "January 14, 2007", "2. Feb 2050"]


def log_p(model: Seq2Seq, source: str, text: str) -> float:
    (numbers,) = model.vocabularies.targets([text])
    target = np.array([[0, *numbers, 0, -1]], np.int32)
    batch = {"source": tf.constant(model.sources([source])), "target": tf.constant(target)}
    nats, _, _ = model.nats(batch, training=False)
    return -float(nats.numpy().sum())


def test_greedy_takes_the_likeliest_symbol(model: Seq2Seq):
    found = model.write_all(SOURCES, Search(beams=1, no_repeat=0))
    writer, chosen = Writer(model.networks, model.sources(SOURCES)), np.zeros(len(SOURCES), np.int64)
    texts = ["" for _ in SOURCES]
    for _ in range(model.recipe.pairs.target_length):
        left = writer.read(chosen)
        left[:, list(model.never_written)] = -np.inf
        left[[not text for text in texts], END] = -np.inf
        chosen = left.argmax(axis=1)
        texts = [
            text if text.endswith("|") else text + (model.vocabularies.target.decode([symbol]) or "|")
            for text, symbol in zip(texts, chosen, strict=True)
        ]
    assert [text.partition("|")[0].strip() for text in texts] == found


def test_a_search_finds_no_less_likely_texts_than_greedy(model: Seq2Seq):
    greedy = model.write_all(SOURCES, Search(beams=1, no_repeat=0))
    found = model.write_all(SOURCES, Search(beams=8, no_repeat=0, length_penalty=0.0))
    for source, one, other in zip(SOURCES, greedy, found, strict=True):
        if len(one) < model.recipe.pairs.target_length:  # it ended early
            assert log_p(model, source, other) >= log_p(model, source, one) - 1e-4


def test_drawn_texts_depend_on_the_seed_and_their_row(model: Seq2Seq):
    drawing = Search(temperature=1.0)
    first = model.write_all(SOURCES, drawing, seed=1)
    assert model.write_all(SOURCES, drawing, seed=1) == first != model.write_all(SOURCES, drawing, seed=2)
    assert model.write_all(SOURCES[:1], drawing, seed=1) == first[:1]


def test_no_sequence_comes_twice(model: Seq2Seq):
    for search in (Search(no_repeat=2), Search(beams=1, no_repeat=2), Search(temperature=2.0, no_repeat=2)):
        for text in model.write_all(SOURCES, search):
            pairs = [*itertools.pairwise(text)]
            assert len(pairs) == len(set(pairs))


def test_known_words_are_continued_and_joined():
    base = KnownWords([np.array([5, 6]), np.array([7])], 10)
    known = KnownWords([np.array([5, 8, 9])], 10, base)
    assert known.allowed([]) == {5, 7, END}
    assert known.allowed([5]) == {6, 8}
    assert known.allowed([5, 6]) == {5, 7, END}
    assert known.allowed([7, 5, 8]) == {9}
    assert base.allowed([5]) == {6}
    assert 6 not in known.ruled_out([5], []) and 8 in known.ruled_out([5], [8])
    assert known.ruled_out([5], [6, 8]).tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 9]  # then the end is allowed


def test_only_known_words_are_written():
    words = ["bal", "dor", "mit", "fes", "gun", "kip"]
    random = np.random.default_rng(0)
    others = ["".join(row) for row in itertools.product("bdfg", "aeiou", "lnrs")]
    sides = (random.choice(others, (200, 6)), random.choice(words, (200, 2)))
    pairs = [(" ".join(one), " ".join(two)) for one, two in zip(*sides, strict=True)]
    recipe = dataclasses.replace(Summary.tiny())
    model = aigc_tf.create(recipe, **open_source(recipe, pairs).assets)
    written = model.write_all(["bal wux", "dor zup"], Search(temperature=1.5, known_words=True, no_repeat=0))
    free = model.write_all(["bal wux", "dor zup"], Search(temperature=1.5, no_repeat=0))
    for text, source in zip(written, ("wux", "zup"), strict=True):
        assert text and {*text.split()[:-1]} <= {*words, source}
    assert not {*" ".join(free).split()} <= {*words, "wux", "zup"}


def test_long_texts_are_cut_after_sentences():
    def fits(text: str) -> bool:
        return len(text) <= 20

    assert windows("Short one.", fits) == ["Short one."]
    assert windows("  ", fits) == []
    assert windows("One sentence here. And two more. Ends.", fits) == ["One sentence here.", "And two more. Ends."]
    assert windows("a long part without stops, and more", fits) == ["a long part without", "stops, and more"]
    assert windows("x" * 45, fits) == ["x" * 20, "x" * 20, "x" * 5]
    assert windows("第一句话很长。第二句话也很长，有十个字。", lambda text: len(text) <= 10) == [
        "第一句话很长。",
        "第二句话也很长，",
        "有十个字。",
    ]


def test_lines_are_transformed_each_by_itself(model: Seq2Seq, capsys: pytest.CaptureFixture[str]):
    text = f"{SOURCES[0]}\n\n{SOURCES[1]}"
    one, other = model.transform(SOURCES[:2])
    assert model.transform([text, SOURCES[1]]) == [f"{one}\n\n{other}", other]
    assert model.transform(SOURCES[0]) == [one]
    (joined,) = model.transform([f"{SOURCES[0]}. {SOURCES[1]}."])
    assert joined.count(" ") >= 1
    assert "1 of 1 texts have more than 24 tokens: they are read in parts" in capsys.readouterr().err
    assert model.transform(["1 May\n1998"], whole=True) == model.write_all(["1 May\n1998"])
