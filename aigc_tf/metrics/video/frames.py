"""PSNR and SSIM of predicted or interpolated frames, compared with simple methods."""

from __future__ import annotations

import abc
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np

from aigc_tf.errors import InputError
from aigc_tf.metrics.evaluator import Curves, Evaluator, Figure, Measurement, Picture, Request
from aigc_tf.metrics.images.image_quality import psnr, ssim
from aigc_tf.metrics.video import baselines
from aigc_tf.modalities.drawing import rows_of
from aigc_tf.modalities.pictures import as_brightness
from aigc_tf.recipes.video import VideoRecipe
from aigc_tf.references import resolve

MAX_WINDOWS = 200
_WATCHED = 32
_SHOWN = 3

Method = Callable[[np.ndarray, int], np.ndarray]


class FramesMade(Evaluator, abc.ABC):
    """PSNR and SSIM of generated frames: means over windows and frames (`psnr_db`, `ssim`), and by frame.

    `psnr_db_1` is the frame nearest to the given ones in time, or the first of a gap; higher is better.
    """

    methods: ClassVar[Mapping[str, Method]]
    """Baselines that need only NumPy."""
    with_flow: ClassVar[Mapping[str, Method]]
    """Baselines that need OpenCV."""

    def measure(self, model: Any, source: Any, recipe: VideoRecipe, request: Request) -> Measurement:
        """See `Evaluator.measure`.

        Raises:
            InputError: the part has no windows.
        """
        if not len(source.part(request.part)):
            raise InputError(f"{source.name} has no {request.part} windows: give more or longer clips")
        windows = as_brightness(source.inputs(request.part, min(request.samples, MAX_WINDOWS)))
        flow = baselines.opencv() is not None
        truth = model.truth(windows)
        made = {"model": model.of_windows(windows)} | self.made(model, windows, flow)
        likeness = {name: _likeness(frames, truth) for name, frames in made.items()}
        figures = {}
        for measure in ("psnr_db", "ssim"):
            means = {name: found[measure] for name, found in likeness.items()}
            figures[measure] = _figure({name: values.mean() for name, values in means.items()})
        for place in range(truth.shape[1]):
            by_frame = {name: found["psnr_db"][:, place].mean() for name, found in likeness.items()}
            figures[f"psnr_db_{place + 1}"] = _figure(by_frame)
        best = max((name for name in made if name != "model"), key=lambda name: likeness[name]["psnr_db"].mean())
        rows = [
            picture
            for index in range(min(_SHOWN, len(windows)))
            for picture in (truth[index], made[best][index], made["model"][index])
        ]
        caption = f"In rows: the truth, {best}, the model; frames in temporal order."
        protocol = {
            "windows": f"{len(windows)} of {recipe.window} frames of the {request.part} part "
            f"({source.split_in_words(request.part)}), the middle {recipe.video.crop} pixels",
            "psnr": "of brightness in [0, 1], all channels, of each frame, means over frames and windows",
            "optical flow": "DIS of OpenCV, medium" if flow else "not measured, OpenCV is not installed",
        }
        return Measurement(figures, protocol, {"frames": Picture(rows_of(np.stack(rows)), caption)})

    def made(self, model: Any, windows: np.ndarray, flow: bool) -> dict[str, np.ndarray]:
        """The baselines' frames, by name."""
        given, count = model.given(windows), model.truth(windows[:1]).shape[1]
        methods = {**self.methods, **(self.with_flow if flow else {})}
        return {name: method(given, count) for name, method in methods.items()}


class FramesAhead(FramesMade):
    """Prediction of the frames after the given ones."""

    methods: ClassVar[Mapping[str, Method]] = {
        "copying the last frame": baselines.copied,
        "linear extrapolation": baselines.extrapolated,
    }
    with_flow: ClassVar[Mapping[str, Method]] = {"optical flow": baselines.flow_ahead}


class FramesBetween(FramesMade):
    """Interpolation of the frames in a gap."""

    methods: ClassVar[Mapping[str, Method]] = {"linear blending": baselines.blended}
    with_flow: ClassVar[Mapping[str, Method]] = {"optical flow": baselines.flow_between}


def curves(model: Any, source: Any, recipe: VideoRecipe) -> Curves:
    """PSNR of the model and the simple methods on validation windows; see `aigc_tf.recipes.base.Recipe.curves`."""
    windows = as_brightness(source.inputs("validation", _WATCHED))
    evaluator = resolve(recipe.evaluators[0])()
    made = {"model": model.of_windows(windows)} | evaluator.made(model, windows, flow=False)
    truth = model.truth(windows)
    return {"psnr_db": {name: float(_likeness(frames, truth)["psnr_db"].mean()) for name, frames in made.items()}}


def _likeness(made: np.ndarray, truth: np.ndarray) -> dict[str, np.ndarray]:
    """`psnr_db` and `ssim` of each frame, float64 `[windows, frames]`."""
    shape = made.shape[:2]
    pair = [frames.reshape(-1, *frames.shape[2:]) for frames in (made, truth)]
    return {"psnr_db": psnr(*pair).reshape(shape), "ssim": ssim(*pair).reshape(shape)}


def _figure(values: Mapping[str, float]) -> Figure:
    beside = {name: float(value) for name, value in values.items() if name != "model"}
    return Figure(float(values["model"]), "higher", beside)
