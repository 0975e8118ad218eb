"""Text generation with a language model, with cached states, for a batch of texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from aigc_tf.data.text.vocabulary import BOUNDARY
from aigc_tf.errors import InputError
from aigc_tf.families.text.decoding import beam_search, choose
from aigc_tf.families.text.networks.language import LanguageNetworks
from aigc_tf.families.text.watermark import CONTEXT, STRENGTH, green
from aigc_tf.recipes.options import Decoding


class Reader:
    """Feeds symbols into the states of a model, in constant time per symbol.

    When a transformer's context is full, it continues from the newer half.
    """

    def __init__(self, networks: LanguageNetworks, rows: int, constants: Mapping[str, np.ndarray] | None = None):
        """
        Args:
            networks: of the model.
            rows: number of texts.
            constants: further constant inputs of the step, `[rows, ...]`, such as a latent vector.
        """
        self.networks, self.rows = networks, rows
        self.constants = constants or {}
        self.context = networks.context
        self.piece = 0 if networks.prefill is None else networks.prefill.inputs[0].shape[1]
        self.forget()

    def forget(self) -> None:
        """Reset to the initial state."""
        shapes = {tensor.name: (tensor.shape[1:], tensor.dtype) for tensor in self.networks.step.inputs}
        self.states = {
            name: tf.zeros((self.rows, *shapes[name][0]), shapes[name][1]) for name in self.networks.feedback.values()
        }
        self.held = np.zeros((self.rows, 0), np.int32)  # tokens in a transformer's KV cache

    def read(self, tokens: np.ndarray) -> np.ndarray:
        """Read further tokens int `[rows, count]`; returns the logits `[rows, symbols]` of the next ones."""
        tokens = np.asarray(tokens, np.int32)
        if self.context and self.held.shape[1] + tokens.shape[1] > self.context:
            kept = np.concatenate([self.held, tokens], axis=1)[:, -max(1, self.context // 2) :]
            self.forget()
            tokens = kept
        while tokens.shape[1]:
            taken, logits = self._some(tokens)
            if self.context:
                self.held = np.concatenate([self.held, tokens[:, :taken]], axis=1)
            tokens = tokens[:, taken:]
        return logits.numpy()

    def _some(self, tokens: np.ndarray) -> tuple[int, Any]:
        """Read one token, or a whole prefill chunk; returns how many, and the logits after them."""
        rows, left = tokens.shape
        if self.piece and self.context and left > 1 and self.held.shape[1] + self.piece <= self.context:
            count = min(self.piece, left)
            padded = np.zeros((rows, self.piece), np.int32)
            padded[:, :count] = tokens[:, :count]
            inputs = [padded, np.full(rows, count, np.int32), *self.states.values()]
            return count, self._keep(self.networks.compiled_prefill(inputs))
        return 1, self._keep(
            self.networks.compiled_step([tokens[:, 0], *self.constants.values(), *self.states.values()])
        )

    def _keep(self, outputs: list[tf.Tensor]) -> tf.Tensor:
        logits, *new = outputs
        self.states = dict(zip(self.states, new, strict=True))
        return logits

    def select(self, rows: np.ndarray) -> None:
        """Continue with these rows, int `[rows]`, which may repeat."""
        self.states = {name: tf.gather(state, rows) for name, state in self.states.items()}
        self.constants = {name: constant[rows] for name, constant in self.constants.items()}
        self.held = self.held[rows]
        self.rows = len(rows)


def write(
    reader: Reader,
    prompt: np.ndarray,
    tokens: int,
    decoding: Decoding,
    never: tuple[int, ...],
    end: int | None,
    seeds: Sequence[tuple[int, int]],
) -> Iterator[np.ndarray]:
    """Generate continuations of a prompt, symbol by symbol.

    Args:
        reader: in its initial state.
        prompt: int `[prompt]`, not empty, the same for all rows.
        tokens: maximum number of symbols.
        decoding: decoding settings.
        never: symbols that are never generated.
        end: the end symbol, if there is one.
        seeds: of the sampling, one for each text, so that a text does not depend on the others in the batch.

    Yields:
        int64 `[rows]`, the next symbol of each text; the boundary for texts that have ended.
    """
    if not len(prompt):
        raise InputError("the prompt has no tokens")
    rows = reader.rows
    logits = reader.read(np.tile(prompt, (rows, 1)))
    forbidden = np.zeros(logits.shape[1])
    forbidden[list(never)] = -np.inf
    if decoding.beams > 1:
        found = _search(reader, logits[0] + forbidden, forbidden, decoding.beams, tokens, end)
        yield from (np.full(rows, symbol) for symbol in found)
        return
    streams = [np.random.default_rng(seed) for seed in seeds]
    written = np.zeros(logits.shape, bool)
    written[:, prompt] = True
    ended = np.zeros(rows, bool)
    text = np.tile(prompt, (rows, 1))
    for _ in range(tokens):
        uniform = np.array([stream.random() for stream in streams])
        if decoding.watermark:
            logits = favoured(logits, decoding.watermark, text)
        chosen = choose(logits + forbidden, decoding, written, uniform)
        if end is not None:
            ended |= chosen == end
        chosen = np.where(ended, BOUNDARY, chosen)
        if ended.all():
            return
        written[np.arange(rows), chosen] = True
        yield chosen
        text = np.concatenate([text, chosen[:, None]], axis=1)[:, -CONTEXT:]
        logits = reader.read(chosen[:, None])


def favoured(logits: np.ndarray, key: str, text: np.ndarray) -> np.ndarray:
    """Logits `[rows, symbols]` with those of green symbols raised, after the texts int `[rows, any]`."""
    raised = [green(key, before, logits.shape[1]) for before in text.tolist()]
    return logits + STRENGTH * np.array(raised, logits.dtype)


def _search(
    reader: Reader, logits: np.ndarray, forbidden: np.ndarray, beams: int, tokens: int, end: int | None
) -> list[int]:
    reader.select(np.zeros(1, np.int64))

    def advance(parents: np.ndarray, symbols: np.ndarray) -> np.ndarray:
        reader.select(parents)
        return reader.read(symbols[:, None]) + forbidden

    return beam_search(logits[None], advance, beams, tokens, end)[0]
