"""Benchmarks of models that make pictures of pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import tyro

from tools.benchmarks.showing import show


def restoration(
    runs: Annotated[tuple[Path, ...], tyro.conf.Positional],
    espcn_seconds: float = 0.0,
    results: Path = Path("saved_models/benchmarks/restoration.jsonl"),
    json: bool = False,
) -> None:
    """Restored photographs beside classical methods: NLM, TV, BM3D, biharmonic filling, bicubic, keras.io's ESPCN.

    Args:
        runs: Folders of trained runs of upscale, denoise, inpaint, deblur or colourise, with --photos.test.
        espcn_seconds: Processor seconds to train ESPCN beside an upscale run; 0 leaves it out.
        results: File of finished results; a repeated call continues from it.
        json: Print one JSON object.
    """
    from tools.benchmarks.restoration import restoration as measure
    from tools.benchmarks.restoration import table

    rows = measure(runs, espcn_seconds, results)
    show({"rows": rows}, json) if json else print(table(rows))


def volumes(
    source: Annotated[str, tyro.conf.Positional],
    spacings: tuple[Literal[2, 3, 4], ...] = (2, 3, 4),
    steps: int = 1500,
    seed: int = 0,
    results: Path = Path("saved_models/benchmarks/volumes.jsonl"),
    json: bool = False,
) -> None:
    """Train `finer_slices` on a volume, and compare with linear interpolation and cubic splines between slices.

    Args:
        source: A NIfTI file, or a folder of them or of DICOM series.
        spacings: Every so many slices one is there: 2, 3 or 4.
        steps: Of training, for each spacing.
        seed: Of training.
        results: File of finished results; a repeated call continues from it. Runs go to a folder beside it.
        json: Print one JSON object.
    """
    from tools.benchmarks.restoration import table
    from tools.benchmarks.volumes import volumes as measure

    rows = measure(source, spacings, steps, seed, results)
    show({"rows": rows}, json) if json else print(table(rows))


def style(
    runs: Annotated[tuple[Path, ...], tyro.conf.Positional],
    side: int = 256,
    steps: int = 200,
    results: Path = Path("saved_models/benchmarks/style.jsonl"),
    json: bool = False,
) -> None:
    """Styled photographs beside pictures that are optimised one by one, with the same features, and their times.

    Args:
        runs: Folders of trained runs of style or adain, with --photos.test.
        side: Pixels; the middle of each test photograph is taken.
        steps: Of the optimisation of each picture.
        results: File of finished results; a repeated call continues from it. Pictures go to a folder beside it.
        json: Print one JSON object.
    """
    from tools.benchmarks.style import style as measure
    from tools.benchmarks.style import table

    rows = measure(runs, side, steps, results)
    show({"rows": rows}, json) if json else print(table(rows))


def translation(
    runs: Annotated[tuple[Path, ...], tyro.conf.Positional],
    results: Path = Path("saved_models/benchmarks/translation.jsonl"),
    json: bool = False,
) -> None:
    """Translated test pictures beside copying and the nearest training pair: PSNR, SSIM, kernel distance, recognised.

    Args:
        runs: Folders of trained runs of pix2pix or cyclegan, whose test parts have pairs. Two networks that judge are
            trained before the first one is measured, once for the pictures of B, and kept in the cache.
        results: File of finished results; a repeated call continues from it.
        json: Print one JSON object.
    """
    from tools.benchmarks.translation import table
    from tools.benchmarks.translation import translation as measure

    rows = measure(runs, results)
    show({"rows": rows}, json) if json else print(table(rows))


def video(runs: Annotated[tuple[Path, ...], tyro.conf.Positional], samples: int = 200, json: bool = False) -> None:
    """Frames ahead or in a gap: PSNR and SSIM beside copying, blending and optical flow; the file's speed.

    Args:
        runs: Runs of predict_video or complete_video; their best checkpoints are measured.
        samples: Number of test windows.
        json: Print one JSON object.
    """
    from tools.benchmarks.video import table
    from tools.benchmarks.video import video as measure

    rows = measure(runs, samples)
    show({"rows": rows}, json) if json else print(table(rows))


def flicker(
    runs: Annotated[tuple[Path, ...], tyro.conf.Positional],
    clips: tuple[Path, ...],
    frames: int = 24,
    size: int = 256,
    seed: int = 0,
    json: bool = False,
) -> None:
    """Styled clips: warping error by optical flow, what a pan and noise change, distances to style and frame.

    Args:
        runs: Runs of style_video, and of style, which styles frame by frame.
        clips: Video files, GIFs or folders of pictures.
        frames: Of each clip, the first ones.
        size: Pixels of the shorter side.
        seed: Of the noise.
        json: Print one JSON object.
    """
    from tools.benchmarks.flicker import flicker as measure
    from tools.benchmarks.video import table

    rows = measure(runs, clips, frames, size, seed)
    show({"rows": rows}, json) if json else print(table(rows))


COMMANDS = (video, flicker, restoration, volumes, style, translation)
