"""The effect of quantization on language models: perplexity of held-out text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

import numpy as np

from aigc_tf.data.text.order import padded
from aigc_tf.data.text.source import TextSource
from aigc_tf.data.text.split import PADDING
from aigc_tf.data.text.vocabulary import BOUNDARY
from aigc_tf.export.quality.change import Call, checked, relative_rise
from aigc_tf.export.runner import Runner
from aigc_tf.export.verify import Arrays
from aigc_tf.families.text.decoding import log_softmax
from aigc_tf.families.text.language_model import LanguageModel
from aigc_tf.families.text.model import TextModel
from aigc_tf.families.text.text_vae import TextVAE
from aigc_tf.recipes.text import TextRecipe

MEASURE = "perplexity of held-out text"
Step = Callable[[Arrays], Arrays]
Texts = Iterable[tuple[np.ndarray, Mapping[str, np.ndarray]]]
"""Tokens int32 `[rows, time]`, padded with -1, and further inputs of the step that are constant for each row."""


def text_quality(
    model: LanguageModel, source: TextSource, recipe: TextRecipe, runner: Runner, quantize: str
) -> dict[str, dict[str, Any]]:
    """Perplexity of held-out text before and after quantization, token by token.

    Args:
        model: the language model.
        source: its `watched` part is used, since rejecting a file is a choice, and test text must not influence
            choices.
        recipe: the model's recipe, with `export_limits`.
        runner: runs the exported file.
        quantize: `dynamic` or `int8`.

    Raises:
        VerificationError: the perplexity rises by a larger share than the recipe allows.
    """
    rows, length = _rows(runner), recipe.text.length
    pieces = -(-recipe.export_limits.symbols // (rows * length))
    text = np.resize(source.watched.tokens, rows * pieces * (length + 1)).astype(np.int32)
    text = text.reshape(pieces, rows, length + 1)
    return _compared(model, recipe, runner, quantize, [(piece, {}) for piece in text])


def line_quality(
    model: TextVAE, source: TextSource, recipe: TextRecipe, runner: Runner, quantize: str
) -> dict[str, dict[str, Any]]:
    """Perplexity of held-out lines given their posterior means; see `text_quality`."""
    rows = _rows(runner)
    texts, symbols, split = [], 0, source.watched
    for first in range(0, split.documents * rows, rows):
        tokens = padded(split, np.arange(first, first + rows) % split.documents)
        texts.append((tokens, {"latent": model.posterior(tokens)[0]}))
        symbols += int((tokens[:, 1:] != PADDING).sum())
        if symbols >= recipe.export_limits.symbols:
            break
    return _compared(model, recipe, runner, quantize, texts)


def _rows(runner: Runner) -> int:
    shape, _ = runner.inputs("step")["token"]
    return int(shape[0])


def _compared(
    model: TextModel, recipe: TextRecipe, runner: Runner, quantize: str, texts: Texts
) -> dict[str, dict[str, Any]]:
    names = [tensor.name for tensor in model.networks.step.inputs]

    def keras_step(inputs: Arrays) -> Arrays:
        logits, *states = model.networks.compiled_step([inputs[name] for name in names])
        return {"logits": logits.numpy()} | dict(zip(model.networks.feedback, (s.numpy() for s in states), strict=True))

    def error(call: Call) -> float:
        return perplexity(partial(call, "step"), model, texts)

    calls = checked(lambda _, inputs: keras_step(inputs), lambda name, inputs: runner(name, **inputs))
    return {"step": relative_rise(MEASURE, error, calls, quantize, recipe.export_limits.of(quantize))}


def perplexity(step: Step, model: TextModel, texts: Texts) -> float:
    """Perplexity of texts, each read token by token from zero states.

    Args:
        step: token, constants and states by name -> logits and new states by name.
        model: the step's model.
        texts: texts to score.
    """
    feedback = model.networks.feedback
    shapes = {tensor.name: (tensor.shape[1:], tensor.dtype) for tensor in model.networks.step.inputs}
    total, counted = 0.0, 0
    for tokens, constants in texts:
        states = {name: np.zeros((len(tokens), *shapes[name][0]), shapes[name][1]) for name in feedback.values()}
        for time in range(tokens.shape[1] - 1):
            token = np.maximum(tokens[:, time], BOUNDARY).astype(np.int32)
            answer = step({"token": token, **constants, **states})
            states = {name: answer[output] for output, name in feedback.items()}
            log_p = log_softmax(answer["logits"].reshape(len(tokens), -1))
            targets = tokens[:, time + 1]
            real = targets != PADDING
            total -= float(log_p[real, targets[real]].sum())
            counted += int(real.sum())
    return float(np.exp(total / counted))
