"""The effect of quantization on speech synthesis: spectrogram error."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from aigc_tf.data.sound.spectrograms import frames_of, spectrograms
from aigc_tf.export.quality.change import Call, checked, networks_of, relative_rise
from aigc_tf.export.runner import Runner
from aigc_tf.families.speech.exports import padded
from aigc_tf.families.speech.frames import frames_of_letters
from aigc_tf.metrics.sound.warping import warped
from aigc_tf.recipes.speech import Speech

if TYPE_CHECKING:
    from aigc_tf.data.sound.spoken import SpokenSource
    from aigc_tf.families.speech.model import SpeechModel


def speech_quality(
    model: SpeechModel, source: SpokenSource, recipe: Speech, runner: Runner, quantize: str
) -> dict[str, dict[str, Any]]:
    """Spectrogram error of synthesised validation words before and after quantization, with dynamic time warping.

    Args:
        model: the float networks.
        source: its `watched` part is used, since rejecting a file is a choice; test recordings must not influence
            choices.
        recipe: the model's recipe, with `export_limits`.
        runner: runs the exported file.
        quantize: `dynamic` or `int8`.

    Raises:
        VerificationError: the error rises by a larger share than the recipe allows.
    """
    chosen = source.recordings("validation", recipe.export_limits.sentences)
    letters = padded(model, [model.symbols(one.words) for one in chosen])
    decibels = frames_of(recipe.sound).steepness * 20 / math.log(10)

    def error(call: Call) -> float:
        encoded = call("encode", letters)
        frames = frames_of_letters(encoded, letters["mask"], recipe, recipe.sound.frames)
        lengths = frames["mask"].sum(axis=1).astype(int)
        heard = spectrograms(call("speak", frames)["sound"], recipe.sound)[..., 0].swapaxes(1, 2)
        pairs = zip(chosen, heard, lengths, strict=True)
        return decibels * float(np.mean([warped(one.picture, made[:length]).distance for one, made, length in pairs]))

    calls = checked(networks_of(model.signatures(), 8), runner.map)
    allowed = recipe.export_limits.of(quantize)
    return {"speak": relative_rise("error of spectrograms in dB", error, calls, quantize, allowed)}
