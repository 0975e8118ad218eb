"""Attention alignments of sequence-to-sequence models."""

from __future__ import annotations

import dataclasses
import json
import re

import numpy as np
import pytest

import aigc_tf
from aigc_tf.data.pairs.opening import open_source
from aigc_tf.families.text.seq2seq.alignment import END, Alignment, align, alignment_page, alignment_picture
from aigc_tf.families.text.seq2seq.model import Seq2Seq
from aigc_tf.families.text.seq2seq.search import Writer
from aigc_tf.recipes.summary import Summary

SOURCE, WRITTEN = "9 May 1998", "1998-05-09"


@pytest.fixture(scope="module", params=[True, False])
def model(request: pytest.FixtureRequest) -> Seq2Seq:
    recipe = dataclasses.replace(Summary.tiny(), copies=request.param)
    return aigc_tf.create(recipe, **open_source(recipe).assets)  # type: ignore[return-value]


def test_each_symbol_has_its_place(model: Seq2Seq):
    found = align(model, SOURCE, WRITTEN)
    assert "".join(found.source) == SOURCE + END and "".join(found.target) == WRITTEN + END
    np.testing.assert_allclose(found.attention.sum(axis=1), 1, atol=1e-5)
    writer = Writer(model.networks, model.sources([SOURCE]))
    writer.read(np.array([0]))
    np.testing.assert_allclose(found.attention[0], writer.attention[0, : len(SOURCE) + 1], atol=1e-6)
    assert (found.written == 1).all() != model.networks.copies


def test_only_what_is_read_is_shown(model: Seq2Seq):
    found = align(model, "x" * 100, "y" * 100)
    assert found.attention.shape == (13, 25) == (len(found.target), len(found.source))


def test_a_page_has_the_weights_and_says_what_is_copied():
    found = Alignment(["a<", "b"], ["b", END], np.array([[0.25, 0.75], [1.0, 0.0]]), np.array([0.2, 0.9]))
    page = alignment_page("A & B", found, copies=True)
    weights = re.search(r"const weights = (.*);", page)
    assert weights and json.loads(weights[1]) == [[0.25, 0.75], [1.0, 0.0]]
    assert '<span tabindex="0" class="copied" title="copied with probability 0.80">b</span>' in page
    assert page.count('class="copied"') == 1 and "a&lt;" in page and "A &amp; B" in page
    assert "copied" not in re.sub(r"<style>.*</style>", "", alignment_page("t", found, copies=False), flags=re.DOTALL)


def test_a_text_is_explained(model: Seq2Seq):
    shown = model.explain(SOURCE, "title")
    assert set(shown) == {"alignment", "attention"}
    picture = shown["attention"]
    assert isinstance(picture, np.ndarray) and picture.dtype == np.uint8 and picture.std() > 0
    assert alignment_picture(align(model, SOURCE, ""), copies=False).shape[-1] == 3
