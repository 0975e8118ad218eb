"""Begins or resumes a run: checks every reason to refuse, and locks the folder during training."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from aigc_tf.data.source import Source
from aigc_tf.errors import InputError, StoppedError, printable, say
from aigc_tf.recipes.base import Recipe, flatten
from aigc_tf.references import resolve
from aigc_tf.runs import checkpoints, paths
from aigc_tf.runs.environment import differences
from aigc_tf.runs.folder import find_run_folder, new_run_folder, read_object, read_recipe, read_text
from aigc_tf.runs.progress import Progress
from aigc_tf.runs.recovery import last_whole, recorded_progress, recover
from aigc_tf.runs.run import Run
from aigc_tf.runs.starting import refuse_start
from aigc_tf.runs.terms import refuse_other_terms
from aigc_tf.storage.archives import is_whole
from aigc_tf.storage.files import held, remove_partial, write_text
from aigc_tf.storage.sealed import key_in_environment

# Fields whose content is compared instead, or that mattered only at the beginning.
_COMPARED_OTHERWISE = {"source", "start_from", "licence"}


def refuse_early(recipe: Recipe, run_dir: str | Path | None, resume: bool) -> None:
    """Check what can be checked before the source is opened, which may take minutes.

    Args:
        recipe: to begin or to resume with.
        run_dir: the folder; see `begun` and `resumed`.
        resume: whether to resume the run.

    Raises:
        InputError: the folder is not empty, or in use; or the run cannot be resumed with this recipe, or is damaged; or
            the key in AIGC_TF_KEY is invalid.
    """
    key_in_environment()
    if not resume:
        new_run_folder(recipe, run_dir)
        return
    path = find_run_folder(type(recipe), run_dir)
    refuse_changes(path, read_recipe(path), recipe)
    with held(path):
        last_whole(path)


@contextmanager
def begun(recipe: Recipe, source: Source, run_dir: str | Path | None, described: dict[str, Any]) -> Iterator[Run]:
    """A new run, its folder locked by this process. If it is refused before training starts, the folder is removed.

    Args:
        recipe: what to train.
        source: the recipe's source.
        run_dir: the folder; a new one in saved_models/<recipe>/ if None.
        described: the environment.

    Raises:
        InputError: the folder is not empty or in use, or `start_from` is not a run.
    """
    if recipe.start_from is not None:
        Run.open(recipe.start_from)
        refuse_start(recipe, source)
    path = new_run_folder(recipe, run_dir)
    recipe = dataclasses.replace(recipe, source=source.name)
    path.mkdir(parents=True, exist_ok=True)
    with ExitStack() as holding:
        holding.enter_context(held(path))
        remove_partial(path)  # left by a process that was killed before its run began
        _write_beginning(path, recipe, source, described)
        run = Run(path, recipe, Progress(step=0), source=source)
        try:
            yield run
        except StoppedError:
            raise  # the run can be resumed once the fault is fixed
        except InputError:
            if not run.step:
                holding.close()  # Windows does not remove a folder that is locked
                shutil.rmtree(path, ignore_errors=True)  # an error here must not hide why the run is refused
            raise


@contextmanager
def resumed(recipe: Recipe, source: Source, run_dir: str | Path | None, described: dict[str, Any]) -> Iterator[Run]:
    """Resume a run from its last checkpoint, with its folder recovered and locked by this process.

    Args:
        recipe: may differ from the run's only in what does not affect what is learnt.
        source: the same content as before.
        run_dir: the folder; the newest run of the recipe if None.
        described: the environment now.

    Raises:
        InputError: the run cannot be resumed like this, is damaged, or in use.
    """
    path = find_run_folder(type(recipe), run_dir)
    recorded = read_recipe(path)
    refuse_changes(path, recorded, recipe)
    recipe = dataclasses.replace(recipe, source=source.name, start_from=recorded.start_from)
    if checkpoints.steps(path / paths.CHECKPOINTS):  # otherwise nothing has been learnt yet
        refuse_other_content(path, recipe, source)
    with held(path):
        progress = put_in_order(path, recipe, described)
        if progress.step:
            write_text(path / paths.RECIPE, recipe.to_json())
            _write_source(path, source)
        else:
            refuse_start(recipe, source)
            _write_beginning(path, recipe, source, described)
        yield Run(path, recipe, progress, source=source)


def put_in_order(path: Path, recipe: Recipe, described: dict[str, Any]) -> Progress:
    """Remove what was written after the last intact checkpoint; returns the progress that this records.

    Args:
        path: the run's folder, which this process has locked.
        recipe: to resume with.
        described: the environment now.

    Raises:
        InputError: the checkpoint is damaged, or its metadata is invalid.
    """
    step = recover(path)
    if step is None:
        return Progress(step=0)
    for difference in differences(read_object(path / paths.ENVIRONMENT), described):
        say(f"warning: the run continues, but not bit for bit as before: {printable(difference)}")
    folder = path / paths.CHECKPOINTS
    last = checkpoints.path_of(folder, step)
    metadata, is_of_version_0_1 = checkpoints.read_metadata(last)
    progress = recorded_progress(last, metadata, resolve(recipe.chooses).name)
    best = progress.best
    if best is not None and is_of_version_0_1:
        say("the best checkpoint so far was chosen on test data, as version 0.1 did: from now on others choose")
        best = None
    elif best is not None and not is_whole(checkpoints.path_of(folder, best["step"])):
        say(f"warning: the best checkpoint, of step {best['step']}, is lost: the next measured one takes its place")
        best = None
    progress.best = best
    checkpoints.mark_best(folder, best)
    checkpoints.prune(folder, recipe.checkpoints.keep, best)
    return progress


def refuse_changes(path: Path, recorded: Recipe, recipe: Recipe) -> None:
    """Raise InputError if `recipe` differs from the run's in a field that affects training."""
    if type(recorded) is not type(recipe):
        raise InputError(f"{path} is a run of {recorded.slug()}, not of {recipe.slug()}")
    before, now = flatten(recorded), flatten(recipe)
    changeable = recipe.changeable() | _COMPARED_OTHERWISE
    changed = [key for key in now if before[key] != now[key] and key.partition(".")[0] not in changeable]
    if changed:
        differing = ", ".join(f"{key} (was {before[key]}, now {now[key]})" for key in changed)
        reason = "; its schedule depends on the number of steps" if "steps" in changed else ""
        raise InputError(f"{path} cannot be resumed with another {differing}{reason}: start a new run")


