"""The one path through `fit()`: seed, source, resume, callbacks."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from aigc_tf import checkpoints, environment
from aigc_tf.callbacks import (
    Checkpoints,
    Clock,
    Logs,
    Previews,
    Progress,
    ProgressLine,
    Quality,
    interrupts,
)
from aigc_tf.errors import InputError
from aigc_tf.latent_space import Encodes
from aigc_tf.models.base import GenerativeModel
from aigc_tf.models.create import create
from aigc_tf.recipes.base import Recipe, flatten
from aigc_tf.registry import resolve
from aigc_tf.run import Run, create_run_folder, find_run_folder, read_object, read_recipe, say


def train(
    recipe: Recipe,
    run_dir: str | Path | None = None,
    resume: bool = False,
    data: Any = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> Run:
    """Train the model of a recipe.

    Args:
        recipe: what to train, on what, for how long.
        run_dir: the run's folder; a new one in saved_models/<recipe>/ if not given.
        resume: continue the run in `run_dir`, or the newest of this recipe, from its last checkpoint.
        data: examples to train on instead of the recipe's source, as its `data` function takes them: for
            images an array or a finite `tf.data.Dataset`.
        callbacks: further Keras callbacks; `fit` sees one long epoch.

    Returns:
        The run, open at its last step.

    Raises:
        InputError: the source cannot be had, or the run cannot be continued like this.
        NotFiniteError: training diverged; the last good checkpoint is kept.
        KeyboardInterrupt: it was interrupted; the run is saved and can be resumed.
    """
    path = find_run_folder(type(recipe), run_dir) if resume else None
    if path is not None:
        refuse_changes(path, recipe)
    source = resolve(recipe.data)(recipe, data)
    for note in source.notes:
        say(note)
    if path is None:
        path = create_run_folder(recipe, run_dir)
    else:
        refuse_other_data(path, source)
    recipe = dataclasses.replace(recipe, source=source.name)
    model = create(recipe, **{name: getattr(source, name) for name in recipe.assets})
    progress = restore_last(path, model) if resume else Progress(step=0)
    describe_run(path, recipe, source, first_step=progress.step)
    run = Run(path, recipe, progress.step, model=model, source=source)
    say(f"run folder: {path}")
    if progress.step < recipe.steps:
        fit(run, progress, callbacks)
    else:
        say(f"it has made its {recipe.steps} steps already: give more with --steps")
    return run


def fit(run: Run, progress: Progress, callbacks: Sequence[keras.callbacks.Callback]) -> None:
    """Train from `progress.step` on, until the recipe's steps or seconds or the user end it."""
    from aigc_tf.model_card import write_model_card
    from aigc_tf.projector import write_projector

    recipe = run.recipe
    batches = run.source.training_batches(recipe.examples_per_step, recipe.seed, first_step=progress.step)
    progress.examples_per_step = examples_in(batches.element_spec)
    writer = tf.summary.create_file_writer(str(run.path / "tensorboard"))
    write_description(run, writer, progress.step)
    line = ProgressLine(run, progress)
    own: list[keras.callbacks.Callback] = [
        Clock(run, progress),
        resolve(recipe.watch)(run, progress, writer),
        line,
        Logs(run, progress, writer),
        Checkpoints(run, progress),
        Quality(run, progress, writer),
        Previews(run, progress, writer),
    ]
    if recipe.logging.graph:
        traced = tf.function(run.model.train_step).get_concrete_function(batches.element_spec)
        with writer.as_default(progress.step):
            tf.summary.graph(traced.graph)
    try:
        with interrupts(progress):
            steps = recipe.steps - progress.step
            run.model.fit(
                batches, epochs=1, steps_per_epoch=steps, shuffle=False, verbose=0, callbacks=[*own, *callbacks]
            )
    except checkpoints.NotFiniteError as error:
        saved = checkpoints.steps(run.path / "checkpoints")
        kept = f"the last good checkpoint is that of step {saved[-1]}" if saved else "there is no checkpoint yet"
        raise checkpoints.NotFiniteError(f"training diverged: {error}; {kept} in {run.path}") from None
    finally:
        line.close()
        writer.close()
    run.step = progress.step
    write_model_card(run)
    if isinstance(run.model, Encodes):
        write_projector(run.path / "tensorboard", run.model, run.source.test, run.source.class_names)
    if progress.interrupted:
        raise KeyboardInterrupt(f"saved at step {progress.step} in {run.path}; continue with --resume")


