"""Flows against a GAN after the same training time, by the number of network evaluations per sample."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from aigc_tf.errors import InputError, say
from aigc_tf.recipes.dcgan import DCGAN
from aigc_tf.recipes.flows import FlowRecipe
from aigc_tf.recipes.registry import recipe_classes
from aigc_tf.references import resolve
from tools.benchmarks.gans import FIGURES, SHARES, gan_recipes, in_a_process_of_its_own, rows_of
from tools.benchmarks.readings import Results, Stopwatch, report_of, watch_loop
from tools.benchmarks.rival import Rival

PYTORCH, PYTORCH_EVALUATIONS = "rectified-flow-pytorch", 20
"""A published package, and the network evaluations per sample in `torch_flow.py`."""


def flows(
    seconds: Sequence[float],
    evaluations: Sequence[int],
    names: Sequence[str],
    seeds: Sequence[int],
    samples: int,
    source: str,
    results: Path,
    processor_time: bool = False,
    torch: Path | None = None,
) -> list[dict[str, Any]]:
    """Train each recipe once for the longest of `seconds`; skips what `results` already has.

    Args:
        seconds: training times; shorter ones are measured within the longest run.
        evaluations: numbers of network evaluations per sample of a flow, one row each; a GAN takes one.
        names: short names of recipes, flows and GANs.
        seeds: random seeds; each trains all recipes.
        samples: number of samples per measurement.
        source: data to train on.
        results: JSON Lines file of finished results; a repeated call continues from it.
        processor_time: count CPU time of all cores together, which other programs do not affect.
        torch: Python interpreter with the package `PYTORCH`, which is then measured too.

    Returns:
        Rows as from `tools.benchmarks.gans.rows_of`, with the number of evaluations.

    Raises:
        InputError: there is no such recipe.
    """
    own = {name for name, recipe in recipe_classes().items() if issubclass(recipe, FlowRecipe)}
    for name in names:
        if name not in own | set(gan_recipes()):
            raise InputError(f"there is no flow or GAN {name}: choose of {', '.join(sorted(own | set(gan_recipes())))}")
    done = Results(results)
    marks = sorted(share * total for total in seconds for share in SHARES)
    found = []
    named = [*names, PYTORCH] if torch else list(names)
    counts: dict[str, Sequence[int]] = dict.fromkeys(own, evaluations) | {PYTORCH: [PYTORCH_EVALUATIONS]}
    for seed in seeds:
        for name in named:
            asked = list(counts.get(name, []))
            keys = {"recipe": name, "seed": seed, "source": source, "samples": samples, "marks": marks}
            keys |= {"evaluations": asked, "processor_time": processor_time}
            if not done.find(**keys):
                if torch and name == PYTORCH:
                    measured = measure_pytorch(torch, seed, source, samples, marks, processor_time)
                else:
                    measured = in_a_process_of_its_own(name, seed, source, samples, marks, processor_time, asked)
                done.add(**keys, **measured)
            found += done.find(**keys)
    rows = []
    for name in named:
        for count in counts.get(name, (None,)):
            own_rows = rows_of(found, name, seconds, count)
            rows += [{"recipe": name, "evaluations": count or 1} | row for row in own_rows]
    return rows


class PyTorchFlow:
    """The flow of `PYTORCH`, trained in a process of its own; generates for evaluators.

    Args:
        rival: the process, after its first request.
    """

    def __init__(self, rival: Rival) -> None:
        self.rival = rival

    def conditions(self, given: Any, count: int) -> None:
        """None: the model is unconditional."""

    def generate(self, count: int, seed: int = 0, condition: Any = None) -> np.ndarray:
        """Images `[count, height, width, channels]` in [0, 1]."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "images.npy"
            self.rival.ask(generate=count, seed=seed, to=str(path))
            return np.load(path, allow_pickle=False)


def measure_pytorch(
    torch: Path, seed: int, source: str, samples: int, marks: Sequence[float], processor_time: bool
) -> dict[str, Any]:
    """As `tools.benchmarks.gans.measure`, for the flow of `PYTORCH`."""
    recipe = DCGAN(source=source, seed=seed)  # for its data and its evaluators
    data = resolve(recipe.data)(recipe)
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder) / "images.npz"
        np.savez(archive, images=data.train.images.astype(np.float32) / 255)
        rival = Rival(torch, "torch_flow.py", archive=str(archive), seed=seed)
    found: dict[str, Any] = {"shape": recipe.images.shape, **rival.first, "readings": []}
    clock = {"clock": "process_time" if processor_time else "perf_counter"}

    def read(mark: float, steps: int) -> None:
        found.setdefault("peak_bytes", rival.ask(**clock)["peak_bytes"])
        report = report_of(PyTorchFlow(rival), data, recipe, samples)
        figures = {figure: report[figure] for figure in FIGURES if figure in report}
        found["readings"].append({"seconds": mark, "steps": steps, "evaluations": PYTORCH_EVALUATIONS, **figures})
        say(f"\n{PYTORCH}, seed {seed}: {mark:.0f} s, {steps} steps, distance {figures['frechet_distance']:.2f}")

    try:
        stopwatch = Stopwatch(marks, read, lambda: rival.ask(**clock)["seconds"])
        watch_loop(lambda batch: rival.ask(steps=1), itertools.repeat(None), stopwatch)
    finally:
        rival.close()
    return found
