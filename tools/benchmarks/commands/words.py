"""Benchmarks of flows, and of models of captioned pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import tyro

from tools.benchmarks.showing import show


def flow(
    source: str = "fashion_mnist",
    seconds: tuple[float, ...] = (60.0, 240.0, 600.0, 1200.0),
    evaluations: tuple[int, ...] = (5, 10, 20),
    recipes: tuple[str, ...] = ("flow", "dcgan"),
    seeds: tuple[int, ...] = (0, 1, 2),
    samples: int = 10_000,
    results: Path = Path("saved_models/benchmarks/flow.jsonl"),
    processor_time: bool = False,
    torch: Path | None = None,
    json: bool = False,
) -> None:
    """Sample quality of flows against a GAN after the same training time, by number of network evaluations.

    Args:
        source: Data to train on.
        seconds: Training times at which to measure, within one run of the longest.
        evaluations: Numbers of network evaluations per sample.
        recipes: Short names of flows and GANs.
        seeds: Random seeds; each trains all recipes.
        samples: Number of samples per measurement.
        results: File of finished results; a repeated call continues from it. Name another one after changing recipes.
        processor_time: Count CPU time of all cores together, which other programs do not affect.
        torch: Python interpreter that has rectified-flow-pytorch installed, to train that package's flow too.
        json: Print one JSON object.
    """
    from tools.benchmarks.flows import flows
    from tools.benchmarks.gans import table

    rows = flows(seconds, evaluations, recipes, seeds, samples, source, results, processor_time, torch)
    show({"rows": rows}, json) if json else print(table(rows))


def words(
    runs: Annotated[tuple[Path, ...], tyro.conf.Positional],
    judge: Path | None = None,
    guidances: tuple[float, ...] = (1.0, 2.0, 4.0),
    samples: int = 1000,
    results: Path = Path("saved_models/benchmarks/words.jsonl"),
    json: bool = False,
) -> None:
    """Matching, captioning and text-to-image on held-out combinations, against TF-IDF, nearest neighbours and chance.

    Args:
        runs: Folders of runs of match, caption, text_flow and text_gan; their best checkpoints are measured.
        judge: Folder of a run of match with another --words.split, which judges captions and generated pictures.
        guidances: Guidance scales of text_flow.
        samples: Maximum number of generated pictures, and of pairs evaluated.
        results: File of finished results; a repeated call continues from it.
        json: Print one JSON object.
    """
    from tools.benchmarks.words import table
    from tools.benchmarks.words import words as measure

    rows = measure(runs, judge, guidances, samples, results)
    show({"rows": rows}, json) if json else print(table(rows))


COMMANDS = (flow, words)
