"""Smaller models: a student of a quarter of the weights learns from a run, or a run loses weights or channels."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import keras

from aigc_tf.engine.pruning import Pruning
from aigc_tf.engine.training import train
from aigc_tf.errors import InputError, say
from aigc_tf.export.channels import cut_networks
from aigc_tf.families.create import create
from aigc_tf.recipes.base import Recipe
from aigc_tf.recipes.registry import recipe_classes
from aigc_tf.references import resolve
from aigc_tf.runs import paths
from aigc_tf.runs.run import Run

_HALVINGS = 8  # of the range in which the factor of the widths is looked for


def smaller(recipe: Recipe, share: float, weights: Callable[[Recipe], int]) -> Recipe:
    """The recipe whose widths are as large as they may be for a share of the weights.

    Args:
        recipe: of the teacher.
        share: of its weights, at most; in (0, 1).
        weights: of the model of a recipe.

    Raises:
        InputError: a model of the recipe teaches nobody, or none is so small.
    """
    fields = [name for name in recipe.widths if hasattr(recipe, name)]
    if recipe.distils is None or not fields:
        able = [
            name
            for name, kind in recipe_classes().items()
            if kind.distils and any(map(partial(hasattr, kind), kind.widths))
        ]
        raise InputError(f"a {recipe.slug()} teaches no smaller model: choose a run of {', '.join(able)}")
    unit = 2 * getattr(recipe, "heads", 1)

    def scaled(width: Any, factor: float) -> Any:
        if isinstance(width, tuple):
            return tuple(scaled(each, factor) for each in width)
        return max(unit, round(width * factor / unit) * unit)

    def candidate(factor: float) -> Recipe:
        return dataclasses.replace(recipe, **{name: scaled(getattr(recipe, name), factor) for name in fields})

    whole, low, high = weights(recipe), 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if weights(candidate(middle)) <= share * whole else (low, middle)
    found = candidate(low)
    if weights(found) > share * whole:
        raise InputError(f"share is {share:g}: the smallest {recipe.slug()} of this kind has more weights, give more")
    return found


def exported_weights(model: Any) -> int:
    """How many weights the first of a model's exported networks has."""
    return int(next(iter(model.signatures().values())).network.count_params())


def exported_variables(model: Any) -> list[keras.Variable]:
    """All variables of a model's exported networks."""
    return [variable for signature in model.signatures().values() for variable in signature.network.variables]


class Taught(keras.callbacks.Callback):
    """Puts another training step in the place of the model's own.

    Args:
        make: from the model to its step.
    """

    def __init__(self, make: Callable[[Any], Callable[..., Any]]) -> None:
        super().__init__()
        self.make = make

    def on_train_begin(self, logs: Any = None) -> None:
        self.model.train_step = self.make(self.model)
        self.model.make_train_function(force=True)


def distil(teacher: Run, share: float, run_dir: Path | None = None, **plan: Any) -> Run:
    """A run of the same recipe with narrower layers, which learns from another run and is a normal run afterwards.

    Args:
        teacher: the run that is learnt from; its weights stay as they are.
        share: of the teacher's weights, at most.
        run_dir: the new run's folder; one that is there already is gone on with.
        plan: `steps`, `seconds` and other fields of the recipe that are to be different.

    Raises:
        InputError: the recipe teaches no smaller model, or the run cannot be made there.
    """

    recipe = narrower(teacher, share, **plan)
    assert recipe.distils is not None
    teach = resolve(recipe.distils)
    return _trained(recipe, run_dir, Taught(lambda student: teach(student, teacher.model)))


def prune(run: Run, sparsity: float, run_dir: Path | None = None, **plan: Any) -> Run:
    """A run that goes on from another one while most of the weights that are exported become zero; see `Pruning`.

    Args:
        run: whose weights are the beginning.
        sparsity: share of the weights that are zero at the end.
        run_dir: the new run's folder; one that is there already is gone on with.
        plan: `steps`, `seconds` and other fields of the recipe that are to be different.
    """
    recipe = dataclasses.replace(run.recipe, start_from=str(run.path), **plan)
    return _trained(recipe, run_dir, Pruning(sparsity, last_step=max(1, recipe.steps // 2), within=exported_variables))


def prune_channels(run: Run, sparsity: float, run_dir: Path | None = None, **plan: Any) -> Run:
    """A run of the same recipe with narrower layers, which goes on with the strongest channels of another one.

    All are lost at once, before the first step, as in Li et al. 2017, §3.4; `aigc_tf.export.channels` chooses them.

    Args:
        run: whose weights are the beginning.
        sparsity: share of the weights that are gone, at least; in (0, 1).
        run_dir: the new run's folder; one that is there already is gone on with.
        plan: `steps`, `seconds` and other fields of the recipe that are to be different.

    Raises:
        InputError: the recipe has no narrower form, or its layers cannot lose channels.
    """
    recipe = narrower(run, 1 - sparsity, **plan)
    if not cut_networks(create(recipe, **run.assets()), run.model):
        raise InputError(f"layers of a {recipe.slug()} cannot lose channels: leave --channels out")
    return _trained(dataclasses.replace(recipe, start_from=str(run.path)), run_dir)


def narrower(run: Run, share: float, **plan: Any) -> Recipe:
    """A run's recipe in the widest layers that have at most a share of its weights, and says which; see `smaller`."""

    def weights(recipe: Recipe) -> int:
        return exported_weights(create(recipe, **run.assets()))

    recipe = smaller(dataclasses.replace(run.recipe, start_from=None, freeze=(), **plan), share, weights)
    shown = ", ".join(f"{name} {getattr(recipe, name)}" for name in recipe.widths)
    say(f"{weights(recipe):,} of {exported_weights(run.model):,} weights: {shown}")
    return recipe


def _trained(recipe: Recipe, run_dir: Path | None, *callbacks: keras.callbacks.Callback) -> Run:
    goes_on = run_dir is not None and (run_dir / paths.RECIPE).is_file()
    return train(recipe, run_dir, resume=goes_on, callbacks=callbacks)
