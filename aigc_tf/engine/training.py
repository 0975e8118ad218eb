"""The one path through `fit()`: seed, source, resume, callbacks."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, TypeAlias

import keras
import tensorflow as tf

from aigc_tf.engine.callbacks import (
    Checkpoints,
    Clock,
    Logs,
    Previews,
    Progress,
    ProgressLine,
    Quality,
    interrupts,
)
from aigc_tf.engine.distribution import LOST, Agreement, Strategy, WorkerLostError, Workers, join
from aigc_tf.errors import InputError, printable, say
from aigc_tf.families.base import copy_state
from aigc_tf.families.create import create
from aigc_tf.families.latent_space import Encodes
from aigc_tf.recipes.base import Recipe, flatten
from aigc_tf.references import resolve
from aigc_tf.runs import checkpoints, environment
from aigc_tf.runs.folder import create_run_folder, find_run_folder, read_object, read_recipe, read_text
from aigc_tf.runs.recovery import resumed
from aigc_tf.runs.run import Run
from aigc_tf.storage.files import held, write_text

EVENTS = "tensorboard"

Callbacks: TypeAlias = AbstractContextManager[list[keras.callbacks.Callback]]


def train(
    recipe: Recipe,
    run_dir: str | Path | None = None,
    resume: bool = False,
    data: Any = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    strategy: Strategy = "one",
) -> Run:
    """Train the model of a recipe.

    Args:
        recipe: what to train, on what, for how long.
        run_dir: the run's folder; a new one in saved_models/<recipe>/ if not given.
        resume: continue the run in `run_dir`, or the newest of this recipe, from its last checkpoint.
        data: examples to train on instead of the recipe's source, as its `data` function takes them: for
            images an array or a finite `tf.data.Dataset`.
        callbacks: further Keras callbacks; `fit` sees one long epoch.
        strategy: "one" device; "mirrored" on all devices of this machine; "multi_worker": one of the processes that the
            environment variable TF_CONFIG names, all of which make this call (docs/SCALING.md). Batches are shared out.

    Returns:
        The run, open at its last step.

    Raises:
        InputError: the source cannot be had, the run cannot be continued like this or is in use by another process,
            or there is no room to write it.
        NotFiniteError: training diverged; the last good checkpoint is kept.
        WorkerLostError: another of several processes has ended.
        KeyboardInterrupt: it was interrupted; the run is saved and can be resumed.
    """
    workers = join(strategy)
    if not workers.is_chief:
        return follow(workers, recipe, data, callbacks)
    path = find_run_folder(type(recipe), run_dir) if resume else None
    if path is not None:
        refuse_changes(path, recipe)
    source = resolve(recipe.data)(recipe, data)
    for note in source.notes:
        say(note)
    examples_per_step = workers.examples_in_step(source, recipe)
    if path is None:
        path = create_run_folder(recipe, run_dir)
    else:
        refuse_other_data(path, source)
        refuse_other_noise(path, recipe, source)
    recipe = dataclasses.replace(recipe, source=source.name)
    with held(path):
        model = create(recipe, **{name: getattr(source, name) for name in recipe.assets})
        described = environment.environment(workers.replicas)
        progress = resumed(path, model, recipe, described) if resume else Progress(step=0)
        progress.examples_per_step = examples_per_step
        describe_run(path, recipe, source, described, first_step=progress.step)
        run = Run(path, recipe, progress.step, model=model, source=source)
        say(f"run folder: {path}")
        workers.agree({"path": str(path), "step": progress.step, "identity": identity(run)})
        if progress.step < recipe.steps:
            fit(run, progress, callbacks, workers)
        else:
            say(f"it has made its {recipe.steps} steps already: give more with --steps")
        finish(run)
    if progress.interrupted:
        raise KeyboardInterrupt(f"saved at step {progress.step} in {path}; continue with --resume")
    return run


def follow(workers: Workers, recipe: Recipe, data: Any, callbacks: Sequence[keras.callbacks.Callback]) -> Run:
    """What a worker that is not the chief does: its share of each step. It writes nothing; see `train`."""
    source = resolve(recipe.data)(recipe, data)
    examples_per_step = workers.examples_in_step(source, recipe)
    model = create(recipe, **{name: getattr(source, name) for name in recipe.assets})
    agreed = workers.agree({})
    run = Run(Path(agreed["path"]), recipe, agreed["step"], model=model, source=source)
    if identity(run) != agreed["identity"]:
        raise InputError(
            f"worker {workers.number} has another recipe or other data than the chief: start all workers with the same "
            "flags, and give them the same source"
        )
    progress = Progress(step=run.step, examples_per_step=examples_per_step)
    if progress.step < recipe.steps:
        fit(run, progress, callbacks, workers)
    if progress.interrupted:
        raise KeyboardInterrupt(f"stopped at step {progress.step}; the chief has saved it")
    return run


def identity(run: Run) -> list[Any]:
    """What all workers must have in common, JSON-able."""
    fields = flatten(run.recipe) | {"source": None}  # what counts is its content
    return [run.recipe.reference(), json.loads(json.dumps(fields)), run.source.fingerprint]


def fit(run: Run, progress: Progress, callbacks: Sequence[keras.callbacks.Callback], workers: Workers) -> None:
    """Train from `progress.step` on, until the recipe's steps or seconds or the user end it."""
    recipe = run.recipe
    keeping: Callbacks = kept(run, progress) if workers.is_chief else nullcontext([])
    with explained(run, progress):
        learner = workers.learner(run)
        with keeping as writing, interrupts(progress):
            learner.fit(
                workers.batches(run.source, recipe, progress.step),
                epochs=1,
                steps_per_epoch=recipe.steps - progress.step,
                shuffle=False,
                verbose=0,
                callbacks=[Clock(run, progress), *writing, *callbacks, Agreement(run, progress, workers)],
            )
    if learner is not run.model:
        copy_state(learner, run.model)
    run.step = progress.step


