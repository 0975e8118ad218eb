"""Likelihood bounds of lines, against a trigram on the same lines."""

from __future__ import annotations

import numpy as np
import pytest

import aigc_tf
from aigc_tf.data.text.opening import open_source
from aigc_tf.data.text.split import PADDING
from aigc_tf.metrics.held_out import held_out_loss
from aigc_tf.metrics.text import text_vae as measures
from aigc_tf.metrics.text.ngram import NGram
from aigc_tf.metrics.text.text_vae import LineBounds
from aigc_tf.recipes.text_vae import TextVAE
from tests.metrics.reports import report_of

STORY = "".join(f"line {number} of a story about {'cats' if number % 3 else 'dogs'}\n" for number in range(300))


def test_a_trigram_is_measured_on_the_same_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measures, "IMPORTANCE_SAMPLES", 3)
    recipe = TextVAE.tiny()
    source = open_source(recipe, STORY)
    model = aigc_tf.create(recipe, vocabulary=source.vocabulary)
    report = report_of(LineBounds(), model, source, recipe, samples=12)
    trigram = NGram(source.train.tokens, len(source.vocabulary), 3)
    rows = [row[row != PADDING] for batch in source.held_out("test", 12) for row in batch["tokens"]]
    nats = [trigram.nats(row[None])[0] for row in rows]
    assert report["protocol"]["bounded lines"] == len(rows) == 12
    beside = report["baselines"]
    assert beside["negative_bound"] == {"trigram": pytest.approx(sum(map(np.sum, nats)) / 12)}
    assert beside["importance_weighted_perplexity"] == {"trigram": pytest.approx(np.exp(np.concatenate(nats).mean()))}
    assert report["negative_bound"] == pytest.approx(held_out_loss(model, source, 12, "test"))
    assert report["better"]["negative_bound"] == "lower" and 0 <= report["active_units"] <= 4
