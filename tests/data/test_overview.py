"""Statistics of sources before training."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from aigc_tf.data.images.overview import copies, near_pairs, to_nearest
from aigc_tf.data.images.source import of_all_classes
from aigc_tf.data.overview import far_out, histogram
from aigc_tf.data.series.opening import open_source as open_series
from aigc_tf.data.series.overview import equal_windows, longest_rest
from aigc_tf.data.text import overview as text_overview
from aigc_tf.data.text.opening import open_source as open_text
from aigc_tf.data.text.overview import cut, repeated
from aigc_tf.recipes.ar import AR
from aigc_tf.recipes.gpt import GPT
from aigc_tf.recipes.text import TextSettings
from tests.data.conftest import Opener


@pytest.fixture
def images(random: np.random.Generator) -> np.ndarray:
    """30 smooth 16x16 pictures; 20 is a copy of 3, 21 a near-duplicate of 4, and 22 is white."""
    coarse = random.integers(40, 200, (30, 4, 4, 1))
    made = coarse.repeat(4, axis=1).repeat(4, axis=2).astype(np.uint8)
    made[20], made[21], made[22] = made[3], made[4] + 3, 255
    return made


def test_copies_and_near_duplicates_are_found(images: np.ndarray):
    assert copies(images) == 1
    assert near_pairs(images).tolist() == [[4, 21]]
    assert to_nearest(images).argmax() == 22 and to_nearest(images)[[3, 20]].tolist() == [0, 0]


def test_an_overview_of_images_names_classes_and_shows_what_is_strange(images: np.ndarray, opened: Opener):
    labels = np.array(["leaf", "stone", "叶"])[np.arange(30) % 3]
    source = opened(data=(images, labels), height=16, width=16)
    overview = source.overview()
    assert overview.counts["classes"].names == ("leaf", "stone", "叶")
    assert overview.counts["classes"].numbers.sum() == source.count
    assert overview.facts["size"] == "16 x 16 pixels, grey"
    assert overview.facts["copies"].startswith(f"{copies(source.train.images)} images")
    shown = overview.examples["examples"]
    assert len(shown.values) == len(shown.titles) == source.count and shown.titles[:3] == ["leaf", "stone", "叶"]


def test_examples_are_spread_over_the_classes():
    labels = np.array([0] * 50 + [1] * 3 + [2] * 7)
    assert labels[of_all_classes(labels, 6)].tolist() == [0, 1, 2, 0, 1, 2]
    assert sorted(of_all_classes(labels, 99)) == list(range(60))
    assert of_all_classes(np.arange(100), 3).tolist() == [0, 49, 99]


def test_an_overview_of_lines_tells_lengths_copies_and_strange_ones():
    lines = [f"the {word} is here and it is {number}" for number in range(40) for word in ("cat", "dog")]
    source = open_text(
        dataclasses.replace(GPT.tiny(), text=TextSettings(lines=True, length=60)),
        data=[*lines, "THE CAT is here, and it is 0!", *(f"qqqqzzzz#@{n}" for n in range(4))],
    )
    source = dataclasses.replace(source, train=source.training, validation=None, uncut=None)
    overview = source.overview()
    assert overview.facts["lines"].startswith(f"{source.train.documents}, from 1")
    assert overview.counts["length of lines, tokens"].numbers.sum() == source.train.documents
    strangest = overview.examples["outliers, most unusual first"].values[0]
    assert strangest.startswith("qqqqzzzz#@")
    assert repeated(["a b", "A-b", "a b", "c"]) == (1, 1)
    assert cut("a\n b") == "a b" and len(cut("x" * 999)) == 200


def test_of_much_text_only_some_is_compared(monkeypatch: pytest.MonkeyPatch):
    lengths = np.array([30, 10, 10, 10, 10, 10, 10, 10, 10])
    assert text_overview.compared(lengths).tolist() == list(range(9))
    monkeypatch.setattr(text_overview, "_COMPARED_SYMBOLS", 20)
    assert text_overview.compared(lengths).tolist() == [4, 8], "one is too long, and of the others every fourth is read"
    source = open_text(dataclasses.replace(GPT.tiny(), text=TextSettings(lines=True)), data="the same line\n" * 99)
    overview = source.overview()
    assert overview.facts["copies"] == "0 lines are equal to an earlier one (of 1 that were compared)"
    assert overview.counts["length of lines, tokens"].numbers.tolist() == [source.train.documents]


def test_an_overview_of_series_finds_jumps_and_rest():
    values = np.sin(np.arange(400) / 5).reshape(-1, 1).repeat(2, axis=1)
    values[100:120, 0] = 0.25
    values[200, 1] = 50
    source = open_series(AR.tiny(), data=values)
    first, second = (source.overview().facts[name] for name in source.scaling.names)
    assert "constant for at most 20 steps; outliers: 1 jumps, the largest at step 120" in first
    assert "outliers: 2 jumps, the largest at step 20" in second
    assert longest_rest(np.array([1.0, 1, 2])) == 2 and longest_rest(np.arange(5.0)) == 1
    assert equal_windows(np.array([[0.0], [1], [0], [1]]), 2) == 1


def test_far_out_and_histograms():
    values = np.array([1.0, 2, 3, 2, 1, 2, 90, 40])
    assert far_out(values, 6).tolist() == [6, 7] and not len(far_out(np.ones(5), 6))
    assert not len(far_out(np.array([np.inf]), 6)), "a single picture has no other one"
    counted = histogram(np.array([3, 3, 5]))
    assert counted.names == ["3", "4", "5"] and counted.numbers.tolist() == [2, 0, 1]
    wide = histogram(np.arange(100))
    assert wide.names[0] == "0-4" and wide.numbers.tolist() == [5] * 20
