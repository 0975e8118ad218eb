"""What the exported file of a model from text to text holds: encoder, start and step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from aigc_tf.data.text.split import PADDING
from aigc_tf.data.text.vocabulary import BOUNDARY
from aigc_tf.families.base import Signature, TensorSpec

if TYPE_CHECKING:
    from aigc_tf.families.text.seq2seq.model import Seq2Seq

SOURCES = 8  # different ones that examples of the step and of the start are made of
_MEANINGS = {
    "source": f"numbers of the source's symbols, {BOUNDARY} after the last, then {PADDING}",
    "memory": "what is remembered of each place of the source",
    "token": "number of the newest symbol of the target, the boundary at first",
    "logits": "unnormalised log-probability of each symbol to be the next, if it is written",
    "attention": "where in the source the model looks, and what it would copy; the sum is 1",
    "gate": "logit of the probability that the next symbol is written, not copied",
}


def signatures(model: Seq2Seq, source: Any) -> dict[str, Signature]:
    """`encode`: source -> memory; `start`: memory -> constants of the steps; `step`: one symbol further.

    Args:
        model: the model.
        source: of real pairs; random symbols without one.
    """
    networks = model.networks

    def ordinary(count: int, seed: int) -> dict[str, np.ndarray]:
        return {"source": sources(model, source, count, seed)}

    def strange(count: int, seed: int) -> dict[str, np.ndarray]:
        return {"source": sources(model, None, count, seed)}

    def remembered(count: int, seed: int) -> dict[str, np.ndarray]:
        given = ordinary(SOURCES, seed)["source"]
        found = {"source": given, "memory": networks.call("encode", source=given)["memory"].numpy()}
        return {name: found[name][np.arange(count) % SOURCES] for name in networks.inputs("start")}

    def begun(count: int, seed: int) -> dict[str, np.ndarray]:
        random, rows = np.random.default_rng(seed), np.arange(count) % SOURCES
        given = sources(model, source, SOURCES, seed)
        memory = networks.call("encode", source=given)["memory"]
        made = networks.call(
            "start", **{name: {"source": given, "memory": memory}[name] for name in networks.inputs("start")}
        )
        found: dict[str, np.ndarray] = {"source": given[rows]} | {
            name: tensor.numpy()[rows] for name, tensor in made.items()
        }
        found["token"] = random.integers(len(model.vocabularies.target), size=count, dtype=np.int32)
        for name, tensor in networks.inputs("step").items():
            if name not in found:
                found[name] = np.zeros((count, *tensor.shape[1:]), tensor.dtype)
        return found

    longest = model.recipe.pairs.target_length + 1
    examples = {"encode": (ordinary, strange), "start": (remembered, None), "step": (begun, None)}
    return {
        name: Signature(
            getattr(networks, name),
            {key: _spec(key, tensor, networks.feedback) for key, tensor in networks.inputs(name).items()},
            {key: _spec(key, tensor, networks.feedback) for key, tensor in networks.outputs(name).items()},
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


def _spec(name: str, tensor: Any, feedback: dict[str, str] | Any) -> TensorSpec:
    if name in feedback:
        meaning = f"{feedback[name]} of the next step"
    elif name in feedback.values():
        meaning = "state; what start gives of that name, or zeros at first"
    else:
        meaning = _MEANINGS.get(name, "of the source, the same at each step")
    return TensorSpec(tuple(tensor.shape[1:]), meaning, tensor.dtype)