@contextmanager
def kept(run: Run, progress: Progress) -> Iterator[list[keras.callbacks.Callback]]:
    """What watches training, shows it and writes it into the run's folder, in the order in which it is called."""
    recipe = run.recipe
    writer = tf.summary.create_file_writer(str(run.path / EVENTS))
    write_description(run, writer, progress.step)
    if recipe.logging.graph:
        batches = run.source.training_batches(recipe.examples_per_step, recipe.seed)
        traced = tf.function(run.model.train_step).get_concrete_function(batches.element_spec)
        with writer.as_default(progress.step):
            tf.summary.graph(traced.graph)
    line = ProgressLine(run, progress)
    try:
        yield [
            resolve(recipe.watch)(run, progress, writer),
            line,
            Logs(run, progress, writer),
            Quality(run, progress, writer),
            Previews(run, progress),
            Checkpoints(run, progress, writer),
        ]
    finally:
        line.close()
        writer.close()  # TensorFlow keeps it to itself when that fails


@contextmanager
def explained(run: Run, progress: Progress) -> Iterator[None]:
    """Say of what ends training early which checkpoint there is to go on from, and what to mend."""

    def stopped(why: str, mend: str) -> str:
        return f"training stopped at step {progress.step}: {why}; {last_good(run.path)}; {mend}"

    when_mended = "continue with --resume when that is mended"
    try:
        yield
    except checkpoints.NotFiniteError as error:
        raise checkpoints.NotFiniteError(f"training diverged: {error}; {last_good(run.path)}") from None
    except OSError as error:
        fault = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        raise InputError(stopped(fault, when_mended)) from error
    except (tf.errors.OpError, WorkerLostError) as error:
        unwritten = writing_fault(error)  # comes first: a full disk and a full memory are the same error
        if unwritten is not None:
            raise InputError(stopped(f"{run.path / EVENTS}: {unwritten}", when_mended)) from error
        if isinstance(error, tf.errors.ResourceExhaustedError):
            smaller = f"start a new run with a smaller batch_size than {run.recipe.batch_size}, or smaller networks"
            raise InputError(stopped("it does not fit in memory", smaller)) from error
        if isinstance(error, (*LOST, WorkerLostError)):
            again = "start all of them again with --resume"
            raise WorkerLostError(stopped("another worker has ended", again)) from error
        raise


