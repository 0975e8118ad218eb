"""Starting a run from the weights of another one: checks before, and messages after."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from aigc_tf.data.source import GIVEN, Source
from aigc_tf.errors import InputError, listed, say
from aigc_tf.export.channels import cut_networks
from aigc_tf.families.base import GenerativeModel
from aigc_tf.families.state import adopt, known_rows
from aigc_tf.recipes.base import Recipe
from aigc_tf.runs import paths
from aigc_tf.runs.folder import read_object, read_recipe
from aigc_tf.storage.files import expanded

if TYPE_CHECKING:
    from aigc_tf.data.assets import Asset


def refuse_start(recipe: Recipe, source: Source) -> None:
    """Raise InputError if an asset of the source forbids the weights of the run in `start_from`."""
    if recipe.start_from is None:
        return
    learnt_from = may_have_learnt_from(source, recipe.start_from)
    for name in recipe.assets:
        reason = source.assets[name].reason_to_refuse_start(learnt_from)
        if reason:
            raise InputError(f"start_from is {recipe.start_from}: {reason}")


def may_have_learnt_from(source: Source, run: str) -> bool:
    """Whether a run, or one whose weights it started from, was trained on a source of the same name or content.

    Also true where this is unknown, since one of these runs does not exist any more.
    """
    seen: set[Path] = set()
    start: str | None = run
    while start is not None:
        path = expanded(start)
        if path in seen:
            return True
        seen.add(path)
        try:
            start = read_recipe(path).start_from
            recorded = read_object(path / paths.SOURCE, name=str, fingerprint=str)
        except InputError:
            return True
        if recorded["fingerprint"] == source.fingerprint or recorded["name"] == source.name != GIVEN:
            return True
    return False


def take_over(model: GenerativeModel, assets: Mapping[str, Asset], other: Any) -> None:
    """Copy the weights of another run that fit by name and shape into a new model, and report which do not.

    If the networks are narrower versions of the other run's, they get its strongest channels; symbols that both
    vocabularies have keep their embeddings.

    Args:
        model: the new run's model.
        assets: the new run's assets.
        other: the run whose weights are taken.

    Raises:
        InputError: none fits.
    """
    rows, differing = _of_other_assets(model, assets, other)
    taken, left = adopt(model, other.model)
    for name, value in rows.items():
        model.state()[name].assign(value)
    narrower = cut_networks(model, other.model)
    if not taken and not narrower:
        raise InputError(f"start_from is {other.path}: none of its weights fits a {model.name}")
    say(f"started from {other.path}, step {other.step}: {len(taken)} of {len(taken) + len(left)} weights fit")
    if narrower:
        say(f"of wider layers the strongest channels are kept: {listed(narrower)}")
    left = [name for name in left if name not in rows and name.split("/")[1] not in narrower]
    if left:
        say(f"these are newly initialised: {listed(left)}")
    if differing:
        say(
            f"warning: {listed(differing)} of {other.path} and of this run differ: weights that depend on them were "
            "trained for others"
        )


def _of_other_assets(
    model: GenerativeModel, assets: Mapping[str, Asset], other: Any
) -> tuple[dict[str, np.ndarray], list[str]]:
    """Weights by name with rows mapped between assets, such as vocabularies; names of assets that differ otherwise."""
    theirs = other.assets()
    rows: dict[str, np.ndarray] = {}
    differing = []
    for name, asset in assets.items():
        if not asset.explains_weights or name not in theirs or theirs[name].to_json() == asset.to_json():
            continue
        numbers = asset.numbers_in(theirs[name]) if type(asset) is type(theirs[name]) else None
        found = {} if numbers is None else known_rows(model, other.model, numbers, len(theirs[name]))
        if numbers is None or not found:
            differing.append(name)
            continue
        rows |= found
        known = f"{np.sum(numbers >= 0):,} of {len(numbers):,}"
        say(
            f"{name}: {known} tokens are known to {other.path} and keep their weights, the others are newly initialised"
        )
    return rows, differing
