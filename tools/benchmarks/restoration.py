"""Restored photographs against NLM, TV, BM3D, medians, biharmonic inpainting and keras.io's ESPCN."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.ndimage import median_filter
from skimage.restoration import denoise_nl_means, denoise_tv_chambolle, estimate_sigma, inpaint_biharmonic
from tqdm import tqdm

from aigc_tf.errors import InputError, say
from aigc_tf.metrics.images.restoration import MAX_PHOTOS, MAX_SIDE, likeness
from aigc_tf.runs.run import Run
from tools.benchmarks.espcn import espcn
from tools.benchmarks.holes import distance_in_holes
from tools.benchmarks.readings import Results
from tools.benchmarks.tables import markdown

WARM_UP = 64  # pixels, crop for the untimed first call

Method = Callable[[Mapping[str, np.ndarray]], np.ndarray]
"""Inputs by name, one picture `[1, height, width, channels]` -> output `[height, width, channels]` in [0, 1]."""


def restoration(runs: tuple[Path, ...], espcn_seconds: float, results: Path) -> list[dict[str, Any]]:
    """PSNR in dB and SSIM of whole test photographs, and seconds per photograph, for each run and its baselines.

    For inpainting, PSNR and SSIM are of the missing pixels only, and the kernel distance measures plausibility.

    All methods get the same inputs; those that take the noise level get the true one.

    Args:
        runs: trained runs, of one or several tasks.
        espcn_seconds: CPU seconds to train ESPCN for comparison with an `upscale` run; 0 skips it.
        results: JSON Lines file of finished results.
    """
    done = Results(results)
    latest = {}
    for path in runs:
        run = Run.open(path, "last")
        latest[path.name] = run.step
        model, source, recipe = run.model, run.source, run.recipe
        photos = source.middles("test", MAX_PHOTOS, MAX_SIDE, model.multiple)
        if not photos:
            raise InputError(f"{path} has no test photographs: train with --photos.test FOLDER")
        for suffix, strength in model.degradation.measured.items():
            methods = beside(model, recipe, source, espcn_seconds)
            for name, method in methods.items():
                key = {"run": path.name, "steps": run.step, "recipe": recipe.slug()}
                key |= {"measured": suffix.strip("_"), "method": name}
                if not done.find(**key):
                    title = f"{path.name} {suffix} {name}"
                    done.add(**key, **measured(model, source, photos, strength, method, title))
    return [row for row in done.rows if row.get("steps") == latest.get(row["run"], -1)]


def measured(
    model: Any, source: Any, photos: list[np.ndarray], strength: float | None, method: Method, title: str
) -> dict[str, Any]:
    """Means over photographs, and the standard deviation of the PSNR."""
    found, filled, missing, seconds = [], [], [], 0.0
    corner = photos[0][np.newaxis, :WARM_UP, :WARM_UP]
    method(model.examples(corner, 0, strength))  # one-time work, such as training ESPCN, is not timed
    for index, clean in enumerate(tqdm(photos, title)):
        inputs = model.examples(clean[np.newaxis], index, strength)
        start = time.process_time()
        made = np.clip(method(inputs), 0, 1)
        seconds += time.process_time() - start
        counted = model.degradation.counted(inputs)
        found.append(likeness(made, clean, counted))
        if counted is not None:
            filled.append(made)
            missing.append(counted[0])
    means, deviations = np.mean(found, axis=0), np.std(found, axis=0)
    return {
        "psnr_db": float(means[0]),
        "ssim": float(means[1]),
        "psnr_deviation_db": float(deviations[0]),
        "processor_seconds": seconds / len(photos),
        "photographs": len(photos),
        "kernel_distance": distance_in_holes(source, filled, photos, missing) if missing else None,
    }


def beside(model: Any, recipe: Any, source: Any, espcn_seconds: float) -> dict[str, Method]:
    """The run's network and its baselines."""
    methods: dict[str, Method] = {
        recipe.slug(): lambda inputs: model.applied({name: value[0] for name, value in inputs.items()}),
        model.degradation.baseline: lambda inputs: model.degradation.simple(inputs)[0],
    }
    if recipe.slug() == "upscale" and espcn_seconds:
        methods[f"ESPCN of keras.io, {espcn_seconds:g} s"] = Later(partial(espcn, recipe, source, espcn_seconds))
    if recipe.slug() == "inpaint":
        methods["biharmonic"] = lambda inputs: inpaint_biharmonic(
            inputs["image"][0], inputs["mask"][0, ..., 0] > 0, channel_axis=-1
        )
    if recipe.slug() == "finer_slices":
        methods["cubic spline"] = partial(spline, recipe.every)
    if recipe.slug() == "denoise" and recipe.noise == "salt_and_pepper":
        methods |= {f"median of {side}x{side}": partial(median, side) for side in (3, 5)}
    if recipe.slug() == "denoise":
        methods |= {"non-local means": non_local_means, "total variation": total_variation}
        if recipe.noise == "gaussian" and find_spec("bm3d"):
            methods["BM3D"] = bm3d
        elif recipe.noise == "gaussian":
            say("BM3D is left out: it needs its authors' package, pip install bm3d")
    return methods


