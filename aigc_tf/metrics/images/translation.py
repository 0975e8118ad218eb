"""PSNR, SSIM and retrieval of translated pictures, compared with copying and with the nearest training pair."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from aigc_tf.data.source import PartName
from aigc_tf.errors import InputError
from aigc_tf.metrics.evaluator import Evaluator, Figure, Measurement, Picture, Request
from aigc_tf.metrics.images.image_quality import psnr, ssim
from aigc_tf.modalities.drawing import rows_of

if TYPE_CHECKING:
    from aigc_tf.data.photos.source import PhotoSource
    from aigc_tf.families.translation.model import Translator

MAX_PAIRS = 1000
MAX_TRAINING = 5000  # crops searched for the nearest
MAX_NUMBERS = 2**27  # of all crops in memory together: half a gigabyte
SHOWN = 8
MODEL, COPY, NEAREST = "model", "the input", "the nearest training pair's target"


class Translated(Evaluator):
    """PSNR and SSIM of crops of test pairs, and how many are recognised among others.

    Figures, each compared with the input itself and, for pairs, with the target of the training picture nearest in
    pixels:

    - psnr_db and ssim: against the truth, means over crops, higher is better;
    - recognised: the share of crops that are nearer, in pixels, to their own truth than to that of any other crop of
      the part, higher is better.
    """

    def measure(self, model: Translator, source: PhotoSource, recipe: Any, request: Request) -> Measurement:
        """See `Evaluator.measure`.

        Raises:
            InputError: the part has no pairs.
        """
        images, truth = pairs_of(source, request.part, request.samples)
        made = translations(model, source, images)
        figures = {}
        measures = {"psnr_db": psnr, "ssim": ssim, "recognised": recognised}
        for name, measure in measures.items():
            values = {method: float(np.mean(measure(pictures, truth))) for method, pictures in made.items()}
            figures[name] = Figure(values.pop(MODEL), "higher", values)
        rows = np.stack([images[:SHOWN], made[MODEL][:SHOWN], truth[:SHOWN]], axis=1)
        protocol = {
            "pairs": f"{len(images)} crops of {recipe.photos.crop} pixels of the {request.part} part "
            f"({source.split_in_words(request.part)}), evenly spread",
            "recognised": f"nearest of {len(images)} truths by squared error; by chance {1 / len(images):.2%}",
        }
        if NEAREST in made:
            protocol["nearest"] = "by squared error of the input, of crops of the training part, evenly spread"
        return Measurement(figures, protocol, {"translated": Picture(rows_of(rows), "In rows: input, output, truth.")})


def pairs_of(source: PhotoSource, part: PartName, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Evenly spaced crops of input pictures and of their targets.

    Returns:
        float32 `[count, side, side, channels]` in [0, 1] each.

    Raises:
        InputError: the part has no pairs.
    """
    if not len(source.part(part)):
        raise InputError(f"{source.name} has no {part} pictures: give more")
    pair = source.named(source.unit_crops(part, min(count, MAX_PAIRS, affordable(source))))
    if "target" not in pair:
        raise InputError(f"{source.name} has no {part} pairs to measure on: give some files the same names")
    return pair["image"], pair["target"]


def translations(model: Translator, source: PhotoSource, images: np.ndarray) -> dict[str, np.ndarray]:
    """The model's and the baselines' translations of pictures, by name, in the shape of the pictures."""
    made = {MODEL: np.asarray(model.transform(images)), COPY: images}
    training = source.named(source.unit_crops("train", min(MAX_TRAINING, affordable(source))))
    if "target" in training:
        made[NEAREST] = training["target"][nearest(images, training["image"])]
    return made


def affordable(source: PhotoSource) -> int:
    """How many crops of pairs fit into `MAX_NUMBERS`."""
    return max(1, MAX_NUMBERS // (2 * source.settings.channels * source.settings.crop**2))


def nearest(pictures: np.ndarray, among: np.ndarray) -> np.ndarray:
    """Index of the nearest picture in `among` by squared error, int64 `[count]`."""
    rows, others = pictures.reshape(len(pictures), -1), among.reshape(len(among), -1)
    return np.argmin(np.square(others).sum(axis=1) - 2 * rows @ others.T, axis=1)


def recognised(pictures: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Whether each is nearer to its own truth than to any other, bool `[count]`; equal truths count as its own."""
    return (truth[nearest(pictures, truth)] == truth).all(axis=(1, 2, 3))
