"""Compression of a run: distillation into a student of a quarter of the weights; pruning of weights or channels."""

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

_HALVINGS = 8  # bisection steps for the width factor


def smaller(recipe: Recipe, share: float, weights: Callable[[Recipe], int]) -> Recipe:
    """The widest version of a recipe whose model has at most a share of the weights.

    Args:
        recipe: the teacher's recipe.
        share: upper limit, as a fraction of the teacher's weights; in (0, 1).
        weights: counts the weights of a recipe's model.

    Raises:
        InputError: models of this recipe cannot be teachers, or none is small enough.
    """
    fields = [name for name in recipe.widths if hasattr(recipe, name)]
    if recipe.distils is None or not fields:
        able = [
            name
            for name, kind in recipe_classes().items()
            if kind.distils and any(map(partial(hasattr, kind), kind.widths))
        ]
        raise InputError(f"a {recipe.slug()} cannot teach a smaller model: choose a run of {', '.join(able)}")
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
    """Number of weights in the first of a model's exported networks."""
    return int(next(iter(model.signatures().values())).network.count_params())


def exported_variables(model: Any) -> list[keras.Variable]:
    """All variables of a model's exported networks."""
    return [variable for signature in model.signatures().values() for variable in signature.network.variables]


class Taught(keras.callbacks.Callback):
    """Replaces the model's training step with another one.

    Args:
        make: model -> training step.
    """

    def __init__(self, make: Callable[[Any], Callable[..., Any]]) -> None:
        super().__init__()
        self.make = make

    def on_train_begin(self, logs: Any = None) -> None:
        self.model.train_step = self.make(self.model)
        self.model.make_train_function(force=True)


def distil(teacher: Run, share: float, run_dir: Path | None = None, **plan: Any) -> Run:
    """Distil a run into a student: the same recipe with narrower layers. The result is a normal run.

    Args:
        teacher: the run to learn from; its weights do not change.
        share: upper limit of the student's size, as a fraction of the teacher's weights.
        run_dir: the new run's folder; a run that is already there is continued.
        plan: new values for `steps`, `seconds` and other fields of the recipe.

    Raises:
        InputError: the recipe does not support distillation, or the run cannot be made there.
    """

    recipe = narrower(teacher, share, **plan)
    assert recipe.distils is not None
    teach = resolve(recipe.distils)
    return _trained(recipe, run_dir, Taught(lambda student: teach(student, teacher.model)))


def prune(run: Run, sparsity: float, run_dir: Path | None = None, **plan: Any) -> Run:
    """Continue training a copy of a run while most of its exported weights become zero; see `Pruning`.

    Args:
        run: provides the initial weights.
        sparsity: share of zero weights at the end.
        run_dir: the new run's folder; a run that is already there is continued.
        plan: new values for `steps`, `seconds` and other fields of the recipe.
    """
    recipe = dataclasses.replace(run.recipe, start_from=str(run.path), **plan)
    return _trained(recipe, run_dir, Pruning(sparsity, last_step=max(1, recipe.steps // 2), within=exported_variables))


def prune_channels(run: Run, sparsity: float, run_dir: Path | None = None, **plan: Any) -> Run:
    """Structured pruning: a new run of the same recipe with narrower layers keeps the strongest channels of a run.

    They are removed at once, before the first step (Li et al. 2017, §3.4); `aigc_tf.export.channels` picks them.

    Args:
        run: provides the initial weights.
        sparsity: share of the weights to remove, at least; in (0, 1).
        run_dir: the new run's folder; a run that is already there is continued.
        plan: new values for `steps`, `seconds` and other fields of the recipe.

    Raises:
        InputError: the recipe has no narrower version, or its layers cannot lose channels.
    """
    recipe = narrower(run, 1 - sparsity, **plan)
    if not cut_networks(create(recipe, **run.assets()), run.model):
        raise InputError(f"layers of a {recipe.slug()} cannot lose channels: leave --channels out")
    return _trained(dataclasses.replace(recipe, start_from=str(run.path)), run_dir)


def narrower(run: Run, share: float, **plan: Any) -> Recipe:
    """A run's recipe with layers as wide as a share of its weights allows; prints that share. See `smaller`."""

    def weights(recipe: Recipe) -> int:
        return exported_weights(create(recipe, **run.assets()))

    recipe = smaller(dataclasses.replace(run.recipe, start_from=None, freeze=(), **plan), share, weights)
    shown = ", ".join(f"{name} {getattr(recipe, name)}" for name in recipe.widths)
    say(f"{weights(recipe):,} of {exported_weights(run.model):,} weights: {shown}")
    return recipe


def _trained(recipe: Recipe, run_dir: Path | None, *callbacks: keras.callbacks.Callback) -> Run:
    goes_on = run_dir is not None and (run_dir / paths.RECIPE).is_file()
    return train(recipe, run_dir, resume=goes_on, callbacks=callbacks)
