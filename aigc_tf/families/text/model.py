"""The base class of text generation models: vocabulary, optimizer, generation, the exported step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from aigc_tf.data.text.split import PADDING
from aigc_tf.data.text.vocabulary import BOUNDARY, UNKNOWN_TEXT, Vocabulary, refuse_half_characters
from aigc_tf.errors import InputError, listed
from aigc_tf.families.base import Examples, GenerativeModel, Signature, TensorSpec
from aigc_tf.families.pages import Panel
from aigc_tf.families.tasks import Streams
from aigc_tf.families.text.networks.language import LanguageNetworks
from aigc_tf.families.text.writing import Reader, write
from aigc_tf.modalities.text import Text
from aigc_tf.nn.losses import next_symbol_nats
from aigc_tf.nn.optimizers import scheduled_adam
from aigc_tf.recipes.options import Decoding
from aigc_tf.recipes.text import TextRecipe

GENERATED = 200  # symbols per text by default
GENERATION_ROWS = 50
PREVIEWED = 4
PREVIEWED_DECODING = Decoding(temperature=0.8)


class TextModel(Streams, GenerativeModel):
    """A model that generates text symbol by symbol.

    Args:
        recipe: its optimizer, schedule and seed.
        networks: for sequences and for single steps.
        vocabulary: of the text.
        learning: the networks to train.
    """

    def __init__(
        self, recipe: TextRecipe, networks: LanguageNetworks, vocabulary: Vocabulary, learning: Sequence[keras.Model]
    ) -> None:
        super().__init__(name=recipe.slug())
        self.recipe, self.vocabulary, self.networks = recipe, vocabulary, networks
        self._learning_networks = list(learning)  # their names come from the attributes of subclasses
        self.adam = scheduled_adam(recipe, self.learning)
        self.ready()

    @property
    def gives(self) -> Text:
        """Strings."""
        return Text()

    @property
    def longest(self) -> int | None:
        """Maximum number of symbols in a text, including the BOS token; None for unlimited."""
        return self.networks.context

    @property
    def learning(self) -> list[keras.Variable]:
        """The trainable weights."""
        return [weight for network in self._learning_networks for weight in network.trainable_variables]

    def learn(self, tape: tf.GradientTape, loss: tf.Tensor) -> dict[str, tf.Tensor]:
        """Update the weights by the gradient of a loss; returns metrics."""
        # Embedding gradients are made dense for the optimizer, whose moments update every row.
        gradients = [tf.convert_to_tensor(gradient) for gradient in tape.gradient(loss, self.learning)]
        rate = ops.convert_to_tensor(self.adam.learning_rate)
        return {"gradient_norm": self.adam.apply(gradients, self.learning), "learning_rate": rate}

    @property
    def constant_inputs(self) -> dict[str, TensorSpec]:
        """Specs of the inputs from `constants` in the exported step."""
        return {}

    def constants(self, count: int, seed: int) -> dict[str, np.ndarray]:
        """Further constant inputs of the step for `count` texts, such as a latent vector."""
        return {}

    def tokens_of_prompt(self, prompt: str) -> np.ndarray:
        """A prompt's tokens after the BOS token, int32 `[symbols]`.

        Raises:
            InputError: it has out-of-vocabulary symbols.
        """
        return np.concatenate([[self.vocabulary.start], self.known(prompt, "the prompt")]).astype(np.int32)

    def known(self, text: str, what: str) -> np.ndarray:
        """The symbols of a text after normalisation by `Vocabulary.fitted`, int32 `[symbols]`.

        Args:
            text: to encode.
            what: its name in messages.

        Raises:
            InputError: it has out-of-vocabulary symbols, or is not Unicode.
        """
        refuse_half_characters(text, what)
        fitted = self.vocabulary.fitted(text)
        strange = self.vocabulary.unknown_in(fitted)
        if strange:
            shown = listed([repr(symbol) for symbol in strange])
            cut = self.recipe.text.vocabulary_size is not None
            lacking = "the vocabulary (text.vocabulary_size) lacks" if cut else "the training text does not contain"
            raise InputError(f"{what} has {shown}, which {lacking}: leave that out")
        return self.vocabulary.encode(fitted)

    def shown(self, prompt: str) -> str:
        """A prompt as shown before generated text: without a trailing space if the next symbol includes it."""
        return prompt.rstrip(" ") if self.vocabulary.fitted(prompt) != prompt else prompt

    def stream(
        self,
        count: int,
        seed: int = 0,
        prompt: str = "",
        tokens: int = GENERATED,
        decoding: Decoding | None = None,
        constants: Mapping[str, np.ndarray] | None = None,
        numbers: Sequence[int] | None = None,
    ) -> Iterator[np.ndarray]:
        """Stream the symbols of `count` texts after a prompt, int64 `[count]` at a time; see `generate`.

        `numbers` are the indices of the texts among all of the seed, 0 to count - 1 by default; each index has its own
        random numbers.
        """
        return write(
            Reader(self.networks, count, self.constants(count, seed) if constants is None else constants),
            self.tokens_of_prompt(prompt),
            tokens,
            decoding or Decoding(),
            self.vocabulary.never_written,
            self.vocabulary.end,
            [(seed, number) for number in (range(count) if numbers is None else numbers)],
        )

    def generate(
        self,
        count: int,
        seed: int = 0,
        condition: Any = None,
        prompt: str = "",
        tokens: int = GENERATED,
        decoding: Decoding | None = None,
    ) -> list[str]:
        """New texts; the same for the same seed.

        Args:
            count: number of texts.
            seed: of the sampling.
            condition: of a conditional model; see `marks`.
            prompt: the beginning of each text.
            tokens: maximum number of symbols after the prompt.
            decoding: decoding settings; by default sampling from the model's own distribution.
        """
        marks, texts, constants = self.marks(condition, count), [""] * count, self.constants(count, seed)
        for mark in dict.fromkeys(marks):
            places, begin = [place for place, other in enumerate(marks) if other == mark], mark + prompt
            for at in range(0, len(places), GENERATION_ROWS):
                rows = places[at : at + GENERATION_ROWS]
                of_rows = {name: values[rows] for name, values in constants.items()}
                symbols = self.stream(len(rows), seed, begin, tokens, decoding, of_rows, rows)
                for row, text in zip(rows, self.written(len(rows), symbols, begin), strict=True):
                    texts[row] = text
        return texts

    def marks(self, condition: Any, count: int) -> Sequence[str]:
        """The prefix of each of `count` texts before its prompt, from the condition; empty by default."""
        self.refuse_condition(condition)
        return [""] * count

    def pieces(
        self,
        seed: int = 0,
        condition: Any = None,
        prompt: str = "",
        tokens: int = GENERATED,
        decoding: Decoding | None = None,
    ) -> Iterator[str]:
        """One text, the prompt first, then piece by piece as symbols are generated; see `generate`."""
        begin = self.marks(condition, 1)[0] + prompt
        symbols = self.stream(1, seed, begin, tokens, decoding)
        yield self.shown(begin)
        chosen: list[int] = []
        shown = ""
        for (symbol,) in symbols:
            chosen.append(int(symbol))
            text = self.vocabulary.decode(chosen)
            if not text.endswith(UNKNOWN_TEXT):  # a multi-byte character may be incomplete
                yield text[len(shown) :]
                shown = text
        yield self.vocabulary.decode(chosen)[len(shown) :]

    def written(self, count: int, symbols: Iterator[np.ndarray], prompt: str = "") -> list[str]:
        """The `count` texts from a prompt and a stream of symbols."""
        chosen = [*symbols]
        rows = np.stack(chosen, axis=1) if chosen else np.zeros((count, 0), np.int64)
        return [self.shown(prompt) + self.vocabulary.decode(row) for row in rows]

    def previews(self, source: Any) -> dict[str, Any]:
        """Generated texts from a fixed seed."""
        return {"samples": "\n\n---\n\n".join(self.generate(PREVIEWED, decoding=PREVIEWED_DECODING))}

    def export_metadata(self) -> dict[str, Any]:
        """What a program needs to generate with the file (docs/MOBILE.md)."""
        vocabulary = self.vocabulary
        metadata = {
            "vocabulary": list(vocabulary.symbols),
            "unit": vocabulary.unit,
            "start": vocabulary.start,
            "never": list(vocabulary.never_written),
        }
        return metadata if vocabulary.end is None else metadata | {"end": vocabulary.end}

    def page(self, source: Any = None) -> list[Panel]:
        """A panel that continues a typed text."""
        prefill = None if self.networks.prefill is None else "prefill"
        return [Panel("write", "step", self.export_metadata() | {"prefill": prefill})]

    def signatures(self, source: Any = None) -> dict[str, Signature]:
        """`step`: token and states -> logits and new states."""
        symbols = len(self.vocabulary)

        def examples(count: int, seed: int) -> dict[str, np.ndarray]:
            return {"token": self.real_tokens((count,), seed, source)} | self.constants(count, seed)

        def strange(count: int, seed: int) -> dict[str, np.ndarray]:
            return {"token": self.real_tokens((count,), seed, None)} | self.constants(count, seed)

        inputs = {"token": TensorSpec((), f"token number, 0 to {symbols - 1}", "int32")} | self.constant_inputs
        return {"step": self.step_signature(self.networks.step, inputs, examples, strange, in_a_loop=True)}

    def real_tokens(self, shape: tuple[int, ...], seed: int, source: Any) -> np.ndarray:
        """Tokens from a source, int32, or random symbols without one."""
        random, size = np.random.default_rng(seed), int(np.prod(shape))
        if source is None:
            return random.integers(len(self.vocabulary), size=shape, dtype=np.int32)
        tokens = source.watched.tokens
        text = np.resize(tokens, max(size, len(tokens)))
        at = random.integers(len(text) - size + 1)
        return text[at : at + size].reshape(shape).astype(np.int32)

    def step_signature(
        self,
        network: keras.Model,
        inputs: Mapping[str, TensorSpec],
        examples: Examples,
        strange: Examples,
        in_a_loop: bool,
    ) -> Signature:
        """The signature of a network whose last inputs are states, and whose outputs are logits and new states.

        Args:
            network: the step, or a network that reads several symbols.
            inputs: those before the states.
            examples: of those before the states.
            strange: the same for unusual text.
            in_a_loop: whether it is called repeatedly, so that errors accumulate.
        """
        feedback = self.networks.feedback
        logits, *new_states = network.outputs
        states = dict(zip(feedback.values(), network.inputs[len(inputs) :], strict=True))

        def with_zeros(made: Examples, count: int, seed: int) -> dict[str, np.ndarray]:
            zeros = {name: np.zeros((count, *state.shape[1:]), state.dtype) for name, state in states.items()}
            return made(count, seed) | zeros

        state_inputs = {name: _spec(state, "state, zeros at first") for name, state in states.items()}
        outputs = {"logits": _spec(logits, "logit of each token to be the next")}
        for (output, name), state in zip(feedback.items(), new_states, strict=True):
            outputs[output] = _spec(state, f"{name} of the next step")
        loop = dict(feedback) if in_a_loop else {}
        ordinary, unusual = partial(with_zeros, examples), partial(with_zeros, strange)
        return Signature(network, {**inputs, **state_inputs}, outputs, ordinary, loop, self.longest, unusual)


def _spec(tensor: Any, meaning: str) -> TensorSpec:
    return TensorSpec(tuple(tensor.shape[1:]), meaning, tensor.dtype)


def nats_of_targets(logits: tf.Tensor, targets: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """-log p of each target, 0 for padding, and the mask of non-padding, as 1 and 0; both in the targets' shape."""
    counted = ops.cast(ops.not_equal(targets, PADDING), logits.dtype)
    return next_symbol_nats(logits, ops.maximum(targets, BOUNDARY)) * counted, counted
