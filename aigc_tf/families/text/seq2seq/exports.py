"""Export of text-to-text models: encoder, start and step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from aigc_tf.data.text.split import PADDING
from aigc_tf.data.text.vocabulary import BOUNDARY
from aigc_tf.families.base import Examples, Signature, TensorSpec

if TYPE_CHECKING:
    from aigc_tf.families.text.seq2seq.decoder_model import DecoderModel
    from aigc_tf.families.text.seq2seq.model import Seq2Seq

SOURCES = 8  # number of different ones in examples of step and start
_MEANINGS = {
    "source": f"token numbers of the source, {BOUNDARY} after the last, then {PADDING}",
    "memory": "the encoding of each position of the source",
    "token": "number of the latest token of the target, the boundary at first",
    "logits": "logit of each token to be the next, if it is generated",
    "attention": "attention to the source, and what would be copied; the sum is 1",
    "gate": "logit of the probability that the next token is generated, not copied",
}


def signatures(
    model: DecoderModel, ordinary: Examples, strange: Examples, read: str | None = None
) -> dict[str, Signature]:
    """`encode`: source -> memory; `start`: memory -> constants of the steps; `step`: the next symbol.

    Args:
        model: the model.
        ordinary: examples of `source`.
        strange: the same, but unusual.
        read: spec of a source; by default the ids of a text.
    """
    networks = model.networks

    def remembered(count: int, seed: int) -> dict[str, np.ndarray]:
        given = ordinary(SOURCES, seed)["source"]
        found = {"source": given, "memory": networks.call("encode", source=given)["memory"].numpy()}
        return {name: found[name][np.arange(count) % SOURCES] for name in networks.inputs("start")}

    def begun(count: int, seed: int) -> dict[str, np.ndarray]:
        random, rows = np.random.default_rng(seed), np.arange(count) % SOURCES
        given = ordinary(SOURCES, seed)["source"]
        first = {"source": given, "memory": networks.call("encode", source=given)["memory"]}
        made = networks.call("start", **{name: first[name] for name in networks.inputs("start")})
        known = {"source": given[rows]} | {name: tensor.numpy()[rows] for name, tensor in made.items()}
        known["token"] = random.integers(len(model.target), size=count, dtype=np.int32)
        return {
            name: known[name] if name in known else np.zeros((count, *tensor.shape[1:]), tensor.dtype)
            for name, tensor in networks.inputs("step").items()
        }

    longest = model.recipe.target_length + 1
    examples = {"encode": (ordinary, strange), "start": (remembered, None), "step": (begun, None)}
    meanings = _MEANINGS if read is None else _MEANINGS | {"source": read}

    def specs(tensors: dict[str, Any]) -> dict[str, TensorSpec]:
        return {key: _spec(key, tensor, networks.feedback, meanings) for key, tensor in tensors.items()}

    return {
        name: Signature(
            getattr(networks, name),
            specs(networks.inputs(name)),
            specs(networks.outputs(name)),
            made,
            dict(networks.feedback) if name == "step" else {},
            longest if name == "step" else None,
            unusual,
        )
        for name, (made, unusual) in examples.items()
    }


def sources(model: Seq2Seq, source: Any, count: int, seed: int) -> np.ndarray:
    """Sources of the watched part, or random ones, int32 `[count, source]`."""
    length = model.recipe.pairs.source_length
    random = np.random.default_rng(seed)
    if source is not None:
        pairs = source.watched.pairs
        return model.sources([pairs[row].source for row in random.integers(len(pairs), size=count)])
    rows = random.integers(1, len(model.vocabularies.source), (count, length + 1)).astype(np.int32)
    ends = random.integers(1, length + 1, (count, 1))
    places = np.arange(length + 1)
    return np.where(places < ends, rows, np.where(places == ends, BOUNDARY, PADDING)).astype(np.int32)


def _spec(name: str, tensor: Any, feedback: Mapping[str, str], meanings: Mapping[str, str]) -> TensorSpec:
    if name in feedback:
        meaning = f"{feedback[name]} of the next step"
    elif name in feedback.values():
        meaning = "state; start's output of that name, or zeros at first"
    else:
        meaning = meanings.get(name, "of the source, the same at each step")
    return TensorSpec(tuple(tensor.shape[1:]), meaning, tensor.dtype)
