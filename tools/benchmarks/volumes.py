"""Slice super-resolution of volumes, against linear interpolation and cubic splines."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import aigc_tf
from aigc_tf.recipes.finer_slices import FinerSlices
from tools.benchmarks.readings import quiet
from tools.benchmarks.restoration import restoration


def volumes(
    source: str, spacings: tuple[Literal[2, 3, 4], ...], steps: int, seed: int, results: Path
) -> list[dict[str, Any]]:
    """PSNR in dB and SSIM of held-out coronal slices after interpolation of missing rows, which are axial slices.

    Sagittal slices are not used: bodies are nearly symmetric, so each has a mirror image in the training set.

    Args:
        source: a volume, or a folder of volumes.
        spacings: super-resolution factors, 2 to 4: every n-th row is kept.
        steps: training steps per spacing.
        seed: random seed of the training.
        results: JSON Lines file of finished results; runs are stored in a folder next to it, and resumed.
    """
    runs = []
    for every in spacings:
        recipe = quiet(FinerSlices(source=source, every=every, steps=steps, seed=seed))
        path = results.with_suffix("") / f"every-{every}-{steps}-steps-seed-{seed}"
        aigc_tf.train(recipe, path, resume=(path / "recipe.json").is_file())
        runs.append(path)
    return restoration(tuple(runs), 0.0, results)
