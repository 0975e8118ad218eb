"""Transfer learning: a run fine-tuned on few examples of another source, against training from scratch."""

from __future__ import annotations

import dataclasses
import itertools
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from aigc_tf.errors import InputError, say
from aigc_tf.families.create import create
from aigc_tf.recipes.base import Recipe
from aigc_tf.references import resolve
from aigc_tf.runs.run import Run
from aigc_tf.runs.starting import take_over
from tools.benchmarks.few import Few
from tools.benchmarks.figures import asked, compared, directed
from tools.benchmarks.readings import Results, report_of, watch_recipe
from tools.benchmarks.tables import markdown, mean_and_error

AS_IT_IS, GONE_ON, FROZEN, SCRATCH = "the run as it is", "fine-tuned", "fine-tuned, frozen", "from scratch"


def transfer(
    run: Path,
    source: str,
    examples: Sequence[int],
    seeds: Sequence[int],
    seconds: Sequence[float],
    freeze: Sequence[str],
    samples: int,
    figure: str | None,
    results: Path,
    processor_time: bool = False,
) -> dict[str, Any]:
    """Figures on the test part of a source; skips what `results` already has.

    Args:
        run: run to fine-tune: of pictures, photographs or text.
        source: another source of its kind; few of its training examples are used.
        examples: numbers of training examples; see `tools.benchmarks.few.few`.
        seeds: random seeds of the subset and of the training.
        seconds: training times; shorter ones are measured within the longest run. Learning rates with decay stay near
            their initial value.
        freeze: patterns of frozen layers, measured as a further variant; empty: no such variant.
        samples: maximum number of samples per measurement.
        figure: figure of the table; see `tools.benchmarks.figures.asked`.
        results: JSON Lines file of finished results.
        processor_time: count CPU time of all cores together, which other programs do not affect.

    Raises:
        InputError: the source is of another kind or has too few examples, or there is no such figure.
    """
    opened, done = Run.open(run), Results(results)
    recipe = elsewhere(opened.recipe, source)
    data = cache(lambda: resolve(recipe.data)(recipe))
    of = {"run": str(opened.path.resolve()), "at": opened.step, "source": source, "samples": samples}
    plan = of | {"marks": sorted(seconds), "processor_time": processor_time}
    changes: dict[str, dict[str, Any]] = {GONE_ON: {"start_from": str(opened.path)}, SCRATCH: {}}
    if freeze:
        changes[FROZEN] = {"start_from": str(opened.path), "freeze": tuple(freeze)}
    if not done.find(**of, method=AS_IT_IS):
        done.add(**of, method=AS_IT_IS, readings=[_untrained(opened, recipe, data(), samples)])
    rows = done.find(**of, method=AS_IT_IS)[:1]
    asked(rows[0]["readings"][0], figure)
    for count, seed, method in itertools.product(examples, seeds, changes):
        key = plan | {
            "examples": count,
            "seed": seed,
            "method": method,
            "freeze": list(changes[method].get("freeze", ())),
        }
        if not done.find(**key):
            say(f"\n{count} examples, seed {seed}, {method}")
            trained = dataclasses.replace(recipe, seed=seed, **changes[method])
            readings: list[dict[str, Any]] = []
            clock = time.process_time if processor_time else time.perf_counter
            reader = _reader(trained, data, samples, readings)
            watch_recipe(trained, seconds, reader, clock=clock, strategy=Few(examples=count, seed=seed))
            done.add(**key, readings=readings)
        rows += done.find(**key)[:1]
    return {"rows": rows, "table": table(rows, figure)}


def elsewhere(recipe: Recipe, source: str) -> Recipe:
    """The recipe of a run on another source, from new weights, with the source's own test photographs.

    Raises:
        InputError: both sources are the same.
    """
    if source == recipe.source:
        raise InputError(f"source is {source}, what the run has learnt from: name another one")
    changes: dict[str, Any] = {"source": source, "licence": None, "start_from": None, "freeze": ()}
    if hasattr(recipe, "photos"):
        changes["photos"] = dataclasses.replace(recipe.photos, test=None)
    return dataclasses.replace(recipe, **changes)


def _untrained(run: Run, recipe: Recipe, source: Any, samples: int) -> dict[str, Any]:
    """Figures of a run on a source before fine-tuning; layers that depend on the source get new weights."""
    assets = source.assets_for(recipe)
    model = create(recipe, **assets)
    take_over(model, assets, run)
    return _reading(model, recipe, source, samples)


def _reading(model: Any, recipe: Recipe, source: Any, samples: int) -> dict[str, Any]:
    report = report_of(model, source, recipe, samples)
    return {"compared": compared(recipe, report), "figures": directed(report), "better": report["better"]}


def _reader(
    recipe: Recipe, data: Callable[[], Any], samples: int, readings: list[dict[str, Any]]
) -> Callable[[Any], Callable[[float, int], None]]:
    """A reader for `watch_recipe` that appends to `readings`."""

    def reader(model: Any) -> Callable[[float, int], None]:
        def read(mark: float, steps: int) -> None:
            found = _reading(model, recipe, data(), samples)
            readings.append({"seconds": mark, "steps": steps, **found})
            name = found["compared"]
            say(f"\n{mark:g} s, {steps} steps, {name} {found['figures'][name]:.4g}")

        return read

    return reader


def table(rows: Sequence[Mapping[str, Any]], figure: str | None = None) -> str:
    """Means over seeds with standard errors, and the gain over `SCRATCH` with the same seed, positive if better."""
    first = rows[0]["readings"][0]
    name = asked(first, figure)
    sign = 1 if first["better"][name] == "higher" else -1
    found: dict[tuple[int, float, str], dict[int, tuple[float, int]]] = {}
    for row in rows[1:]:
        for reading in row["readings"]:
            cell = found.setdefault((row["examples"], reading["seconds"], row["method"]), {})
            cell[row["seed"]] = (reading["figures"][name], reading["steps"])
    lines: list[tuple[Any, ...]] = [(None, None, AS_IT_IS, None, None, first["figures"][name], None)]
    for (count, seconds, method), by_seed in found.items():
        beside = found[count, seconds, SCRATCH]
        gains = [sign * (value - beside[seed][0]) for seed, (value, _) in by_seed.items()]
        gain = None if method == SCRATCH else mean_and_error(gains)
        steps = round(sum(steps for _, steps in by_seed.values()) / len(by_seed))
        values = [value for value, _ in by_seed.values()]
        lines.append((count, seconds, method, len(by_seed), steps, mean_and_error(values), gain))
    return markdown(("examples", "s", "method", "seeds", "steps", name, "better than from scratch by"), lines)
