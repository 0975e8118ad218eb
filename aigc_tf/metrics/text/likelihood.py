"""How good a language model is: the likelihood of held-out text, and whether its own texts are copied."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from aigc_tf.data.text.source import PADDING, TextSource, TextSplit, padded
from aigc_tf.data.text.vocabulary import UNKNOWN
from aigc_tf.families.text.language_model import LanguageModel
from aigc_tf.metrics.text.copied_text import SPAN, copies
from aigc_tf.recipes.text import TextRecipe

ROWS = 50  # windows or lines that are measured at once
SAMPLE_SYMBOLS = 200
MOST_SAMPLES = 100  # however many are asked for: texts are written symbol by symbol


def held_out_bits(model: LanguageModel, source: TextSource, recipe: TextRecipe, samples: int) -> float:
    """Bits per character of held-out text, lower is better.

    Args:
        model: the language model.
        source: its test split is used.
        recipe: the model's; not needed.
        samples: windows or lines, spread over the split, or all if there are fewer.
    """
    del recipe
    nats, _ = held_out_nats(model, source, samples)
    return bits_per_character(nats, source)


def bits_per_character(nats: np.ndarray, source: TextSource) -> float:
    """Of held-out symbols' nats `[symbols]`; how many characters a symbol has is an average over the test split.

    The end of a document counts as a character, where the model has to tell it.
    """
    return float(nats.mean()) * source.test.symbols / source.test.characters / math.log(2)


def held_out_nats(model: LanguageModel, source: TextSource, samples: int) -> tuple[np.ndarray, np.ndarray]:
    """-log p of each held-out symbol in nats, and which symbols these are; both `[symbols]`.

    Windows do not overlap. A model that carries its state reads each row of windows one behind the other.
    """
    length = source.settings.length
    lines = source.settings.lines
    batches = lines_of(source.test, samples) if lines else windows_of(source.test.tokens, length, samples)
    states = None
    nats, symbols = [], []
    for tokens in batches:
        found, counted, new_states = model.compiled_nats(tf.constant(tokens), states)
        states = new_states if model.carries else None
        kept = counted.numpy() > 0
        nats.append(found.numpy()[kept])
        symbols.append(tokens[:, 1:][kept])
    return np.concatenate(nats).astype(np.float64), np.concatenate(symbols)


def windows_of(tokens: np.ndarray, length: int, samples: int) -> Iterator[np.ndarray]:
    """Windows of `length` symbols and the one before them, int32 `[rows, length + 1]`.

    The rows begin evenly spread over the text, and each goes on in the next batch. Together, they are the whole
    text if `samples` allows; -1 stands behind its end.
    """
    count = -(-(len(tokens) - 1) // length)
    rows = min(ROWS, count)
    in_a_row = -(-count // rows)
    places = np.arange(rows)[:, None] * in_a_row * length + np.arange(length + 1)
    for step in range(min(in_a_row, -(-samples // rows))):
        at = places + step * length
        # What the next row begins with belongs to that row.
        yield np.where(at < len(tokens), tokens[np.minimum(at, len(tokens) - 1)], PADDING).astype(np.int32)


def lines_of(split: TextSplit, samples: int) -> Iterator[np.ndarray]:
    """Lines with their boundaries, int32 `[lines, longest]`, evenly spread over the split, by length."""
    chosen = np.unique(np.linspace(0, split.documents - 1, min(samples, split.documents)).astype(np.int64))
    by_length = chosen[np.argsort(np.diff(split.starts)[chosen], kind="stable")]
    for at in range(0, len(by_length), ROWS):
        yield padded(split, by_length[at : at + ROWS])


def evaluate(
    model: LanguageModel, source: TextSource, recipe: TextRecipe, samples: int = 10_000, seed: int = 0
) -> dict[str, Any]:
    """Measure a language model on the test split of its source, and its own texts against the training split.

    Args:
        model: the language model.
        source: of both splits.
        recipe: the model's.
        samples: windows or lines of held-out text; at most 100 texts are generated.
        seed: of the texts.

    Returns:
        Floats, and under "protocol" what they were measured with:

        - bits_per_character, and nats_per_symbol with its exponential, perplexity: of held-out text, lower is better;
        - copied_share: of the spans of 50 characters in generated text, those that stand in the training text;
          copied_share_of_held_out_text: the same for as much held-out text, which nobody copied;
        - longest_copy: of a generated text, in characters, the longest of all.
    """
    nats, symbols = held_out_nats(model, source, samples)
    written = min(samples, MOST_SAMPLES)
    texts = model.generate(written, seed, tokens=SAMPLE_SYMBOLS)
    training_text = source.vocabulary.decode(source.train.tokens)
    held_out_text = source.vocabulary.decode(source.test.tokens)
    step = max(1, (len(held_out_text) - SAMPLE_SYMBOLS) // written)
    real = [held_out_text[at : at + SAMPLE_SYMBOLS] for at in range(0, step * written, step)]
    share, longest = copies(texts, training_text)
    real_share, _ = copies(real, training_text)
    nats_per_symbol = float(nats.mean())
    return {
        "bits_per_character": bits_per_character(nats, source),
        "nats_per_symbol": nats_per_symbol,
        "perplexity": math.exp(min(nats_per_symbol, 700.0)),
        "copied_share": share,
        "copied_share_of_held_out_text": real_share,
        "longest_copy": float(longest),
        "protocol": {
            "samples": samples,
            "held-out symbols": len(symbols),
            "of them unknown": int((symbols == UNKNOWN).sum()) if source.vocabulary.unit != "byte" else 0,
            "test split": source.test_split,
            "context": _context(model, source),
            "unit": source.vocabulary.unit,
            "symbols in the vocabulary": len(source.vocabulary),
            "generated": f"{written} texts of at most {SAMPLE_SYMBOLS} symbols, temperature 1, seed {seed}",
            "span of copied_share": f"{SPAN} characters",
        },
    }


def _context(model: LanguageModel, source: TextSource) -> str:
    if source.settings.lines:
        return "lines, each by itself"
    length = source.settings.length
    return "the state is carried on" if model.carries else f"windows of {length} symbols that do not overlap"


class BitsPerCharacter:
    name = "bits_per_character"

    def value(self, model, source, recipe, samples, part):
        return held_out_bits(model, source, recipe, samples)
