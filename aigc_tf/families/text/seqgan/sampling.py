"""Sampling and completion of lines by a language model inside a training step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from aigc_tf.data.text.split import PADDING
from aigc_tf.data.text.vocabulary import Vocabulary
from aigc_tf.families.text.networks.language import LanguageNetworks


@dataclass(frozen=True)
class Sampler:
    """Samples lines by the Gumbel-max trick: the argmax of logits plus Gumbel noise (Gumbel 1954)."""

    networks: LanguageNetworks
    vocabulary: Vocabulary
    line: int
    """Tokens of a line, including BOS and EOS; -1 after its end."""

    @property
    def forbidden(self) -> tf.Tensor:
        """A mask to add to logits: `[symbols]`, very low for symbols that are never generated."""
        low = [float(number in self.vocabulary.never_written) for number in range(len(self.vocabulary))]
        return -1e9 * tf.constant(low)

    def noise(self, seed: tf.Tensor, place: Any, rows: Any) -> tf.Tensor:
        """Gumbel noise for the logits at a position of each row: `[rows, symbols]`."""
        seeds = tf.random.experimental.stateless_fold_in(seed, place)
        uniform = tf.random.stateless_uniform((rows, len(self.vocabulary)), seeds, 1e-7, 1.0)
        return -tf.math.log(-tf.math.log(uniform))

    def begun(self, rows: int) -> tf.Tensor:
        """Empty lines, int32 `[rows, line]`."""
        return tf.fill((rows, self.line), tf.constant(self.vocabulary.start, tf.int32))

    def write(self, given: tf.Tensor, kept: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """Complete lines int32 `[rows, line]` after their first `kept` tokens, int32 `[rows]`, at least one."""
        rows = tf.shape(given)[0]
        _, *inputs = self.networks.step.inputs
        states = [tf.zeros((rows, *state.shape[1:]), state.dtype) for state in inputs]
        written = tf.TensorArray(tf.int32, self.line).write(0, given[:, 0])
        forbidden = self.forbidden

        def body(place: Any, token: Any, lines: Any, *states: Any) -> Any:
            logits, *states = self.networks.step([tf.maximum(token, 0), *states], training=False)
            drawn = tf.argmax(logits + forbidden + self.noise(seed, place, rows), axis=-1, output_type=tf.int32)
            chosen = tf.where(place < kept, given[:, place], drawn)
            # The first token is a boundary, too, but not the end.
            ended = (token == PADDING) | ((token == self.vocabulary.end) & (place > 1))
            chosen = tf.where(ended, PADDING, chosen)
            return place + 1, chosen, lines.write(place, chosen), *states

        first = (tf.constant(1), given[:, 0], written, *states)
        _, _, lines, *_ = tf.while_loop(lambda place, *_: place < self.line, body, first)
        return tf.ensure_shape(tf.transpose(lines.stack()), (given.shape[0], self.line))