def refuse_other_content(path: Path, recipe: Recipe, source: Source) -> None:
    """Raise InputError if the source's content, or what it promises, differs from what the run was trained on."""
    recorded = read_object(path / paths.SOURCE, name=str, fingerprint=str)
    if recorded["fingerprint"] != source.fingerprint:
        before, now = (f"fingerprint {found[:12]}" for found in (recorded["fingerprint"], source.fingerprint))
        raise InputError(
            f"{path} was trained on {recorded['name']} ({before}), and {source.name} is now another content "
            f"or split otherwise ({now}): start a new run"
        )
    refuse_other_terms(path, source)
    for name, asset in source.kept_for(recipe).items():
        reason = asset.reason_to_refuse(type(asset).from_json(read_text(path / paths.asset_file(name))))
        if reason:
            raise InputError(f"{path} {reason}")


def _write_beginning(path: Path, recipe: Recipe, source: Source, described: dict[str, Any]) -> None:
    """Write the files of a new run: recipe, source, assets, environment."""
    write_text(path / paths.RECIPE, recipe.to_json())
    for name, asset in source.kept_for(recipe).items():
        write_text(path / paths.asset_file(name), asset.to_json())
    _write_source(path, source)
    write_text(path / paths.ENVIRONMENT, json.dumps(described, indent=2) + "\n")


def _write_source(path: Path, source: Source) -> None:
    """Write what the run is trained on, and the split: a run of version 0.1 gains a validation part."""
    origin = {"name": source.name, "fingerprint": source.fingerprint} | source.describe()
    write_text(path / paths.SOURCE, json.dumps(origin, indent=2) + "\n")
