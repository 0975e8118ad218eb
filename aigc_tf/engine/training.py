"""The training entry point: open the source, open or begin the run, make the model, call `fit()`."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, TypeAlias

import keras
import tensorflow as tf

from aigc_tf.data.source import Source, licence_is_known
from aigc_tf.engine.callbacks import Clock, Facts, Logs, Profile, ProgressLine, interrupts
from aigc_tf.engine.distribution import Agreement, Strategy, Workers, join
from aigc_tf.engine.faults import explained
from aigc_tf.engine.keeping import Checkpoints, Previews, Quality
from aigc_tf.engine.precision import computing, refuse_slow
from aigc_tf.engine.projector import write_projector
from aigc_tf.errors import InputError, printable, say
from aigc_tf.families.base import GenerativeModel, copy_state
from aigc_tf.families.create import create, refuse_absurd_numbers, refuse_batch_of_one
from aigc_tf.families.tasks import Encodes
from aigc_tf.recipes.base import Recipe, flatten
from aigc_tf.recipes.registry import recipe_named
from aigc_tf.references import resolve
from aigc_tf.runs import paths
from aigc_tf.runs.environment import environment
from aigc_tf.runs.progress import Progress
from aigc_tf.runs.run import Run
from aigc_tf.runs.session import begun, refuse_early, resumed

Callbacks: TypeAlias = AbstractContextManager[list[keras.callbacks.Callback]]


def train(
    recipe: Recipe | str,
    run_dir: str | Path | None = None,
    resume: bool = False,
    data: Any = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    strategy: Strategy | Workers = "one",
    **fields: Any,
) -> Run:
    """Train the model of a recipe.

    Args:
        recipe: what to train, on what, for how long: a recipe, or the short name of one, such as "dcgan".
        run_dir: the run's folder; a new one in saved_models/<recipe>/ if not given.
        resume: continue the run in `run_dir`, or the newest one of this recipe, from its last checkpoint.
        data: examples to train on instead of the recipe's source, as its `data` function takes them: for
            images an array, a pair (images, labels), or a finite `tf.data.Dataset`.
        callbacks: further Keras callbacks; `fit` sees one long epoch.
        strategy: "one" device; "mirrored" on all devices of this machine; "multi_worker": one of the processes listed
            in the environment variable TF_CONFIG, all of which make this call (docs/SCALING.md). Each batch is divided
            among them. Or an `aigc_tf.engine.federation.Federated`, whose clients have their own examples
            (docs/PRIVACY.md).
        fields: new values for fields of the recipe, by name: `train("dcgan", steps=600)`.

    Returns:
        The run, open at its last step.

    Raises:
        InputError: there is no such recipe or field, the source is not available, the run cannot be continued this way
            or is in use by another process, or there is no room to write it.
        NotFiniteError: training diverged; the last good checkpoint is kept.
        WorkerLostError: another of several processes has ended.
        KeyboardInterrupt: it was interrupted; the run is saved and can be resumed.
    """
    recipe = chosen_recipe(recipe, fields)
    refuse_slow(recipe.precision)
    refuse_absurd_numbers(recipe)  # opening the source may take minutes
    workers = strategy if isinstance(strategy, Workers) else join(strategy)
    recipe = workers.planned(recipe)
    if workers.is_chief:
        refuse_early(recipe, run_dir, resume)
    source = workers.agreed(open_source(recipe, data), recipe)
    examples_per_step = workers.examples_in_step(source, recipe)
    require_the_same(workers, recipe, source)
    if not workers.is_chief:
        return follow(workers, recipe, source, examples_per_step, callbacks)
    open_run = resumed if resume else begun
    with open_run(recipe, source, run_dir, environment(workers.replicas)) as run:
        say(f"run folder: {run.path}")
        run.progress.examples_per_step, run.progress.stride = examples_per_step, workers.stride(recipe)
        workers.agree({"path": str(run.path), "step": run.step})
        learner = make_model(run, workers)
        if run.step < run.recipe.steps:
            fit(run, learner, callbacks, workers)
        else:
            say(f"all {run.recipe.steps} steps are already done: ask for more with --steps")
        finish(run)
    if run.progress.interrupted:
        raise KeyboardInterrupt(f"saved at step {run.step} in {run.path}; continue with --resume")
    return run


def chosen_recipe(recipe: Recipe | str, fields: Mapping[str, Any]) -> Recipe:
    """The recipe, given or by name, with new values for some fields."""
    if isinstance(recipe, str):
        return recipe_named(recipe)(**fields)
    if not isinstance(recipe, Recipe):
        raise InputError(f"recipe is {recipe!r}: give an aigc_tf.recipes object, such as DCGAN(), or its name, 'dcgan'")
    return dataclasses.replace(recipe, **fields)


def open_source(recipe: Recipe, data: Any = None) -> Source:
    """Open the recipe's source, print its notes, and set the licence that the user names."""
    source: Source = resolve(recipe.data)(recipe, data)
    if recipe.licence is not None:
        source = dataclasses.replace(source, licence=recipe.licence)
    for note in source.notes:
        say(note)
    if not licence_is_known(source.licence):
        say(f"warning: the licence of {source.name} is not known: name it with --licence")
    return source