# An operation of event writers in the message of its error, and what the system says there.
_WRITES_EVENTS = re.compile(r"__wrapped__\w*Summary\w*?_device_\S+\}\} (?:[^\n]*; )?([^\n\[]*)")


def writing_fault(error: Exception) -> str | None:
    """Why TensorFlow could not write events, in the system's words; None if the error is of something else."""
    found = _WRITES_EVENTS.search(str(error))
    return found and found[1].strip()


def last_good(path: Path) -> str:
    """Which checkpoint of a run folder there is to go on from, in words."""
    saved = checkpoints.steps(path / "checkpoints")
    kept = f"the last good checkpoint is that of step {saved[-1]}" if saved else "there is no checkpoint yet"
    return f"{kept} in {path}"


def finish(run: Run) -> None:
    """Write what describes the run as it stands: its card and the projector's files."""
    from aigc_tf.engine.projector import write_projector
    from aigc_tf.runs.card import write_model_card

    write_model_card(run)
    if isinstance(run.model, Encodes):
        write_projector(run.path / EVENTS, run.model, run.source.test, run.source.class_names)


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
    if not checkpoints.steps(path / "checkpoints"):
        return  # nothing has been learnt yet
    recorded = read_object(path / "source.json", name=str, fingerprint=str)
    if recorded["fingerprint"] != source.fingerprint:
        raise InputError(
            f"{path} was trained on {recorded['name']} (fingerprint {recorded['fingerprint'][:12]}), and {source.name} "
            f"is now another content (fingerprint {source.fingerprint[:12]}): start a new run"
        )


def refuse_other_noise(path: Path, recipe: Recipe, source: Any) -> None:
    """Raise InputError if a private run would go on with another guarantee than the one it keeps and its card shows."""
    if "guarantee" not in recipe.assets or not checkpoints.steps(path / "checkpoints"):
        return
    recorded = type(source.guarantee).from_json(read_text(path / "guarantee.json"))
    if recorded != source.guarantee:
        raise InputError(
            f"{path} was begun with another noise, or another ε, than the installed dp-accounting finds (noise "
            f"multiplier {recorded.noise_multiplier:.6g} then, {source.guarantee.noise_multiplier:.6g} now): install "
            "the version that it was begun with, or start a new run"
        )


def describe_run(path: Path, recipe: Recipe, source: Any, described: dict[str, Any], first_step: int) -> None:
    """Write the run's recipe, source and environment."""
    write_text(path / "recipe.json", recipe.to_json())
    if first_step:
        return  # those are the files of the run's beginning
    for name in recipe.assets:
        write_text(path / f"{name}.json", getattr(source, name).to_json())
    origin = {"name": source.name, "fingerprint": source.fingerprint} | source.describe()
    write_text(path / "source.json", json.dumps(origin, indent=2) + "\n")
    write_text(path / "environment.json", json.dumps(described, indent=2) + "\n")


def write_description(run: Run, writer: tf.summary.SummaryWriter, step: int) -> None:
    """The recipe, as text and as hyper-parameters, for TensorBoard."""
    from tensorboard.plugins.hparams import api as hparams

    fields = {
        key: value for key, value in flatten(run.recipe).items() if not key.startswith(("logging", "checkpoints"))
    }
    rows = [f"| {key} | {printable(str(value))} |" for key, value in fields.items()]
    table = "\n".join(["| field | value |", "| --- | --- |", *rows])
    with writer.as_default(step):
        tf.summary.text("recipe", table)
        numbers = {k: v if isinstance(v, bool | int | float) else printable(str(v)) for k, v in fields.items()}
        hparams.hparams(numbers, trial_id=f"{run.recipe.slug()}/{run.path.name}")
