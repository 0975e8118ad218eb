"""The effect of export on video models: PSNR of frames in validation windows, network against file."""

from __future__ import annotations

from typing import Any

import numpy as np

from aigc_tf.export.quality.change import Call, checked, networks_of, relative_rise, require_at_most
from aigc_tf.export.runner import Runner
from aigc_tf.families.gan.video import VideoGAN
from aigc_tf.families.video.complete import GapFrames
from aigc_tf.families.video.predict import NextFrames
from aigc_tf.metrics.images.image_quality import psnr
from aigc_tf.metrics.video.drawn import distances
from aigc_tf.modalities.pictures import as_brightness
from aigc_tf.recipes.video import VideoRecipe
from aigc_tf.recipes.video_gan import VideoGAN as VideoGANRecipe


def video_quality(
    model: Any, source: Any, recipe: VideoRecipe, runner: Runner, quantize: str
) -> dict[str, dict[str, Any]]:
    """Measure a file on windows of the `watched` part, and reject it beyond the limits of the recipe.

    Args:
        model: the exported model.
        source: the run's source.
        recipe: `recipe.export_limits` gives the number of windows and the limits.
        runner: runs the file.
        quantize: the file's quantization.

    Raises:
        VerificationError: the limit is exceeded, or a number is not finite.
    """
    ((name, signature),) = model.signatures(source).items()
    side = runner.inputs(name)[next(iter(signature.inputs))][0][1]
    windows = model.windows(source, recipe.export_limits.crops // 4 or 1, side, 0)
    signatures = model.of_size(side).signatures(source)
    make = {"step": frames_ahead, "fill": frames_between}[name]
    truth = model.truth(windows)
    before, after = (
        _psnr_db(make(call, model, windows), truth) for call in checked(networks_of(signatures), runner.map)
    )
    allowed = recipe.export_limits.of(quantize).psnr_db
    require_at_most(
        before - after,
        allowed,
        f"{name}, quantize {quantize}: the PSNR of frames goes from {before:.2f} to {after:.2f} dB, it may fall by "
        f"{allowed:g}: choose quantize float16, train longer, or change export_limits.{quantize}.psnr_db",
    )
    measure = "PSNR of frames of validation windows in dB, higher is better"
    return {
        name: {
            "measure": measure,
            "before": before,
            "after": after,
            "change": after - before,
            "limit": -allowed,
            "windows": len(windows),
        }
    }


def frames_ahead(call: Call, model: NextFrames, windows: np.ndarray) -> np.ndarray:
    """The frames predicted by calls of `step`, each from those before it."""
    signature = model.signature_of(windows.shape[2], None)
    states = signature.examples(len(windows), 0)  # zeros, and a frame that is not used
    states = {name: states[name] for name in signature.feedback.values()}
    given, made = model.given(windows), []
    frame = given[:, 0]
    for place in range(model.recipe.window - 1):
        outputs = call("step", {"frame": frame, **states})
        states = {target: outputs[output] for output, target in signature.feedback.items()}
        ahead = place + 1 >= given.shape[1]
        frame = outputs["next"] if ahead else given[:, place + 1]
        if ahead:
            made.append(frame)
    return np.stack(made, axis=1)


def frames_between(call: Call, model: GapFrames, windows: np.ndarray) -> np.ndarray:
    """The frames that a call of `fill` interpolates."""
    given = model.given(windows)
    known = np.concatenate([*np.moveaxis(given, 1, 0)], axis=-1)
    return np.stack(np.split(call("fill", {"known": known})["between"], model.recipe.gap, axis=-1), axis=1)


def _psnr_db(made: np.ndarray, truth: np.ndarray) -> float:
    pair = [np.clip(frames, 0, 1).reshape(-1, *frames.shape[2:]) for frames in (made, truth)]
    return float(psnr(*pair).mean())


def drawn_quality(
    model: VideoGAN, source: Any, recipe: VideoGANRecipe, runner: Runner, quantize: str
) -> dict[str, dict[str, Any]]:
    """Fréchet distances of generated clips to training windows before and after quantization, from the same latents.

    Args:
        model: the exported model.
        source: its training part is the reference.
        recipe: the model's recipe, with `export_limits`.
        runner: runs the file.
        quantize: `dynamic` or `int8`.

    Raises:
        VerificationError: the sum of both distances rises by a larger share than the recipe allows.
    """
    signatures = model.signatures()
    ((name, signature),) = signatures.items()
    latents = signature.examples(recipe.export_limits.samples, 0)
    real = as_brightness(source.inputs("train", recipe.export_limits.samples))

    def distance(call: Call) -> float:
        return sum(distances(call(name, latents)["clip"], real, real).values())

    calls = checked(networks_of(signatures), runner.map)
    allowed = recipe.export_limits.of(quantize)
    return {name: relative_rise("Fréchet distances of clips to training windows", distance, calls, quantize, allowed)}
