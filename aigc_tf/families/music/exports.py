"""Export of music models: encoder, step, and prefill of the known half of a window."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from aigc_tf.data.music.piece import BEHIND, FIRST, LOWEST, MAX_AGE, MAX_LEFT, PLACES, SYMBOLS, Piece
from aigc_tf.data.music.source import ENTRIES, entries
from aigc_tf.families.base import Examples, Signature, TensorSpec
from aigc_tf.families.music.cells import cell_inputs, encoder_inputs
from aigc_tf.families.music.networks import UNKNOWN, UNKNOWN_AGE, MusicNetworks
from aigc_tf.families.music.vae_networks import ExcerptNetworks

if TYPE_CHECKING:
    from aigc_tf.families.music.model import MusicModel

CellNetworks: TypeAlias = MusicNetworks | ExcerptNetworks
PIECES = 8  # number of different pieces in examples
_MEANINGS = {
    "held": "the token sounding in each voice when the cell is chosen, 0 for nothing yet",
    "age": f"sixteenth notes for which it has sounded, at most {MAX_AGE}",
    "voice": "of the cell, from 0 for the highest",
    "place": f"in the bar, 0 to {PLACES - 1}: + 32 in bars of 12 sixteenth notes, + 64 in bars of neither 16 nor 12",
    "left": f"sixteenth notes to the end of the piece, at most {MAX_LEFT}; {BEHIND} after it",
    "memory": "what is given around the step",
    "logits": "logit of each token",
}
_GIVEN = {
    "held": f"the token sounding in each step and voice; {UNKNOWN} where that is not given",
    "age": f"sixteenth notes for which it has sounded; {UNKNOWN_AGE} where that is not given",
}


def outputs_of(networks: CellNetworks, name: str) -> list[str]:
    """The names of a network's outputs, in order."""
    if name == "encode":
        return ["memory"]
    return [*(["logits"] if name == "step" else []), *networks.feedback]


def state_shapes(networks: CellNetworks) -> dict[str, tuple[tuple[int, ...], Any]]:
    """Shape, without rows, and type of each state."""
    inputs = {tensor.name: tensor for tensor in networks.step.inputs}
    return {name: (tuple(inputs[name].shape[1:]), inputs[name].dtype) for name in networks.feedback.values()}


def metadata(voices: Sequence[str], window: int) -> dict[str, Any]:
    """The meaning of inputs and outputs, for programs that generate with the file.

    Args:
        voices: from the highest down.
        window: steps that are generated before the states are reset.
    """
    return {
        "voices": list(voices),
        "window": window,
        "hold": 0,
        "rest": 1,
        "first_pitch_symbol": FIRST,
        "first_pitch": LOWEST,
        "unknown": UNKNOWN,
        "unknown_age": UNKNOWN_AGE,
        "max_age": MAX_AGE,
        "max_left": MAX_LEFT,
        "behind": BEHIND,
    }


def signatures(model: MusicModel, source: Any) -> dict[str, Signature]:
    """The signatures of a model.

    Args:
        model: the model.
        source: of real pieces; without it, the model's samples are used.
    """
    networks = model.networks
    return {
        name: Signature(
            getattr(networks, name),
            {tensor.name: spec_of(networks, name, tensor, tensor.name) for tensor in getattr(networks, name).inputs},
            {
                output: spec_of(networks, name, tensor, output)
                for output, tensor in zip(outputs_of(networks, name), getattr(networks, name).outputs, strict=True)
            },
            _examples(model, source, name, strange=False),
            dict(networks.feedback) if name == "step" else {},
            model.recipe.music.window * len(model.recipe.music.voices) if name == "step" else None,
            _examples(model, source, name, strange=True),
        )
        for name in ("encode", "step", "prefill")
    }


def spec_of(networks: CellNetworks, network: str, tensor: Any, name: str) -> TensorSpec:
    """Shape, type and meaning of an input or output.

    Args:
        networks: which know the names of the states.
        network: name of the signature; inputs of `encode` may be masked as unknown.
        tensor: symbolic, of that network.
        name: of the input or output.
    """
    if name in networks.feedback:
        meaning = f"{networks.feedback[name]} of the next call"
    elif name in networks.feedback.values():
        meaning = "state, zeros at first"
    else:
        meaning = (_GIVEN if network == "encode" else {}).get(name, _MEANINGS[name])
    return TensorSpec(tuple(tensor.shape[1:]), meaning, tensor.dtype)


def _examples(model: MusicModel, source: Any, name: str, strange: bool) -> Examples:
    def examples(count: int, seed: int) -> dict[str, np.ndarray]:
        batch = _windows(model, source, seed, strange)
        if name == "encode":
            found = {key: np.asarray(values) for key, values in encoder_inputs(batch).items()}
            return {key: np.resize(values, (count, *values.shape[1:])) for key, values in found.items()}
        memory = model.call_networks("encode", {key: np.asarray(v) for key, v in encoder_inputs(batch).items()})[
            "memory"
        ]
        cells = {key: np.asarray(values) for key, values in cell_inputs(batch, memory).items()}
        if name == "prefill":
            size = next(t.shape[1] for t in model.networks.prefill.inputs if t.name == "memory")
            found = {key: values[:, :size] for key, values in cells.items()}
        else:  # cell by cell
            found = {key: values.reshape(-1, *values.shape[2:]) for key, values in cells.items()}
        found = {key: np.resize(values, (count, *values.shape[1:])) for key, values in found.items()}
        states = state_shapes(model.networks)
        return found | {key: np.zeros((count, *shape), kind) for key, (shape, kind) in states.items()}

    return examples


def _windows(model: MusicModel, source: Any, seed: int, strange: bool) -> dict[str, np.ndarray]:
    """Windows of pieces with some voices given, in the form of `MusicSource.read`."""
    random = np.random.default_rng(seed)
    window, voices = model.recipe.music.window, len(model.recipe.music.voices)
    pieces = _random_pieces(random, window, voices) if source is None else source.inputs("validation", PIECES)
    if strange:
        pieces = model.takes.strange(pieces, seed)
    rows = []
    for number in range(PIECES):
        piece = pieces[number % len(pieces)]
        given = np.zeros((window, voices), bool)
        given[:, : number % voices] = True
        rows.append(entries(piece, int(random.integers(max(1, piece.steps - window))), window, given))
    return {name: np.stack([row[name] for row in rows]) for name in ENTRIES}


def _random_pieces(random: np.random.Generator, steps: int, voices: int) -> list[Piece]:
    cells = random.integers(1, SYMBOLS, (PIECES, steps, voices)).astype(np.int16)
    cells[:, 1:][random.random((PIECES, steps - 1, voices)) < 0.7] = 0
    return [Piece(each) for each in cells]
