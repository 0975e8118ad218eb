"""PSNR and SSIM of restored photographs, compared with the simplest method."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np

from aigc_tf.data.photos.photos import middle
from aigc_tf.errors import InputError
from aigc_tf.metrics.evaluator import Curves, Evaluator, Figure, Measurement, Picture, Request
from aigc_tf.metrics.images.image_quality import EQUAL_DB, decibels, psnr, ssim, ssim_map
from aigc_tf.modalities.drawing import rows_of

if TYPE_CHECKING:
    from aigc_tf.data.photos.source import PhotoSource
    from aigc_tf.families.restoration.model import Restorer

MAX_PHOTOS = 200
MAX_SIDE = 1024  # pixels: larger photographs are cropped to the middle
SHOWN = 4
_SHOWN_SIDE = 192


class Restored(Evaluator):
    """PSNR and SSIM of whole restored photographs, compared with the degradation's simplest method.

    Figures, for each strength that the degradation names: psnr_db and ssim, means over photographs, higher is better.
    If only some pixels are restored, as in inpainting, both are of these pixels.
    """

    def measure(self, model: Restorer, source: PhotoSource, recipe: Any, request: Request) -> Measurement:
        """See `Evaluator.measure`.

        Raises:
            InputError: the part has no photographs.
        """
        count = min(request.samples, MAX_PHOTOS)
        photos = source.middles(request.part, count, MAX_SIDE, model.multiple)
        if not photos:
            raise InputError(f"{source.name} has no {request.part} photographs: give more, or --photos.test FOLDER")
        figures, pictures = {}, {}
        for suffix, strength in model.degradation.measured.items():
            found: dict[str, list[tuple[float, float]]] = defaultdict(list)
            shown = []
            for index, clean in enumerate(photos):
                inputs = model.examples(clean[np.newaxis], request.seed + index, strength)
                counted = model.degradation.counted(inputs)
                simple = np.clip(model.degradation.simple(inputs)[0], 0, 1)
                restored = model.applied({name: value[0] for name, value in inputs.items()})
                for name, made in (("model", restored), (model.degradation.baseline, simple)):
                    found[name].append(likeness(made, clean, counted))
                if index < SHOWN:
                    shown.append([middle(picture, _SHOWN_SIDE) for picture in (simple, restored, clean)])
            means = {name: np.mean(values, axis=0) for name, values in found.items()}
            for place, measure in enumerate(("psnr_db", "ssim")):
                beside = {name: float(mean[place]) for name, mean in means.items() if name != "model"}
                figures[f"{measure}{suffix}"] = Figure(float(means["model"][place]), "higher", beside)
            pictures[f"restored{suffix}"] = _sheet(shown, model.degradation.baseline)
        which = "all pixels" if counted is None else "restored pixels only"
        protocol = {
            "photographs": f"{len(photos)} of the {request.part} part ({source.split_in_words(request.part)}), whole, "
            f"or the middle {MAX_SIDE} pixels",
            "degradation": f"{model.degradation.protocol}; seeds from {request.seed} on, one for each photograph",
            "psnr": f"of brightness in [0, 1], {which}, all channels, mean over photographs",
            "ssim": f"windows around {which}, mean over channels",
        }
        return Measurement(figures, protocol, pictures)


def curves(model: Restorer, source: PhotoSource, recipe: Any) -> Curves:
    """PSNR and SSIM of the model and of the simplest method on the photographs of its previews.

    See `aigc_tf.recipes.base.Recipe.curves`.
    """
    del recipe
    found: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for shown in model.shown(source):
        counted = model.degradation.counted(shown.inputs)
        found["model"].append(likeness(shown.restored, shown.clean, counted))
        found[model.degradation.baseline].append(likeness(shown.simple, shown.clean, counted))
    means = {name: np.mean(values, axis=0) for name, values in found.items()}
    return {
        measure: {name: float(mean[place]) for name, mean in means.items()}
        for place, measure in enumerate(("psnr_db", "ssim"))
    }


def likeness(made: np.ndarray, clean: np.ndarray, counted: np.ndarray | None) -> tuple[float, float]:
    """PSNR in dB and SSIM over the pixels in `counted`, bool `[1, height, width]`; as for equal images if none."""
    pair = made[np.newaxis], clean[np.newaxis]
    if counted is None:
        return float(psnr(*pair)[0]), float(ssim(*pair)[0])
    if not counted.any():
        return EQUAL_DB, 1.0
    error = np.square(made.astype(np.float64) - clean)[counted[0]].mean()
    return float(decibels(error)), float(ssim_map(*pair)[counted].mean())


def _sheet(shown: list[list[np.ndarray]], baseline: str) -> Picture:
    height, width = (min(row[0].shape[axis] for row in shown) for axis in (0, 1))
    rows = np.stack([np.stack([picture[:height, :width] for picture in row]) for row in shown])
    return Picture(rows_of(rows), f"In rows: {baseline}, the model, the truth.")