def examples_in(element_spec: Any) -> int:
    """How many examples a batch holds: a small source may have fewer than the recipe asks for."""
    return int(tf.nest.flatten(element_spec)[0].shape[0])


def restore_last(path: Path, model: GenerativeModel) -> Progress:
    """Give the model the state of the run's last checkpoint, if it has one."""
    folder = path / "checkpoints"
    saved = checkpoints.steps(folder)
    if not saved:
        return Progress(step=0)
    metadata = checkpoints.restore(checkpoints.path_of(folder, saved[-1]), model.state())
    cut_log(path / "metrics.jsonl", saved[-1])
    then = read_object(path / "environment.json")
    for difference in environment.differences(then, environment.environment()):
        say(f"warning: the run continues, but not bit by bit: {difference}")
    return Progress(step=metadata["step"], seconds=metadata["seconds"], watched=metadata.get("watched", {}))


def cut_log(path: Path, step: int) -> None:
    """Remove the lines of steps that come after the checkpoint: they will be made again."""
    if path.is_file():
        lines = path.read_text().splitlines(keepends=True)
        checkpoints.write_text(path, "".join(line for line in lines if json.loads(line)["step"] <= step))


def refuse_changes(path: Path, recipe: Recipe) -> None:
    """Raise InputError if `recipe` differs from the run's in what decides the training."""
    recorded = read_recipe(path)
    if type(recorded) is not type(recipe):
        raise InputError(f"{path} is a run of {recorded.slug()}, not of {recipe.slug()}")
    before, now = flatten(recorded), flatten(recipe)
    changeable = recipe.changeable_on_resume() | {"source"}  # what counts is its content: `refuse_other_data`
    changed = [key for key in now if before[key] != now[key] and key.partition(".")[0] not in changeable]
    if changed:
        listed = ", ".join(f"{key} (was {before[key]}, now {now[key]})" for key in changed)
        reason = "; its schedule depends on the number of steps" if "steps" in changed else ""
        raise InputError(f"{path} cannot be resumed with another {listed}{reason}: start a new run")


def refuse_other_data(path: Path, source: Any) -> None:
    """Raise InputError if the source's content is not what the run has been trained on."""
    recorded = read_object(path / "source.json")
    if recorded["fingerprint"] != source.fingerprint:
        raise InputError(
            f"{path} was trained on {recorded['name']} (fingerprint {recorded['fingerprint'][:12]}), and {source.name} "
            f"is now another content (fingerprint {source.fingerprint[:12]}): start a new run"
        )


def describe_run(path: Path, recipe: Recipe, source: Any, first_step: int) -> None:
    """Write the run's recipe, source and environment."""
    checkpoints.write_text(path / "recipe.json", recipe.to_json())
    if first_step:
        return  # those are the files of the run's beginning
    for name in recipe.assets:
        checkpoints.write_text(path / f"{name}.json", getattr(source, name).to_json())
    described = {"name": source.name, "fingerprint": source.fingerprint} | source.describe()
    checkpoints.write_text(path / "source.json", json.dumps(described, indent=2) + "\n")
    checkpoints.write_text(path / "environment.json", json.dumps(environment.environment(), indent=2) + "\n")


def write_description(run: Run, writer: tf.summary.SummaryWriter, step: int) -> None:
    """The recipe, as text and as hyper-parameters, for TensorBoard."""
    from tensorboard.plugins.hparams import api as hparams

    fields = {
        key: value for key, value in flatten(run.recipe).items() if not key.startswith(("logging", "checkpoints"))
    }
    table = "\n".join(
        ["| field | value |", "| --- | --- |", *(f"| {key} | {value} |" for key, value in fields.items())]
    )
    with writer.as_default(step):
        tf.summary.text("recipe", table)
        numbers = {k: v if isinstance(v, bool | int | float | str) else str(v) for k, v in fields.items()}
        hparams.hparams(numbers, trial_id=f"{run.recipe.slug()}/{run.path.name}")
