"""Benchmarks of image-to-image and video models."""

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
    """Restored photographs against classical methods (NLM, TV, BM3D, biharmonic, bicubic) and keras.io's ESPCN.

    Args:
        runs: Folders of trained runs of upscale, denoise, inpaint, deblur or colourise, with --photos.test.
        espcn_seconds: CPU seconds to train ESPCN for comparison with an upscale run; 0 skips it.
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
    """Train `finer_slices` on a volume, and compare it with linear interpolation and cubic splines between slices.

    Args:
        source: A NIfTI file, or a folder of them or of DICOM series.
        spacings: Super-resolution factors: 2, 3 or 4.
        steps: Training steps for each spacing.
        seed: Random seed of the training.
        results: File of finished results; a repeated call continues from it. Runs are stored in a folder next to it.
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
    """Style transfer of photographs against per-picture optimisation with the same features: losses and times.

    Args:
        runs: Folders of trained runs of style or adain, with --photos.test.
        side: Size of the centre crop of each test photograph, in pixels.
        steps: Steps of the optimisation of each picture.
        results: File of finished results; a repeated call continues from it. Pictures are stored next to it.
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
    """Image-to-image translation against copying and the nearest training pair: PSNR, SSIM, kernel distance.

    Args:
        runs: Folders of trained runs of pix2pix or cyclegan, whose test parts have pairs. Before the first measurement
            two evaluating networks are trained on the pictures of B, and cached.
        results: File of finished results; a repeated call continues from it.
        json: Print one JSON object.
    """
    from tools.benchmarks.translation import table
    from tools.benchmarks.translation import translation as measure

    rows = measure(runs, results)
    show({"rows": rows}, json) if json else print(table(rows))


def video(runs: Annotated[tuple[Path, ...], tyro.conf.Positional], samples: int = 200, json: bool = False) -> None:
    """Video prediction and completion: PSNR and SSIM against copying, blending and optical flow; the file's speed.

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
    """Flicker of styled clips: warping error by optical flow, sensitivity to pan and noise, style and content losses.

    Args:
        runs: Runs of style_video, and of style, which is applied frame by frame.
        clips: Video files, GIFs or folders of pictures.
        frames: Number of frames from the beginning of each clip.
        size: Pixels of the shorter side.
        seed: Random seed of the noise.
        json: Print one JSON object.
    """
    from tools.benchmarks.flicker import flicker as measure
    from tools.benchmarks.video import table

    rows = measure(runs, clips, frames, size, seed)
    show({"rows": rows}, json) if json else print(table(rows))


COMMANDS = (video, flicker, restoration, volumes, style, translation)
