"""Verbatim copying from the training text in generated text."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aigc_tf.data.source import PartName, evenly
from aigc_tf.data.text.source import TextSource
from aigc_tf.data.text.split import TextSplit
from aigc_tf.families.tasks import Draws
from aigc_tf.metrics.evaluator import Evaluator, Figure, Measurement, Request
from aigc_tf.recipes.text import TextRecipe

SPAN = 50  # characters: long enough that matches by chance are rare
SAMPLE_SYMBOLS = 200
MAX_SYMBOLS = 2**24  # of the training text that is searched: its hashes take 64 bits each
MAX_SAMPLES = 100  # whatever is requested: texts are generated symbol by symbol
HELD_OUT = "held-out text"
_FACTOR = np.uint64(0x9E3779B97F4A7C15)  # odd, so that no character is lost modulo 2**64


class Copies(Evaluator):
    """How much of generated text is copied from the training text, compared with as much held-out text.

    Figures:

    - copied_share: the share of the spans of 50 characters in generated text that occur in the training text;
      copied_share_of_held_out_text is the same for held-out text;
    - longest_copy: in characters, the longest copied piece of any text.
    """

    def measure(self, model: Draws, source: TextSource, recipe: TextRecipe, request: Request) -> Measurement:
        """Generate at most 100 texts with the seed of the request; see `Evaluator.measure`.

        Args:
            model: its `generate` takes `tokens`, the maximum length in symbols, and returns strings.
            source: of training and held-out text.
            recipe: lines are at most `text.length` symbols long, other texts 200.
            request: see there.
        """
        written = min(request.samples, MAX_SAMPLES)
        length = recipe.text.length if source.settings.lines else SAMPLE_SYMBOLS
        texts = model.generate(written, request.seed, tokens=length)  # type: ignore[call-arg]
        training_text = text_of(source.train, source)
        share, longest = copies(texts, training_text)
        real_share, real_longest = copies(held_out_texts(source, request.part, written), training_text)
        figures = {
            "copied_share": Figure(share, "neither", {HELD_OUT: real_share}),
            "copied_share_of_held_out_text": Figure(real_share, "neither"),
            "longest_copy": Figure(float(longest), "neither", {HELD_OUT: float(real_longest)}),
        }
        kind = "lines" if source.settings.lines else "texts"
        protocol = {
            "generated": f"{written} {kind} of at most {length} tokens, temperature 1, seed {request.seed}",
            "span of copied_share": f"{SPAN} characters",
        }
        if source.train.symbols > MAX_SYMBOLS:
            protocol["searched in"] = f"the first {MAX_SYMBOLS:,} tokens of the training text"
        return Measurement(figures, protocol)


def text_of(split: TextSplit, source: TextSource) -> str:
    """A part's text, or its first 16,777,216 symbols; lines end in line breaks."""
    if not source.settings.lines:
        return source.vocabulary.decode(split.tokens[:MAX_SYMBOLS])
    read = int(np.searchsorted(split.starts[1:], MAX_SYMBOLS, side="right"))
    return "\n".join(source.vocabulary.decode(split.document(index)) for index in range(max(1, read)))


def held_out_texts(source: TextSource, part: PartName, count: int) -> list[str]:
    """Evenly spaced lines, or pieces of 200 symbols, of a part, as many as there are generated texts."""
    split: TextSplit = source.part(part)
    if source.settings.lines:
        return [source.vocabulary.decode(split.document(index)) for index in evenly(split.documents, count)]
    starts = 1 + evenly(max(1, split.symbols - SAMPLE_SYMBOLS + 1), count)
    return [source.vocabulary.decode(split.tokens[start : start + SAMPLE_SYMBOLS]) for start in starts]


def copies(texts: Sequence[str], training_text: str, span: int = SPAN) -> tuple[float, int]:
    """Share of copied spans, and longest copy.

    Args:
        texts: generated ones.
        training_text: all of it.
        span: characters.

    Returns:
        The share of the texts' spans of `span` characters that occur in the training text, 0 if no text is that long;
        and the length of the longest copied piece of any text, in characters.
    """
    known = _codes(training_text)
    generated = [_codes(text) for text in texts]
    found = _found(generated, known, span)
    share = float(found.mean()) if len(found) else 0.0
    # If a piece of some length is copied, so are its shorter parts: bisect.
    shortest, longest = 0, max(map(len, generated), default=0)
    while shortest < longest:
        middle = (shortest + longest + 1) // 2
        if _found(generated, known, middle).any():
            shortest = middle
        else:
            longest = middle - 1
    return share, shortest


def _found(texts: list[np.ndarray], known: np.ndarray, span: int) -> np.ndarray:
    """For each span of all texts, whether it is in the known text."""
    return np.isin(np.concatenate([_hashes(text, span) for text in [*texts, known[:0]]]), _hashes(known, span))


def _codes(text: str) -> np.ndarray:
    return np.frombuffer(text.encode("utf-32-le", errors="replace"), "<u4").astype(np.uint64)


def _hashes(codes: np.ndarray, span: int) -> np.ndarray:
    """A 64-bit hash of each span of a text: the polynomial hash of Karp & Rabin 1987, modulo 2**64.

    It is composed from spans whose lengths are powers of two, so that a whole text takes a few array operations.
    """
    if len(codes) < span:
        return np.zeros(0, np.uint64)
    power, width = codes * _FACTOR ^ (codes << np.uint64(32)), 1  # hashes of all spans of `width`
    total, covered = np.zeros(len(codes) - span + 1, np.uint64), 0
    factor = _FACTOR  # to the power of `width`
    with np.errstate(over="ignore"):
        while covered < span:
            if span & width:
                total = total * factor + power[covered : covered + len(total)]
                covered += width
            if width * 2 <= span:
                power = power[:-width] * factor + power[width:]
                factor = factor * factor
            width *= 2
    return total