def spline(every: int, inputs: Mapping[str, np.ndarray]) -> np.ndarray:
    """Interpolate the missing rows with a natural cubic spline."""
    image = inputs["image"][0]
    rows = np.arange(len(image))
    return np.asarray(CubicSpline(rows[::every], image[::every], axis=0, bc_type="natural")(rows))


class Later:
    """A method that is created at its first call, since that takes minutes."""

    def __init__(self, make: Callable[[], Method]) -> None:
        self._make = make
        self._made: Method | None = None

    def __call__(self, inputs: Mapping[str, np.ndarray]) -> np.ndarray:
        if self._made is None:
            self._made = self._make()
        return self._made(inputs)


def sigma_of(inputs: Mapping[str, np.ndarray]) -> float:
    """Standard deviation of the noise, for brightness in [0, 1]: as given, or estimated."""
    if "sigma" in inputs:
        return float(inputs["sigma"][0, 0]) / 255
    return float(estimate_sigma(inputs["image"][0], channel_axis=-1, average_sigmas=True))


def non_local_means(inputs: Mapping[str, np.ndarray]) -> np.ndarray:
    """Buades et al. 2005, with the settings of scikit-image's example."""
    sigma = sigma_of(inputs)
    return denoise_nl_means(
        inputs["image"][0], h=0.6 * sigma, sigma=sigma, patch_size=5, patch_distance=6, fast_mode=True, channel_axis=-1
    )


def median(side: int, inputs: Mapping[str, np.ndarray]) -> np.ndarray:
    """Median filter over squares, per channel: the usual method against impulse noise."""
    return median_filter(inputs["image"][0], size=(side, side, 1), mode="nearest")


def total_variation(inputs: Mapping[str, np.ndarray]) -> np.ndarray:
    """Chambolle 2004; the weight is the noise level."""
    return denoise_tv_chambolle(inputs["image"][0], weight=sigma_of(inputs), channel_axis=-1)


def bm3d(inputs: Mapping[str, np.ndarray]) -> np.ndarray:
    """Dabov et al. 2007, with the authors' package, licensed for non-commercial use; colours in opponent space."""
    from bm3d import bm3d as grey
    from bm3d import bm3d_rgb

    image = inputs["image"][0]
    if image.shape[-1] == 1:
        return grey(image[..., 0], sigma_of(inputs))[..., np.newaxis]
    return bm3d_rgb(image, sigma_of(inputs))


def table(rows: list[dict[str, Any]]) -> str:
    """The rows as a Markdown table."""
    head = ["run", "measured", "method", "PSNR dB", "deviation", "SSIM", "kernel distance", "processor seconds"]
    keys = ["run", "measured", "method", "psnr_db", "psnr_deviation_db", "ssim", "kernel_distance", "processor_seconds"]
    return markdown(head, [[row.get(key) for key in keys] for row in rows])
