"""The variants of every text-to-text network: over whole pairs, and encoder, start and step separately."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import keras
import tensorflow as tf
from keras import layers, ops

from aigc_tf.data.pairs.vocabularies import Vocabularies
from aigc_tf.data.text.split import PADDING
from aigc_tf.recipes.seq2seq import Seq2SeqRecipe
from aigc_tf.references import resolve

_MADE_BY = {
    "transformer": "aigc_tf.families.text.seq2seq.transformer:networks",
    "lstm": "aigc_tf.families.text.seq2seq.recurrent:networks",
}

Call = Callable[..., Mapping[str, Any]]
"""Name of a variant and its inputs by name -> its outputs by name, for the networks or an exported file."""


@dataclass(frozen=True)
class Seq2SeqNetworks:
    """Variants of one text-to-text model that share their weights.

    Sources are int32 `[batch, source]`, -1 after their ends; all variants but the first take sources padded to the
    maximum length. `attention`, `[batch, ..., source]`, sums to 1; with a copy head it is also the copy distribution,
    and `gate`, `[batch, ..., 1]`, is the logit of the probability that the next symbol is generated from `logits`, not
    copied (See et al. 2017, eqs. 8 and 9).
    """

    sequence: keras.Model
    """Source and target int32 `[batch, time]` -> logits `[batch, time, symbols]`, attention and, if it copies, gate."""
    encode: keras.Model
    """Source -> memory, `[batch, source, width]`."""
    start: keras.Model
    """Memory, and the source if needed -> constants of all steps: keys, values, initial states."""
    step: keras.Model
    """Token int32 `[batch]`, source, constants and states -> logits `[batch, symbols]`, attention, gate, new states."""
    feedback: Mapping[str, str]
    """Maps outputs of a step to inputs of the next."""

    @property
    def copies(self) -> bool:
        """Whether there is a copy head."""
        return len(self.sequence.outputs) > 2

    def inputs(self, form: str) -> dict[str, Any]:
        """The inputs of `encode`, `start` or `step` by name."""
        return {tensor.name: tensor for tensor in getattr(self, form).inputs}

    def outputs(self, form: str) -> dict[str, Any]:
        """The outputs of `encode`, `start` or `step` by name."""
        made = getattr(self, form).outputs
        if form == "encode":
            return {"memory": made[0]}
        if form == "start":
            names = [name for name in self.inputs("step") if name not in ("token", "source")]
            return dict(zip(names, made, strict=False))
        said = ["logits", "attention", *(["gate"] if self.copies else [])]
        return dict(zip([*said, *self.feedback], made, strict=True))

    @cached_property
    def _compiled(self) -> Mapping[str, Any]:
        return {
            form: tf.function(partial(getattr(self, form), training=False), reduce_retracing=True)
            for form in ("encode", "start", "step")
        }

    def call(self, form: str, **inputs: Any) -> dict[str, tf.Tensor]:
        """Call a variant in inference mode, compiled once for each shape."""
        given = [inputs[name] for name in self.inputs(form)]
        found = self._compiled[form](given if len(given) > 1 else given[0])
        return dict(zip(self.outputs(form), tf.nest.flatten(found), strict=True))


def seq2seq(recipe: Seq2SeqRecipe, vocabularies: Vocabularies) -> Seq2SeqNetworks:
    """The networks for a recipe's `encoder`."""
    made: Seq2SeqNetworks = resolve(_MADE_BY[recipe.encoder])(recipe, vocabularies)
    return made


def source_input(length: int | None = None) -> keras.KerasTensor:
    """The input for sources."""
    return keras.Input((length,), dtype="int32", name="source")


def visible(source: Any) -> Any:
    """The mask of non-padding positions of sources: bool `[batch, source]`."""
    return ops.not_equal(source, PADDING)


def embeddings(recipe: Seq2SeqRecipe, vocabularies: Vocabularies) -> tuple[layers.Layer, layers.Layer]:
    """Embeddings of source and target, the same if they share their vocabulary; tied with the output layer."""
    initializer = keras.initializers.RandomNormal(stddev=recipe.embedding_deviation)

    def embedding(symbols: int, name: str) -> layers.Layer:
        return layers.ReversibleEmbedding(symbols, recipe.width, embeddings_initializer=initializer, name=name)

    if vocabularies.shared:
        both = embedding(len(vocabularies.source), "embedding")
        return both, both
    return (
        embedding(len(vocabularies.source), "source_embedding"),
        embedding(len(vocabularies.target), "target_embedding"),
    )


def outputs(logits: Any, attention: Any, gate: Any) -> list[Any]:
    """Outputs for the next symbol: logits, attention over the source, and the gate if it is not None."""
    return [logits, attention, *(() if gate is None else (gate,))]


def like(made: Mapping[str, Any]) -> dict[str, keras.KerasTensor]:
    """Inputs with the names and shapes of tensors."""
    return {name: keras.Input(tensor.shape[1:], dtype=tensor.dtype, name=name) for name, tensor in made.items()}


def step_network(
    token: Any, source: Any, inputs: Mapping[str, Any], said: Sequence[Any], new_states: Mapping[str, Any]
) -> tuple[keras.Model, dict[str, str]]:
    """The step, and its feedback.

    Args:
        token: the latest symbol.
        source: the source; None if the step needs none.
        inputs: constants, and states, by name.
        said: the first outputs.
        new_states: by the name of the state.
    """
    given = [token] if source is None else [token, source]
    network = keras.Model([*given, *inputs.values()], [*said, *new_states.values()], name="step")
    return network, {f"new_{name}": name for name in new_states}