def follow(
    workers: Workers,
    recipe: Recipe,
    source: Source,
    examples_per_step: int,
    callbacks: Sequence[keras.callbacks.Callback],
) -> Run:
    """Train as a worker that is not the chief: its share of each step, nothing written; see `train`."""
    agreed = workers.agree({})
    progress = Progress(step=agreed["step"], examples_per_step=examples_per_step)
    run = Run(Path(agreed["path"]), recipe, progress, source, create(recipe, **source.assets_for(recipe)))
    learner = make_model(run, workers)
    if run.step < recipe.steps:
        fit(run, learner, callbacks, workers)
    if progress.interrupted:
        raise KeyboardInterrupt(f"stopped at step {progress.step}; the chief has saved it")
    return run


def require_the_same(workers: Workers, recipe: Recipe, source: Source) -> None:
    """Check that all workers agree, before a run is created: a refused run leaves nothing behind.

    Raises:
        InputError: one of them has another recipe or other data.
        WorkerLostError: one of them has ended.
    """
    fields = flatten(recipe) | {"source": None, "start_from": None}  # their content is compared instead
    identity = {"recipe": recipe.reference(), "fields": fields, "fingerprint": source.fingerprint}
    differs = workers.agree(identity) != json.loads(json.dumps(identity))
    if any(workers.any(differs)):
        who = f"worker {workers.number} has" if differs else "another worker has"
        raise InputError(
            f"{who} a different recipe or data from the chief's: start all workers with the same flags, and give them "
            "the same source"
        )


def make_model(run: Run, workers: Workers) -> GenerativeModel:
    """The model that training updates: the run's own, new or restored, or a replicated one in the same state.

    Raises:
        InputError: it cannot be made, its checkpoint is damaged, or no weights of `start_from` fit.
    """
    with explained(run):
        return workers.learner(run)


def fit(run: Run, learner: GenerativeModel, callbacks: Sequence[keras.callbacks.Callback], workers: Workers) -> None:
    """Train from `run.step` on, until the recipe's steps or seconds are reached or the user stops it."""
    recipe, progress = run.recipe, run.progress
    refuse_batch_of_one(recipe, run.model)
    keeping: Callbacks = kept(run) if workers.is_chief else nullcontext([])
    with explained(run), keeping as writing, interrupts(progress), computing(recipe.precision):
        learner.fit(
            workers.batches(run.source, recipe, progress.step),
            epochs=1,
            steps_per_epoch=(recipe.steps - progress.step) // progress.stride,
            shuffle=False,
            verbose=0,
            callbacks=[Clock(run), *writing, *callbacks, Agreement(run, workers)],
        )
    if learner is not run.model:
        copy_state(learner, run.model)


@contextmanager
def kept(run: Run) -> Iterator[list[keras.callbacks.Callback]]:
    """The callbacks that monitor training, show it and write into the run's folder, in calling order."""
    recipe = run.recipe
    writer = tf.summary.create_file_writer(str(run.path / paths.EVENTS))
    write_description(run, writer)
    if recipe.logging.graph:
        batches = run.source.batches(recipe.examples_per_step, recipe.seed)
        traced = tf.function(run.model.train_step).get_concrete_function(batches.element_spec)
        with writer.as_default(run.step):
            tf.summary.graph(traced.graph)
    line = ProgressLine(run)
    watch, quality = resolve(recipe.watch)(run, writer), Quality(run, writer)
    shown = [Logs(run, writer), Facts(run, writer), quality, line, Previews(run), Checkpoints(run, writer)]
    profiled = [Profile(run)] if recipe.logging.profile else []
    try:
        yield [watch, *shown, *profiled]
    finally:
        for profile in profiled:
            profile.stop()
        line.close()
        writer.close()  # TensorFlow does not report it when that fails


def finish(run: Run) -> None:
    """Write the files that describe the run's current state: its card and the projector's files."""
    run.write_card()
    if isinstance(run.model, Encodes):
        write_projector(run.path / paths.EVENTS, run.model, run.source)


def write_description(run: Run, writer: tf.summary.SummaryWriter) -> None:
    """Log the recipe, as text and as hyper-parameters, and the source with its classes, to TensorBoard.

    Hyper-parameters are the fields that differ from the recipe's defaults.
    """
    from tensorboard.plugins.hparams import api as hparams

    fields = learnt_by(run.recipe)
    rows = [f"| {key} | {printable(str(value))} |" for key, value in fields.items()]
    table = "\n".join(["| field | value |", "| --- | --- |", *rows])
    with writer.as_default(run.step):
        tf.summary.text("recipe", table)
        tf.summary.text("source", "\n".join(printable(note) for note in run.source.notes))
        chosen = chosen_differently(run.recipe)
        numbers = {k: v if isinstance(v, bool | int | float) else printable(str(v)) for k, v in chosen.items()}
        shown_as = "/".join((run.path.resolve().parent.name, run.path.name, paths.EVENTS))
        hparams.hparams({"recipe": run.recipe.slug(), **numbers}, trial_id=shown_as)


def chosen_differently(recipe: Recipe) -> dict[str, Any]:
    """Fields of `learnt_by` that differ from their defaults; all of them if some have no default."""
    fields = learnt_by(recipe)
    try:
        usual = learnt_by(type(recipe)())
    except InputError:
        return fields
    return {name: value for name, value in fields.items() if value != usual[name]}


def learnt_by(recipe: Recipe) -> dict[str, Any]:
    """The fields of a recipe that affect what is learnt and for how long, by dotted names."""
    others = {name for name, part in recipe.parts().items() if not part.decides_learning}
    return {name: value for name, value in flatten(recipe).items() if name.partition(".")[0] not in others}
