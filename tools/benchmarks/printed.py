"""The designs printed in the articles against this project's recipes, after the same CPU time."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from aigc_tf.errors import InputError, say
from aigc_tf.metrics.evaluator import Request
from aigc_tf.metrics.held_out import held_out_loss
from aigc_tf.metrics.images.autoencoders import Reconstruction
from aigc_tf.metrics.images.samples import FrechetDistance
from aigc_tf.recipes.autoencoders import AutoencoderRecipe
from aigc_tf.recipes.base import Recipe
from aigc_tf.recipes.images import ImageRecipe
from aigc_tf.recipes.registry import recipe_classes
from aigc_tf.references import resolve
from tools.benchmarks.readings import Results, watch_recipe
from tools.benchmarks.tables import markdown


def printed(
    names: Sequence[str], source: str, seconds: float, samples: int, seed: int, results: Path
) -> list[dict[str, Any]]:
    """Train each design as printed and as it is here, one after the other, and measure both on the test part.

    Time is CPU time of this process, so that other work on the machine hardly matters. Learning rates with decay over
    the steps stay near their initial value.

    Args:
        names: short names of recipes with a printed design.
        source: data to train on.
        seconds: CPU time of training.
        samples: number of samples, or of test examples, per measurement.
        seed: random seed of the training.
        results: JSON Lines file of finished results; a repeated call continues from it.

    Raises:
        InputError: a recipe has no printed design.
    """
    known = {name: recipe for name, recipe in recipe_classes().items() if "printed" in vars(recipe)}
    for name in names:
        if name not in known:
            raise InputError(f"no article describes {name}: choose of {', '.join(known)}")
    done = Results(results)
    rows = []
    for name in names:
        for design, make in (("printed", known[name].printed), ("ours", known[name])):
            keys = {"recipe": name, "design": design, "source": source, "seconds": seconds, "seed": seed}
            keys["samples"] = samples
            if not done.find(**keys):
                done.add(**keys, **measure(make(), source, seconds, samples, seed))
            rows += done.find(**keys)
    return rows


def measure(recipe: Recipe, source: str, seconds: float, samples: int, seed: int) -> dict[str, Any]:
    """Steps, batch size, and figures after `seconds`."""
    recipe = dataclasses.replace(recipe, source=source, seed=seed)
    found: dict[str, Any] = {"batch": recipe.batch_size}

    def reader(model: Any) -> Callable[[float, int], None]:
        def read(mark: float, steps: int) -> None:
            opened = resolve(recipe.data)(recipe)
            found.update(steps=steps, **figures(model, opened, recipe, samples))
            say(f"\n{recipe.slug()}: {found}")

        return read

    watch_recipe(recipe, [seconds], reader, clock=time.process_time)
    return found


def figures(model: Any, source: Any, recipe: Recipe, samples: int) -> dict[str, float]:
    """Fréchet distance of image samples, PSNR of an autoencoder's reconstructions, or the ELBO of text."""
    if not isinstance(recipe, ImageRecipe):
        return {"nats_a_line": held_out_loss(model, source, samples, "test")}
    found = {"frechet_distance": FrechetDistance().value(model, source, recipe, samples, "test")}
    if isinstance(recipe, AutoencoderRecipe):
        measured: Any = Reconstruction().measure(model, source, recipe, Request(part="test", samples=samples))
        found["psnr_db"] = measured.figures["psnr_db"].value
    return found


def table(rows: Sequence[dict[str, Any]]) -> str:
    """One row per design, in Markdown."""
    columns = ("recipe", "design", "batch", "steps", "frechet_distance", "psnr_db", "nats_a_line")
    return markdown(columns, [[row.get(column) for column in columns] for row in rows])
