"""Export of speech models: encoder of letters, and decoder of frames with phase reconstruction."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from aigc_tf.data.sound.spectrograms import frames_of
from aigc_tf.data.text.vocabulary import BOUNDARY, UNKNOWN
from aigc_tf.families.base import Signature, TensorSpec
from aigc_tf.families.sounding import heard_alike
from aigc_tf.families.speech.frames import frames_of_letters
from aigc_tf.nn.spectrograms import FromLogMel

if TYPE_CHECKING:
    from aigc_tf.families.speech.model import SpeechModel

_LETTERS = 12  # of an example without a source
ENCODED = {
    "states": "of each letter",
    "means": "the mean spectrum of each letter",
    "log_frames": "natural logarithm of the frames of each letter",
}
"""Outputs of `encode`."""
_TOLD = {
    "states": "states of the letter of each frame",
    "means": "mean spectrum of that letter",
    "progress": "how far in its letter each frame is, in [0, 1)",
    "mask": "1 where a frame is, 0 after the last one",
}


def metadata(model: SpeechModel) -> dict[str, Any]:
    """What a program needs to synthesise speech with the file (docs/MOBILE.md)."""
    sound = model.recipe.sound
    return {
        "vocabulary": list(model.vocabulary.symbols),
        "rate": sound.rate,
        "hop": sound.hop,
        "letters": model.recipe.spoken.longest_text,
        "frames": sound.frames,
        "longest_letter": model.recipe.longest_letter,
    }


def signatures(model: SpeechModel, source: Any) -> dict[str, Signature]:
    """The signatures of a model.

    Args:
        model: the model.
        source: of real words; without it, random letters are used.
    """
    return {"encode": _encode(model, source), "speak": _speak(model, source)}


def _encode(model: SpeechModel, source: Any) -> Signature:
    letters = model.recipe.spoken.longest_text
    symbols, mask = keras.Input((letters,), dtype="int32", name="symbols"), keras.Input((letters,), name="mask")
    made = model.encoder([symbols, mask])
    outputs = {
        name: TensorSpec(tuple(tensor.shape[1:]), meaning)
        for tensor, (name, meaning) in zip(made, ENCODED.items(), strict=True)
    }
    inputs = {
        "symbols": TensorSpec((letters,), "numbers of letters; after the last one 0", "int32"),
        "mask": TensorSpec((letters,), "1 where a letter is, 0 after the last one"),
    }
    return Signature(keras.Model([symbols, mask], made), inputs, outputs, partial(_letters, model, source))


def _speak(model: SpeechModel, source: Any) -> Signature:
    sound = model.recipe.sound
    tensors = [keras.Input((sound.frames, *tensor.shape[2:]), name=tensor.name) for tensor in model.decoder.inputs]
    made = keras.ops.clip(model.decoder(tensors), 0.0, 1.0) * keras.ops.expand_dims(tensors[-1], -1)
    picture = keras.ops.expand_dims(keras.ops.transpose(made, (0, 2, 1)), -1)
    heard = FromLogMel(frames_of(sound), sound.iterations, name="sound")(picture)
    inputs = {tensor.name: TensorSpec(tuple(tensor.shape[1:]), _TOLD[tensor.name]) for tensor in tensors}
    outputs = {"sound": TensorSpec((sound.samples,), f"samples in [-1, 1], {sound.rate} per second")}
    examples = partial(_frames, model, source)
    return Signature(
        *(keras.Model(tensors, heard), inputs, outputs, examples),
        passes=sound.iterations,
        compared=heard_alike(sound),
    )


def padded(model: SpeechModel, rows: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
    """Letters of several texts as inputs of `encode`; longer texts are truncated."""
    symbols = np.zeros((len(rows), model.recipe.spoken.longest_text), np.int32)
    for row, numbers in zip(symbols, rows, strict=True):
        row[: len(numbers)] = numbers[: len(row)]
    return {"symbols": symbols, "mask": (symbols != BOUNDARY).astype(np.float32)}


def _letters(model: SpeechModel, source: Any, count: int, seed: int) -> dict[str, np.ndarray]:
    """Words of the training part, or random letters, as inputs of `encode`."""
    random = np.random.default_rng(seed)
    if source is None:
        known = np.arange(UNKNOWN + 1, len(model.vocabulary))
        return padded(model, [random.choice(known, _LETTERS) for _ in range(count)])
    texts = source.inputs("train", source.count)
    return padded(model, [model.symbols(texts[random.integers(len(texts))]) for _ in range(count)])


def _frames(model: SpeechModel, source: Any, count: int, seed: int) -> dict[str, np.ndarray]:
    """The same as inputs of `speak`."""
    given = _letters(model, source, count, seed)
    return frames_of_letters(model.encoded(**given), given["mask"], model.recipe, model.recipe.sound.frames)
