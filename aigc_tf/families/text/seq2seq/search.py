"""Generation for a batch of sources, greedily, by sampling, or by beam search, with a cache."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from aigc_tf.data.text.vocabulary import BOUNDARY
from aigc_tf.families.text.decoding import Forbid, beam_search, choose, log_softmax, repeating
from aigc_tf.families.text.seq2seq.known_words import KnownWords
from aigc_tf.families.text.seq2seq.networks import Call, Seq2SeqNetworks
from aigc_tf.recipes.options import Decoding
from aigc_tf.recipes.seq2seq import Search


class Writer:
    """Extends texts symbol by symbol, in constant time per symbol.

    Args:
        networks: of the model.
        source: int32 `[rows, source]`, -1 after their ends; or other inputs of the networks.
        call: runs a variant of the networks, of an exported file or by default the networks' own.
    """

    def __init__(self, networks: Seq2SeqNetworks, source: np.ndarray, call: Call | None = None) -> None:
        self.source, self._call = source, call or networks.call
        self._states = dict(networks.feedback)
        memory = self._call("encode", source=source)["memory"]
        first = {"memory": memory, "source": source}
        made = self._call("start", **{name: first[name] for name in networks.inputs("start")})
        known = {"source": source, **made}
        self._inputs: dict[str, Any] = {
            name: known[name] if name in known else np.zeros((len(source), *tensor.shape[1:]), tensor.dtype)
            for name, tensor in networks.inputs("step").items()
            if name != "token"
        }
        self.attention = np.zeros(source.shape[:2], np.float32)
        """Attention over the source for the next symbol, `[rows, source]`."""
        self.written = np.ones(len(source), np.float32)
        """The probability that the next symbol is not copied, `[rows]`; 1 without a copy head."""

    def read(self, symbols: np.ndarray) -> np.ndarray:
        """Read symbols int `[rows]`; returns the log-probabilities `[rows, symbols]` of the next ones."""
        said = self._call("step", token=symbols.astype(np.int32), **self._inputs)
        self._inputs |= {name: said[output] for output, name in self._states.items()}
        logits, self.attention = np.asarray(said["logits"]), np.asarray(said["attention"])
        if "gate" not in said:
            return log_softmax(logits)
        gate = np.asarray(said["gate"])[:, 0]
        self.written = 1 / (1 + np.exp(-gate))
        return mixed(logits, self.attention, gate, self.source)

    def select(self, rows: np.ndarray) -> None:
        """Continue with these rows, int `[rows]`, which may repeat."""
        # Beams of the same source share their constants.
        only_states = len(rows) == len(self.source) and np.array_equal(self.source[rows], self.source)
        names = self._states.values() if only_states else self._inputs
        self._inputs |= {name: tf.gather(self._inputs[name], rows) for name in names}
        self.source = self.source[rows]


def mixed(logits: np.ndarray, attention: np.ndarray, gate: np.ndarray, source: np.ndarray) -> np.ndarray:
    """log p(w) = log(g softmax(logits)_w + (1 - g) Σ a_i [source_i = w]), float64 (See et al. 2017, eq. 9).

    Args:
        logits: `[rows, symbols]`.
        attention: a, `[rows, source]`.
        gate: the logit of g, `[rows]`.
        source: int `[rows, source]`; attention is 0 where it is -1.
    """
    rows, symbols = logits.shape
    written = np.exp(log_softmax(logits) - np.logaddexp(0, -gate.astype(np.float64))[:, None])
    places = np.arange(rows)[:, None] * symbols + np.maximum(source, 0)
    copied = np.bincount(places.reshape(-1), attention.astype(np.float64).reshape(-1), rows * symbols)
    share = np.exp(-np.logaddexp(0, gate.astype(np.float64)))
    return np.log(np.maximum(written + share[:, None] * copied.reshape(rows, symbols), 1e-300))


def write(
    writer: Writer,
    search: Search,
    tokens: int,
    never: Sequence[int],
    seed: int,
    known: Sequence[KnownWords] | None = None,
) -> list[list[int]]:
    """Generate the symbols of a text for each source.

    Args:
        writer: in its initial state.
        search: decoding settings.
        tokens: maximum length of a text.
        never: symbols that are never generated.
        seed: of the sampling.
        known: for each source, the words that may be generated; None for any.
    """
    rows = len(writer.source)
    forbid = _forbidding(search, never, known)
    logits = writer.read(np.full(rows, BOUNDARY))
    if search.temperature or search.beams == 1:
        return _one_by_one(writer, logits, search, tokens, forbid, seed)

    def advance(parents: np.ndarray, symbols: np.ndarray) -> np.ndarray:
        writer.select(parents)
        return writer.read(symbols)

    return beam_search(logits, advance, search.beams, tokens, BOUNDARY, search.length_penalty, forbid)


def _forbidding(search: Search, never: Sequence[int], known: Sequence[KnownWords] | None) -> Forbid:
    always = list(never)

    def forbid(row: int, text: Sequence[int]) -> Sequence[int] | np.ndarray:
        found = always + (repeating(text, search.no_repeat) if search.no_repeat else [])
        if not text:
            found = [*found, BOUNDARY]  # an empty text is not allowed
        return found if known is None else known[row].ruled_out(text, found)

    return forbid


def _one_by_one(
    writer: Writer, logits: np.ndarray, search: Search, tokens: int, forbid: Forbid, seed: int
) -> list[list[int]]:
    rows = len(logits)
    decoding = Decoding(temperature=search.temperature, top_p=search.top_p)
    # Each text has its own random generator, so that it does not depend on the others in the batch.
    streams = [np.random.default_rng((seed, row)) for row in range(rows)]
    texts: list[list[int]] = [[] for _ in range(rows)]
    ended, unused = np.zeros(rows, bool), np.zeros(logits.shape, bool)
    for _ in range(tokens):
        for row, text in enumerate(texts):
            logits[row, np.asarray(forbid(row, text), np.int64)] = -np.inf
        chosen = choose(logits, decoding, unused, np.array([stream.random() for stream in streams]))
        ended |= chosen == BOUNDARY
        for row in np.flatnonzero(~ended).tolist():
            texts[row].append(int(chosen[row]))
        if ended.all():
            break
        logits = writer.read(np.where(ended, BOUNDARY, chosen))
    return texts
