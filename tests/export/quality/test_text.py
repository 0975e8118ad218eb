"""The effect of quantization on perplexity."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

import aigc_tf
from aigc_tf.data.text.opening import open_source
from aigc_tf.data.text.source import TextSource
from aigc_tf.export import VerificationError
from aigc_tf.export.quality.text import perplexity, text_quality
from aigc_tf.families.text.language_model import LanguageModel
from aigc_tf.recipes.gpt import GPT
from aigc_tf.recipes.text import TextExportLimits

STORY = "".join(f"line {number} of a story about {'cats' if number % 3 else 'dogs'}\n" for number in range(300))


def model_and_source(recipe: GPT, data: str = STORY) -> tuple[LanguageModel, TextSource]:
    source = open_source(recipe, data)
    return aigc_tf.create(recipe, vocabulary=source.vocabulary), source


class Distorted:
    """A file with changed logits."""

    def __init__(self, model: LanguageModel, factor: float) -> None:
        self.model, self.factor = model, factor

    def inputs(self, name: str) -> dict:
        return {"token": ((2,), "int32")}

    def __call__(self, name: str, **inputs: np.ndarray) -> dict[str, np.ndarray]:
        names = [tensor.name for tensor in self.model.networks.step.inputs]
        logits, *states = self.model.networks.compiled_step([inputs[name] for name in names])
        new = dict(zip(self.model.networks.feedback, (state.numpy() for state in states), strict=True))
        return {"logits": self.factor * logits.numpy()} | new


def test_the_perplexity_of_steps_is_that_of_sequences() -> None:
    recipe = GPT.tiny()
    model, source = model_and_source(recipe)
    text = source.test.tokens[: 3 * 16 + 1]
    step = Distorted(model, 1.0)
    windows = np.stack([text[at : at + 17] for at in (0, 16, 32)])
    found = perplexity(lambda inputs: step("step", **inputs), model, [(window[None], {}) for window in windows])
    nats, _, _ = model.nats(windows, None, training=False)
    assert found == pytest.approx(math.exp(float(nats.numpy().mean())), rel=1e-4)


def test_a_file_that_lost_too_much_is_refused() -> None:
    recipe = dataclasses.replace(GPT.tiny(), export_limits=TextExportLimits(symbols=100, dynamic=0.01, int8=0.5))
    model, source = model_and_source(recipe)
    source.test.tokens[:] = -9  # the check must not use test text: reading it would fail
    found = text_quality(model, source, recipe, Distorted(model, 1.0), "dynamic")["step"]
    assert found["change"] == pytest.approx(0, abs=1e-6) and found["limit"] == 0.01
    for weight in model.sequence.trainable_variables:
        weight.assign(8 * weight)  # so that doubled logits make it overconfident
    with pytest.raises(
        VerificationError, match=r"dynamic raises the perplexity .* export_limits\.dynamic allows 1\.0%"
    ):
        text_quality(model, source, recipe, Distorted(model, 2.0), "dynamic")
    with pytest.raises(VerificationError, match=r"step, in the file: .* numbers of logits are not finite"):
        text_quality(model, source, recipe, Distorted(model, math.nan), "int8")
