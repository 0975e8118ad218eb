"""Compress a run by distillation or pruning: narrower layers, sparse weights, or fewer channels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import tyro

from aigc_tf.cli.checks import require_place
from aigc_tf.cli.command import command
from aigc_tf.errors import InputError


def distil(
    run: Annotated[Path, tyro.conf.Positional],
    *,
    share: float | None = None,
    prune: float | None = None,
    channels: bool = False,
    steps: int | None = None,
    seconds: float | None = None,
    run_dir: Path | None = None,
) -> None:
    """Compress a run by distillation or pruning; the result is a new run.

    Args:
        run: The run's folder.
        share: Distillation: train a student of narrower layers with at most this share of the run's weights.
        prune: Pruning: continue training while this share of the weights is set to zero; files compress better.
        channels: With --prune, remove whole channels before training continues, until this share of the weights is
            gone: files become smaller and faster.
        steps: Training steps; by default those of the run's recipe.
        seconds: Stop training after this many seconds.
        run_dir: Folder of the result; an unfinished one is continued. Default: a new one beside other runs.
    """
    if (share is None) == (prune is None):
        raise InputError("give one of --share and --prune: how much smaller, and in which way")
    if channels and prune is None:
        raise InputError("--channels is an option of --prune: give --prune too, such as --prune 0.75")
    for name, value in (("share", share), ("prune", prune)):
        if value is not None and not 0 < value < 1:
            raise InputError(f"--{name} is {value:g}: give a number between 0 and 1")
    for name, number in (("steps", steps), ("seconds", seconds)):
        if number is not None and number <= 0:
            raise InputError(f"--{name} is {number:g}: give a positive number")
    require_place(run_dir)

    from aigc_tf.engine import distillation
    from aigc_tf.references import resolve
    from aigc_tf.runs.run import Run

    opened = Run.open(run)
    plan: dict[str, Any] = {"steps": steps or opened.recipe.steps, "seconds": seconds}
    if share is not None:
        made = distillation.distil(opened, share, run_dir, **plan)
    else:
        assert prune is not None
        pruned = distillation.prune_channels if channels else distillation.prune
        made = pruned(opened, prune, run_dir, **plan)
    chooser, recipe = resolve(opened.recipe.chooses)(), opened.recipe
    for name, each in (("the run", opened), ("the smaller one", made)):
        samples = recipe.logging.evaluate_samples
        value = chooser.value(each.model, opened.source, recipe, samples, recipe.chosen_on)
        print(f"{chooser.name} of {name}: {value:.4g}")
    print(made.path)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    command(distil, arguments)
