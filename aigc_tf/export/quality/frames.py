"""The effect of quantization on autoregressive sound models: NLL per frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from aigc_tf.export.quality.change import Call, checked, networks_of, relative_rise
from aigc_tf.export.runner import Runner
from aigc_tf.families.sound.drawing import SILENCE, to_levels
from aigc_tf.families.sound.exports import DRAWN_FROM
from aigc_tf.recipes.sound_ar import SoundAR as SoundARRecipe

if TYPE_CHECKING:
    from aigc_tf.data.sound.source import SoundSource
    from aigc_tf.families.sound.model import SoundAR


def frame_quality(
    model: SoundAR, source: SoundSource, recipe: SoundARRecipe, runner: Runner, quantize: str
) -> dict[str, dict[str, Any]]:
    """Negative log-likelihood per frame of held-out recordings, in nats, before and after quantization, frame by frame.

    Args:
        model: the float networks.
        source: its `watched` part is used, since rejecting a file is a choice; test recordings must not influence
            choices.
        recipe: the model's recipe, with `export_limits`.
        runner: runs the exported file.
        quantize: `dynamic` or `int8`.

    Raises:
        VerificationError: it rises by a larger share than the recipe allows.
    """
    (batch,) = source.held_out("validation", recipe.export_limits.recordings)
    rows = runner.batch("step")
    size = -(-len(batch["label"]) // rows) * rows
    frames = to_levels(np.resize(batch["image"], (size, *batch["image"].shape[1:]))[..., 0].transpose(0, 2, 1))
    labels = np.resize(batch["label"], size)

    def error(call: Call) -> float:
        parts = range(0, size, rows)
        return float(np.mean([nats_of(call, model, frames[at : at + rows], labels[at : at + rows]) for at in parts]))

    calls = checked(networks_of(model.signatures(source)), lambda name, inputs: runner(name, **inputs))
    allowed = recipe.export_limits.of(quantize)
    return {"step": relative_rise("nats per frame of held-out recordings", error, calls, quantize, allowed)}


def nats_of(call: Call, model: SoundAR, frames: np.ndarray, labels: np.ndarray) -> float:
    """Mean -log p per frame for frames `[rows, frames, bands]` in [-1, 1], each conditioned on those before it."""
    networks = model.networks
    _, _, *inputs = networks.step.inputs
    states = {tensor.name: np.zeros((len(labels), *tensor.shape[1:]), tensor.dtype) for tensor in inputs}
    before, parameters = np.full(frames[:, 0].shape, SILENCE, np.float32), []
    for time in range(frames.shape[1]):
        answer = call("step", {"before": before, "label": labels, **states})
        states = {name: answer[output] for output, name in networks.feedback.items()}
        parts = [answer[name].reshape(len(labels), -1) for name in DRAWN_FROM]
        parameters.append(np.concatenate(parts, axis=1))
        before = frames[:, time]
    told = np.stack(parameters, axis=1)[:, None]  # [rows, 1, frames, parameters]
    log_p = networks.mixture.log_probability(told, (frames[:, None] + 1) / 2)
    return -float(np.mean(log_p)) / frames.shape[1]
