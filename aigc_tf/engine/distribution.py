"""One run on several devices or machines (000 §3.14.1): who shares the work, and how they stay in step.

Every replica makes the same step on its share of the batch (`aigc_tf.nn.replicas`), so that all keep the same weights.
With several processes, one of them, the chief, does all that one process alone would do; the others only train.
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

# Far apart, so that the streams of random numbers of two replicas do not meet.
_SEEDS_APART = 0x9E3779B9


class WorkerLostError(RuntimeError):
    """Another process of the same run has ended."""


# What TensorFlow raises for that where the processes wait for each other.
LOST = (tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.DeadlineExceededError)


@dataclass(frozen=True)
class Workers:
    """The processes that train a run together, seen from one of them."""

    strategy: tf.distribute.Strategy | None = None
    """None is one process on one device."""
    count: int = 1
    """Processes."""
    number: int = 0
    """Of this one; 0 is the chief."""

    @property
    def is_chief(self) -> bool:
        """Whether this process keeps the run."""
        return self.number == 0

    @property
    def replicas(self) -> int:
        """Devices of all processes."""
        return 1 if self.strategy is None else self.strategy.num_replicas_in_sync

    def learner(self, run: Run) -> GenerativeModel:
        """The model that training moves: the run's, or one of all replicas in the state of that of the chief's run."""
        if self.strategy is None:
            return run.model
        with self.strategy.scope():
            model = create(run.recipe, **run.source.assets_for(run.recipe))
        copy_state(run.model, model)
        self.share_state(model)
        share_steps(model, self.strategy)
        return model

    def stride(self, recipe: Recipe) -> int:
        """Steps that are made between two looks at the model."""
        del recipe
        return 1

    def planned(self, recipe: Recipe) -> Recipe:
        """The recipe with a plan that can be kept."""
        return recipe

    def agreed(self, source: Source, recipe: Recipe) -> Source:
        """The source with what its runs keep of who trains."""
        del recipe
        return source

    def examples_in_step(self, source: Any, recipe: Recipe) -> int:
        """How many examples a step has, of all replicas together; a small source may have fewer than a recipe asks for.

        Raises:
            InputError: they cannot be shared equally.
        """
        spec = source.batches(recipe.examples_per_step, recipe.seed).element_spec
        # Of tensors without rows, such as whether a batch goes on, nothing follows.
        size = next(part.shape[0] for part in tf.nest.flatten(spec) if part.shape.rank)
        if size is None:  # private training draws each example by itself, and its noise is that of one replica
            if self.replicas > 1:
                raise InputError(f"the batches of {recipe.slug()} vary in size: give --strategy one")
            return recipe.examples_per_step
        if size % (self.replicas * recipe.examples_per_step // recipe.batch_size):
            raise InputError(
                f"batch_size is {recipe.batch_size}, which makes {size} examples a step: {self.replicas} replicas "
                f"cannot share them equally, choose a multiple of {self.replicas}"
            )
        return size

    def batches(self, source: Any, recipe: Recipe, first_step: int) -> Any:
        """What `fit` reads: this process's share of each batch."""
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
        """What the chief gives; the others' own content counts for nothing."""
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
        """For each wish whether at least one process has it."""
        return list(wishes) if self.count == 1 else [number > 0 for number in self._total(list(map(int, wishes)))]

    def share_state(self, model: GenerativeModel) -> None:
        """Give a model, in all processes, the state that it has in the chief's, bit by bit."""
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
        """Sums over the processes of int32 `[n]`, the same n in each.

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
    """Become one of the workers; waits for the others. Comes before anything else that TensorFlow does.

    Raises:
        InputError: the environment says something else than `strategy`.
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
        raise InputError(f"TF_CONFIG says that this process is {own[0]} {own[1]}, which is none of its workers")
    return Workers(_multi_worker(), len(tasks), tasks.index(own))


# One of each for all runs of a process: the messages of a second one would bear the numbers of those of the first.


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
    """A function that adds up what the first replicas of all processes have."""
    local = len(strategy.extended.worker_devices)

    def total(numbers: tf.Tensor) -> tf.Tensor:
        context = tf.distribute.get_replica_context()
        counts = tf.cast(context.replica_id_in_sync_group % local == 0, tf.int32)
        return context.all_reduce(tf.distribute.ReduceOp.SUM, numbers * counts)

    signature = [tf.TensorSpec((None,), tf.int32)]
    return tf.function(lambda numbers: strategy.run(total, args=(numbers,)), signature, autograph=False)


def _dealt_out(batches: tf.data.Dataset, parts: int) -> tf.data.Dataset:
    """Each batch in equal parts, one after the other."""

    def deal(batch: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        return {
            name: tf.stack(tf.split(part, parts)) if part.shape.rank else tf.repeat(part, parts)
            for name, part in batch.items()
        }

    return batches if parts == 1 else batches.map(deal).unbatch()


def share_steps(model: GenerativeModel, strategy: tf.distribute.Strategy) -> None:
    """Let `fit` train a model, created for the strategy's replicas, as it would train it alone on the whole batch."""
    for layer in flat_layers(model):
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.synchronized = True
    step = shared_step(model)

    def train(iterator: Any) -> dict[str, tf.Tensor]:
        logs = strategy.run(step, args=(next(iterator),))
        return {name: strategy.experimental_local_results(value)[0] for name, value in logs.items()}

    # With several workers Keras 3.15 would mean the logs over axis 0, which scalars have not, each in two messages. And
    # what a batch is built from is a mean, which truth values have not.
    model.train_function = tf.function(train, autograph=False, reduce_retracing=True)
    skip_symbolic_build(model)


def shared_step(model: Any) -> Callable[[Any], dict[str, tf.Tensor]]:
    """The training step of a model with random draws of each replica alone, and logs that are means over all."""
    seeds = seed_states(model)

    def step(batch: Any) -> dict[str, tf.Tensor]:
        # Between steps the states are the same on all replicas, as a checkpoint has to have them.
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
    """Lets all workers stop after the same step, and have what the chief gave its model. Comes last."""

    def __init__(self, run: Run, workers: Workers) -> None:
        super().__init__(run)
        self.workers = workers

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        progress = self.progress
        wishes = self.workers.any(self.model.stop_training, progress.interrupted, progress.replaced)
        self.model.stop_training, interrupted, replaced = wishes
        if interrupted:  # otherwise it is left: a signal may have come meanwhile, and counts at the next step
            progress.interrupted = True
        if replaced:
            self.workers.share_state(self.model)
        progress.replaced = False
