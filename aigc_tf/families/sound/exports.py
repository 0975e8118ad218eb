"""Export of autoregressive sound models: a step of one frame, and synthesis with phase reconstruction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from aigc_tf.data.sound.spectrograms import synthesis
from aigc_tf.families.base import Signature, TensorSpec
from aigc_tf.families.sound.drawing import to_levels
from aigc_tf.families.sounding import heard_alike

if TYPE_CHECKING:
    from aigc_tf.families.sound.model import SoundAR

DRAWN_FROM = {
    "weights": "logit of each component of the mixture",
    "means": "of the bands in each component, in [-1, 1]",
    "log_scales": "natural logarithms of the scales of their logistic distributions",
}
"""Outputs of `step` besides its states."""
_OWN = 16  # samples of the model used if there are no recordings


def signatures(model: SoundAR, source: Any) -> dict[str, Signature]:
    """The signatures of a model.

    Args:
        model: the model.
        source: of real sounds; without it, the model's samples are used.
    """
    return {"step": _step(model, source), "synthesise": _synthesise(model, source)}


def _step(model: SoundAR, source: Any) -> Signature:
    networks, sound = model.networks, model.recipe.sound
    _, _, *states = networks.step.inputs
    inputs = {
        "before": TensorSpec((sound.bands,), "the frame before, the highest band first, in [-1, 1]; at first all -1"),
        "label": TensorSpec((), "number of the class, from 0", "int32", tuple(model.condition.kinds)),
    }
    inputs |= {
        tensor.name: TensorSpec(tuple(tensor.shape[1:]), "state, zeros at first", tensor.dtype) for tensor in states
    }
    outputs = {
        name: TensorSpec(tuple(tensor.shape[1:]), meaning)
        for (name, meaning), tensor in zip(DRAWN_FROM.items(), networks.step.outputs, strict=False)
    }
    for output, name in networks.feedback.items():
        outputs[output] = TensorSpec(inputs[name].shape, f"{name} of the next step", inputs[name].dtype)

    def examples(count: int, seed: int) -> dict[str, np.ndarray]:
        """Successive frames of sounds."""
        pictures, labels = _pictures(model, source, -(-count // sound.frames) + 1, seed)
        frames = to_levels(2 * pictures[..., 0].transpose(0, 2, 1) - 1).reshape(-1, sound.bands)
        zeros = {tensor.name: np.zeros((count, *tensor.shape[1:]), tensor.dtype) for tensor in states}
        return {"before": frames[:count], "label": np.repeat(labels, sound.frames)[:count], **zeros}

    def strange(count: int, seed: int) -> dict[str, np.ndarray]:
        """Noise."""
        noise = np.random.default_rng(seed).uniform(-1, 1, (count, sound.bands))
        return examples(count, seed) | {"before": to_levels(noise)}

    return Signature(networks.step, inputs, outputs, examples, dict(networks.feedback), sound.frames, strange)


def _synthesise(model: SoundAR, source: Any) -> Signature:
    sound = model.recipe.sound

    def examples(count: int, seed: int) -> dict[str, np.ndarray]:
        return {"picture": _pictures(model, source, count, seed)[0]}

    inputs = {"picture": TensorSpec(sound.images.shape, "log-mel spectrogram in [0, 1], the highest band above")}
    outputs = {"sound": TensorSpec((sound.samples,), f"samples in [-1, 1], {sound.rate} per second")}
    return Signature(
        *(synthesis(sound), inputs, outputs, examples),
        passes=sound.iterations,
        compared=heard_alike(sound),
        in_float=True,
    )


def _pictures(model: SoundAR, source: Any, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Spectrograms of sounds and their classes, int32."""
    random = np.random.default_rng(seed)
    if source is None:
        labels = model.conditions(None, _OWN)
        pictures = model.generate_pictures(_OWN, seed, labels)
        chosen = random.integers(_OWN, size=count)
        return pictures[chosen], labels[chosen]
    chosen = np.sort(random.integers(source.count, size=count))
    sounds, labels = source.inputs("train", source.count), source.labels("train")
    return model.pictures_of(sounds[chosen]), labels[chosen].astype(np.int32)
