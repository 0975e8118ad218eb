"""Data-parallel training of one run on several devices or machines (000 §3.14.1), kept in synchrony.

Every replica makes the same update from its share of the batch (`aigc_tf.nn.replicas`), so all keep the same weights.
Of several processes one, the chief, does everything that a single process would do; the others only train.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import keras
import numpy as np
import tensorflow as tf

from aigc_tf.data.source import Source
from aigc_tf.engine.callbacks import RunCallback
from aigc_tf.engine.cluster import tasks_in_environment
from aigc_tf.errors import InputError
from aigc_tf.families.base import GenerativeModel, copy_state
from aigc_tf.families.create import create
from aigc_tf.nn import replicas
from aigc_tf.nn.keras_internals import flat_layers, seed_states, skip_symbolic_build
from aigc_tf.recipes.base import Recipe
from aigc_tf.runs.run import Run

Strategy = Literal["one", "mirrored", "multi_worker"]

# Far apart, so that the random streams of two replicas do not overlap.
_SEEDS_APART = 0x9E3779B9


class WorkerLostError(RuntimeError):
    """Another process of the same run has ended."""


# The errors that TensorFlow raises for that where processes synchronise.
LOST = (tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.DeadlineExceededError)


@dataclass(frozen=True)
class Workers:
    """The processes that train a run together, seen from one of them."""

    strategy: tf.distribute.Strategy | None = None
    """None means one process on one device."""
    count: int = 1
    """Number of processes."""
    number: int = 0
    """Index of this process; 0 is the chief."""

    @property
    def is_chief(self) -> bool:
        """Whether this process owns the run: its folder, logs and checkpoints."""
        return self.number == 0

    @property
    def replicas(self) -> int:
        """Number of devices of all processes."""
        return 1 if self.strategy is None else self.strategy.num_replicas_in_sync

    def learner(self, run: Run) -> GenerativeModel:
        """The model that training updates: the run's own, or a replicated one with the state of the chief's model."""
        if self.strategy is None:
            return run.model
        with self.strategy.scope():
            model = create(run.recipe, **run.source.assets_for(run.recipe))
        copy_state(run.model, model)
        self.share_state(model)
        share_steps(model, self.strategy)
        return model

    def stride(self, recipe: Recipe) -> int:
        """Number of steps between two calls of the callbacks."""
        del recipe
        return 1

    def planned(self, recipe: Recipe) -> Recipe:
        """The recipe with its intervals made compatible with this strategy."""
        return recipe

    def agreed(self, source: Source, recipe: Recipe) -> Source:
        """The source with the terms of training that its runs record."""
        del recipe
        return source

    def examples_in_step(self, source: Any, recipe: Recipe) -> int:
        """Global batch size: examples of all replicas in a step; a small source may give fewer than the recipe wants.

        Raises:
            InputError: they cannot be divided equally among the replicas.
        """
        spec = source.batches(recipe.examples_per_step, recipe.seed).element_spec
        # Tensors without a batch axis, such as the flag that a batch continues the last one, do not tell.
        size = next(part.shape[0] for part in tf.nest.flatten(spec) if part.shape.rank)
        if size is None:  # private training samples each example independently, and its noise is for one replica
            if self.replicas > 1:
                raise InputError(f"the batches of {recipe.slug()} vary in size: give --strategy one")
            return recipe.examples_per_step
        if size % (self.replicas * recipe.examples_per_step // recipe.batch_size):
            raise InputError(
                f"batch_size is {recipe.batch_size}, which makes {size} examples per step: {self.replicas} replicas "
                f"cannot share them equally, choose a multiple of {self.replicas}"
            )
        return size

    def batches(self, source: Any, recipe: Recipe, first_step: int) -> Any:
        """The data for `fit`: this process's share of each batch."""
        arguments = (recipe.examples_per_step, recipe.seed, first_step)
        if self.strategy is None:
            return source.batches(*arguments)
        size = self.examples_in_step(source, recipe)

        def share(context: tf.distribute.InputContext) -> tf.data.Dataset:
            rows = size // context.num_input_pipelines
            first = context.input_pipeline_id * rows
            part = source.batches(*arguments, rows=slice(first, first + rows))
            return _dealt_out(part, self.replicas // self.count)

        return self.strategy.distribute_datasets_from_function(share)

    def from_chief(self, content: bytes) -> bytes:
        """The chief's bytes, in all processes; the content that others pass is ignored."""
        if self.count == 1:
            return content
        (length,) = self._total([len(content) if self.is_chief else 0])
        padded = np.zeros(-(-length // 4), np.int32)
        if self.is_chief:
            padded.view(np.uint8)[:length] = np.frombuffer(content, np.uint8)
        return self._total(padded).tobytes()[:length]

    def agree(self, facts: dict[str, Any]) -> dict[str, Any]:
        """The chief's facts, JSON-able."""
        agreed: dict[str, Any] = json.loads(self.from_chief(json.dumps(facts).encode()))
        return agreed

    def any(self, *wishes: bool) -> list[bool]:
        """For each flag, whether it is set in at least one process."""
        return list(wishes) if self.count == 1 else [number > 0 for number in self._total(list(map(int, wishes)))]

    def share_state(self, model: GenerativeModel) -> None:
        """Copy a model's state from the chief to all processes, bit for bit."""
        if self.count == 1:
            return
        state = model.state()
        arrays = [variable.numpy() for variable in state.values()]
        content = self.from_chief(b"".join(array.tobytes() for array in arrays) if self.is_chief else b"")
        ends = np.cumsum([array.nbytes for array in arrays])
        for variable, array, end in zip(state.values(), arrays, ends, strict=True):
            there = np.frombuffer(content, array.dtype, array.size, offset=end - array.nbytes)
            variable.assign(there.reshape(array.shape))

    def _total(self, numbers: Any) -> np.ndarray:
        """Sum int32 `[n]` over the processes, with the same n in each.

        Raises:
            WorkerLostError: one of them has ended, or did not answer for ten seconds.
        """
        strategy: Any = self.strategy
        try:
            summed = strategy.experimental_local_results(_all_reduced(strategy)(tf.constant(numbers, tf.int32)))
        except LOST as error:
            raise WorkerLostError("another worker does not answer; start all of them again with --resume") from error
        found: np.ndarray = summed[0].numpy()
        return found


def join(strategy: Strategy) -> Workers:
    """Join the processes that train together, and wait for the others. Must precede any other use of TensorFlow.

    Raises:
        InputError: the environment contradicts `strategy`.
    """
    tasks, own = tasks_in_environment()
    if strategy != "multi_worker":
        if len(tasks) > 1:
            raise InputError(f"TF_CONFIG names {len(tasks)} workers, and strategy is {strategy}: give multi_worker")
        return Workers(_mirrored() if strategy == "mirrored" else None)
    if not tasks:
        raise InputError(
            "strategy is multi_worker, and TF_CONFIG names no workers: start with tools/launch_local.py, or see "
            "docs/SCALING.md"
        )
    if own is None:
        raise InputError("TF_CONFIG does not say which of its workers this process is: task is missing")
    if own not in tasks:
        raise InputError(f"TF_CONFIG says that this process is {own[0]} {own[1]}, which is not one of its workers")
    return Workers(_multi_worker(), len(tasks), tasks.index(own))


# One of each for all runs of a process: message numbers of a second one would clash with those of the first.


@cache
def _mirrored() -> tf.distribute.Strategy:
    return tf.distribute.MirroredStrategy()


@cache
def _multi_worker() -> tf.distribute.Strategy:
    try:
        return tf.distribute.MultiWorkerMirroredStrategy()
    except (RuntimeError, ValueError, TypeError, KeyError, tf.errors.OpError) as error:
        raise InputError(f"the workers that TF_CONFIG names cannot be joined: {error}") from error


@cache
def _all_reduced(strategy: tf.distribute.Strategy) -> Callable[[tf.Tensor], Any]:
    """A function that sums a tensor over the first replicas of all processes."""
    local = len(strategy.extended.worker_devices)

    def total(numbers: tf.Tensor) -> tf.Tensor:
        context = tf.distribute.get_replica_context()
        counts = tf.cast(context.replica_id_in_sync_group % local == 0, tf.int32)
        return context.all_reduce(tf.distribute.ReduceOp.SUM, numbers * counts)

    signature = [tf.TensorSpec((None,), tf.int32)]
    return tf.function(lambda numbers: strategy.run(total, args=(numbers,)), signature, autograph=False)


def _dealt_out(batches: tf.data.Dataset, parts: int) -> tf.data.Dataset:
    """Split each batch into equal parts, one after the other."""

    def deal(batch: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        return {
            name: tf.stack(tf.split(part, parts)) if part.shape.rank else tf.repeat(part, parts)
            for name, part in batch.items()
        }

    return batches if parts == 1 else batches.map(deal).unbatch()


def share_steps(model: GenerativeModel, strategy: tf.distribute.Strategy) -> None:
    """Make `fit` train a model, created under the strategy, as it would train it alone on the whole batch."""
    for layer in flat_layers(model):
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.synchronized = True
    step = shared_step(model)

    def train(iterator: Any) -> dict[str, tf.Tensor]:
        logs = strategy.run(step, args=(next(iterator),))
        return {name: strategy.experimental_local_results(value)[0] for name, value in logs.items()}

    # With several workers Keras 3.15 would average the logs over axis 0, which scalars do not have, in two messages
    # each. And what a batch is built from is averaged, which is not defined for booleans.
    model.train_function = tf.function(train, autograph=False, reduce_retracing=True)
    skip_symbolic_build(model)


def shared_step(model: Any) -> Callable[[Any], dict[str, tf.Tensor]]:
    """A model's training step, with separate random numbers for each replica and logs averaged over all."""
    seeds = seed_states(model)

    def step(batch: Any) -> dict[str, tf.Tensor]:
        # Between steps the random states are the same on all replicas, as a checkpoint requires.
        own = tf.cast(tf.distribute.get_replica_context().replica_id_in_sync_group, tf.int64)
        for state in seeds:
            state.assign(state + own * [_SEEDS_APART, 0])
        logs = model.train_step(batch)
        for state in seeds:
            state.assign(state - own * [_SEEDS_APART, 0])
        means = replicas.mean(tf.stack([tf.cast(value, tf.float32) for value in logs.values()]))
        return dict(zip(logs, tf.unstack(means), strict=True))

    return step


class Agreement(RunCallback):
    """Makes all workers stop after the same step, and share a state that the chief restored. Must come last."""

    def __init__(self, run: Run, workers: Workers) -> None:
        super().__init__(run)
        self.workers = workers

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        progress = self.progress
        wishes = self.workers.any(self.model.stop_training, progress.interrupted, progress.replaced)
        self.model.stop_training, interrupted, replaced = wishes
        if interrupted:  # otherwise leave it: a signal may have come meanwhile, and counts at the next step
            progress.interrupted = True
        if replaced:
            self.workers.share_state(self.model)
        progress.replaced = False
