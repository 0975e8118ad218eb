"""Flows against a GAN after the same training time, by the number of network evaluations per sample."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aigc_tf.errors import InputError
from aigc_tf.recipes.flows import FlowRecipe
from aigc_tf.recipes.registry import recipe_classes
from tools.benchmarks.gans import SHARES, gan_recipes, in_a_process_of_its_own, rows_of
from tools.benchmarks.readings import Results


def flows(
    seconds: Sequence[float],
    evaluations: Sequence[int],
    names: Sequence[str],
    seeds: Sequence[int],
    samples: int,
    source: str,
    results: Path,
    processor_time: bool = False,
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
    for seed in seeds:
        for name in names:
            asked = list(evaluations) if name in own else []
            keys = {"recipe": name, "seed": seed, "source": source, "samples": samples, "marks": marks}
            keys |= {"evaluations": asked, "processor_time": processor_time}
            if not done.find(**keys):
                done.add(**keys, **in_a_process_of_its_own(name, seed, source, samples, marks, processor_time, asked))
            found += done.find(**keys)
    rows = []
    for name in names:
        for count in evaluations if name in own else (None,):
            own_rows = rows_of(found, name, seconds, count)
            rows += [{"recipe": name, "evaluations": count or 1} | row for row in own_rows]
    return rows
