"""Slices between slices, beside linear interpolation and cubic splines."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import aigc_tf
from aigc_tf.recipes.finer_slices import FinerSlices
from aigc_tf.recipes.photos import PhotoSettings
from tools.benchmarks.readings import quiet
from tools.benchmarks.restoration import restoration


def volumes(
    source: str, spacings: tuple[Literal[2, 3, 4], ...], steps: int, seed: int, results: Path
) -> list[dict[str, Any]]:
    """PSNR in dB and SSIM of held-out coronal and sagittal slices of which rows, axial slices, were left out.

    Args:
        source: a volume, or a folder of them.
        spacings: every so many rows one is there, 2 to 4.
        steps: of training, for each spacing and axis.
        seed: of the training.
        results: a JSON Lines file of what is finished; runs lie in a folder beside it and are resumed.
    """
    runs = []
    for axis in ("coronal", "sagittal"):
        photos = PhotoSettings(axis=axis, channels=1, turns="mirror")
        for every in spacings:
            recipe = quiet(FinerSlices(source=source, photos=photos, every=every, steps=steps, seed=seed))
            path = results.with_suffix("") / f"{axis}-every-{every}-{steps}-steps-seed-{seed}"
            aigc_tf.train(recipe, path, resume=(path / "recipe.json").is_file())
            runs.append(path)
    return restoration(tuple(runs), 0.0, results)
