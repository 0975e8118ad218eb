"""Fréchet distances of generated clips to real ones, in appearance and in motion."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from aigc_tf.data.source import PartName
from aigc_tf.errors import InputError
from aigc_tf.metrics import cache
from aigc_tf.metrics.evaluator import CHOOSING_SEED, Chooser, Evaluator, Figure, Measurement, Picture, Request
from aigc_tf.metrics.frechet import frechet_distance, gaussian_statistics
from aigc_tf.metrics.pca import principal_components
from aigc_tf.metrics.video.baselines import copied
from aigc_tf.modalities.pictures import as_brightness
from aigc_tf.nn.style_features import random_features

if TYPE_CHECKING:
    from aigc_tf.data.video.source import VideoSource
    from aigc_tf.families.gan.video import VideoGAN
    from aigc_tf.recipes.video_gan import VideoGAN as VideoGANRecipe

MAX_CLIPS, COMPONENTS = 500, 64
REAL, STILL = "training windows", "static training windows"
GAUSSIAN = f"Gaussian of {COMPONENTS} principal components of windows"
_FEWEST = 4
_SWAPPED = 4
_LAYERS = slice(-2, None)  # of the features
_AT_ONCE = 16
_SEED = 1


class DrawnClips(Evaluator):
    """Fréchet distances of generated clips to windows of the part, in features of random convolutions.

    Figures, lower is better; compared with training windows, with training windows frozen at their first frame, and
    with samples of a Gaussian with the principal components of training windows:

    - frame_distance: of the appearance of frames, averaged over a clip;
    - motion_distance: of the appearance of differences between neighbouring frames;
    - content_kept: the distance between clips with the same content and different motion codes over that between clips
      with different content and the same motion: 0 if the motion code changes only motion.
    """

    def measure(self, model: VideoGAN, source: VideoSource, recipe: VideoGANRecipe, request: Request) -> Measurement:
        """Generate at most 500 clips; see `Evaluator.measure`.

        Raises:
            InputError: the part has fewer than 4 windows.
        """
        count = min(request.samples, MAX_CLIPS)
        real = as_brightness(source.inputs(request.part, count))
        if min(len(real), count) < _FEWEST:
            raise InputError(f"{source.name} has {len(real)} {request.part} windows: at least {_FEWEST} are needed")
        training = as_brightness(source.inputs("train", count))
        drawn = model.generate(count, request.seed, **request.sampling)
        made = {
            "model": drawn,
            REAL: training,
            STILL: copied(training[:, :1], recipe.frames),
            GAUSSIAN: gaussian_clips(training, count, request.seed),
        }
        found = {name: distances(clips, real, training) for name, clips in made.items()}
        figures = {
            name: Figure(value, "lower", {other: own[name] for other, own in found.items() if other != "model"})
            for name, value in found["model"].items()
        }
        figures["content_kept"] = Figure(content_kept(model.exchanged(_SWAPPED, request.seed)), "lower")
        protocol = {
            "generated clips": f"{count} of {recipe.frames} frames",
            "compared with": f"{len(real)} windows of the {request.part} part ({source.split_in_words(request.part)})",
            "clip features": "means over places of convolutions with random weights, mean and spread of brightness; in "
            "standard deviations of training windows",
        }
        picture = Picture(model.gives.show(drawn[:_SWAPPED]), "Generated clips, the frames of each in a row.")
        return Measurement(figures, protocol, {"drawn": picture})


class ClipDistance(Chooser):
    """The sum of both distances of `DrawnClips`, on the part for checkpoint selection; lower is better."""

    name = "clip_distance"

    def value(self, model: Any, source: Any, recipe: Any, samples: int, part: PartName) -> float:
        """Measured on at most 500 clips."""
        count = min(samples, MAX_CLIPS)
        real = as_brightness(source.inputs(part, count))
        return sum(distances(model.generate(count, CHOOSING_SEED), real, real).values())


def distances(clips: np.ndarray, real: np.ndarray, training: np.ndarray) -> dict[str, float]:
    """`frame_distance` and `motion_distance` of clips to real ones, all float `[count, frames, ...]` in [0, 1].

    Args:
        clips: to evaluate.
        real: the reference.
        training: clips whose features have unit standard deviation in the distances.
    """
    known = kept_features(training)
    scales = {name: 1 / (values.std(axis=0) + 1e-6) for name, values in known.items()}
    statistics = (
        {name: gaussian_statistics(values * scales[name]) for name, values in features.items()}
        for features in (clip_features(clips), kept_features(real))
    )
    own, theirs = statistics
    return {f"{name}_distance": frechet_distance(own[name], theirs[name]) for name in own}


def kept_features(clips: np.ndarray) -> Mapping[str, np.ndarray]:
    """`clip_features`, cached for clips that are used repeatedly as reference."""
    return cache.shared().of("clip features", (clips.shape, hash(clips.tobytes())), lambda: clip_features(clips))


def clip_features(clips: np.ndarray) -> dict[str, np.ndarray]:
    """Features of clips `[count, frames, height, width, channels]` in [0, 1], of frames and of motion: `[count, d]`."""
    clips = np.asarray(clips, np.float32)
    return {"frame": _averages(clips), "motion": _averages(0.5 + 0.5 * np.diff(clips, axis=1))}


def _averages(clips: np.ndarray) -> np.ndarray:
    look, found = random_features(), []
    for start in range(0, len(clips), _AT_ONCE):
        some = clips[start : start + _AT_ONCE]
        maps = look(tf.constant(some.reshape(-1, *some.shape[2:])))[_LAYERS]
        # Such features ignore flat areas, so mean and spread of brightness are added.
        pixels = some.reshape(-1, *some.shape[2:])
        told = [tf.reduce_mean(features, axis=(1, 2)).numpy() for features in maps]
        means = np.concatenate([*told, pixels.mean(axis=(1, 2)), pixels.std(axis=(1, 2))], axis=-1)
        found.append(means.reshape(*some.shape[:2], -1).mean(axis=1))
    return np.concatenate(found)


def gaussian_clips(training: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Samples of a Gaussian with the principal components of windows: float32 `[count, frames, ...]` in [0, 1]."""
    rows = training.reshape(len(training), -1)
    fitted = principal_components(lambda: [rows], COMPONENTS)
    drawn = fitted.sample(count, np.random.default_rng((seed, _SEED)))
    return np.clip(drawn, 0, 1).astype(np.float32).reshape(count, *training.shape[1:])


def content_kept(clips: np.ndarray) -> float:
    """Distance along motions over distance along contents, of clips `[contents, motions, frames, ...]`.

    Distances are of mean frames, so that movement within a clip counts little.
    """
    means = clips.mean(axis=2).reshape(*clips.shape[:2], -1)
    along_motions, along_contents = (np.sqrt(means.var(axis=axis, ddof=1).mean()) for axis in (1, 0))
    return float(along_motions / max(along_contents, 1e-9))
