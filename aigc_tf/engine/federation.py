"""Federated averaging for any recipe, simulated in one process: each step of `fit` is a round of clients.

A round begins with the server's weights. Each selected client continues training on its own examples, with a fresh
optimizer and its own random streams, and sends only its change of the weights to the server. A round depends on nothing
but the weights, the seed and the round's number, so a checkpoint of the server is complete.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from aigc_tf.data.source import Source
from aigc_tf.engine.distribution import Workers
from aigc_tf.errors import InputError, say
from aigc_tf.families.base import GenerativeModel
from aigc_tf.families.state import MODEL
from aigc_tf.nn.keras_internals import seed_states, skip_symbolic_build, slots_of_weights
from aigc_tf.privacy.federated.aggregation import FLOAT_BYTES, Aggregation
from aigc_tf.privacy.federated.proximal import Proximal
from aigc_tf.privacy.federated.sharing import client_batches, dealt_out
from aigc_tf.privacy.federated.terms import Federation
from aigc_tf.recipes.base import Recipe
from aigc_tf.recipes.federated import FederationSettings
from aigc_tf.recipes.private import Private
from aigc_tf.runs.run import Run

_MEGABYTE = 1e6
_LOOKS = ("scalars_every", "samples_every", "evaluate_every")
"""Those fields of `LoggingSettings` that count steps."""
_STREAM_STATES = 2**31  # each half of a random stream's state is below it


@dataclass(frozen=True, kw_only=True)
class Federated(Workers):
    """Federated training, a `strategy` of `aigc_tf.train`: clients train a shared model."""

    settings: FederationSettings

    def stride(self, recipe: Recipe) -> int:
        """Local steps of each client in a round."""
        return recipe.steps // self.settings.rounds

    def planned(self, recipe: Recipe) -> Recipe:
        """The recipe with all its intervals rounded to whole rounds.

        Raises:
            InputError: its steps are not whole rounds, or it cannot be trained this way.
        """
        if isinstance(recipe, Private):
            raise InputError(
                f"{recipe.slug()} counts the privacy of examples drawn from all of them: train its plain recipe, with "
                "--privacy.epsilon for each client"
            )
        if recipe.steps % self.settings.rounds:
            raise InputError(f"steps is {recipe.steps}: give a multiple of the {self.settings.rounds} rounds")
        if recipe.logging.profile:
            raise InputError("logging.profile traces single steps: turn it off for rounds of them")

        def whole(steps: int) -> int:
            return -(-steps // self.stride(recipe)) * self.stride(recipe)

        logged: dict[str, Any] = {name: whole(getattr(recipe.logging, name)) for name in _LOOKS}
        kept = dataclasses.replace(recipe.checkpoints, every=whole(recipe.checkpoints.every))
        return dataclasses.replace(recipe, logging=dataclasses.replace(recipe.logging, **logged), checkpoints=kept)

    def agreed(self, source: Source, recipe: Recipe) -> Source:
        """The source with the terms of federation, which its runs record.

        Raises:
            InputError: its examples cannot be split among clients, or the requested privacy is not possible.
        """
        sizes = tuple(map(len, dealt_out(source, self.settings, recipe.seed)))
        terms = Federation.of(self.settings, sizes, self.stride(recipe))
        say(f"{len(sizes)} clients with {min(sizes):,} to {max(sizes):,} examples, {self.settings.rounds} rounds")
        return dataclasses.replace(source, terms={**source.terms, "federation": terms})

    def examples_in_step(self, source: Any, recipe: Recipe) -> int:
        """Examples of all selected clients in a local step."""
        del source
        return max(1, round(recipe.examples_per_step * self.settings.clients * self.settings.share))

    def batches(self, source: Any, recipe: Recipe, first_step: int) -> tf.data.Dataset:
        """The data for `fit`: round numbers."""
        del source
        return tf.data.Dataset.counter(start=first_step // self.stride(recipe), dtype=tf.int64)

    def learner(self, run: Run) -> GenerativeModel:
        """The run's model, which is the server's; its training function runs a round."""
        model = run.model
        model.train_function = Rounds(model, run.source, run.recipe)
        skip_symbolic_build(model)
        return model


class Rounds:
    """The training function that `fit` calls: one round of all selected clients.

    Args:
        model: the server's; within a round it serves each client in turn.
        source: the source, with its `federation`.
        recipe: the run's recipe.
    """

    def __init__(self, model: GenerativeModel, source: Source, recipe: Recipe) -> None:
        self.terms: Federation = source.terms["federation"]
        settings = self.terms.settings
        self.source, self.recipe = source, recipe
        self.parts = dealt_out(source, settings, recipe.seed)
        self.aggregation = Aggregation(
            self.terms.sizes, settings.secure, self.terms.guarantee, recipe.seed, settings.homomorphic
        )
        self.state = State(model)
        self.proximal = None
        if settings.proximal:
            self.proximal = Proximal(model.optimizers.values(), model.trainable_variables, settings.proximal)
        self.step = tf.function(model.train_step, autograph=False, reduce_retracing=True)
        self.reading: dict[int, Iterator[Any]] = {}
        self.losses: dict[str, float] = {}

    def __call__(self, numbers: Iterator[tf.Tensor]) -> dict[str, float]:
        """Run the next round; returns means over its clients and their steps."""
        number = int(next(numbers))
        answered, dropped = self.drawn(number)
        begin = self.state.weights()
        changes, losses = {}, []
        for client in answered:
            self.state.begin(begin, np.random.SeedSequence((self.recipe.seed, number, client)))
            losses.append(self.learn(client, number))
            changes[client] = self.state.weights() - begin
        found = self.aggregation.combine(changes, set(dropped), number, len(begin))
        if found.change is None:
            say(f"\nround {number + 1}: too few clients answered, nothing is learnt")
        self.state.end(begin if found.change is None else begin + found.change)
        if losses:
            self.losses = {name: float(np.mean([one[name] for one in losses])) for name in losses[0]}
        down = (len(answered) + len(dropped)) * len(begin) * FLOAT_BYTES
        sent, received = found.sent / _MEGABYTE, (found.received + down) / _MEGABYTE
        return {**self.losses, "clients": len(answered), "sent_megabytes": sent, "received_megabytes": received}

    def drawn(self, number: int) -> tuple[list[int], list[int]]:
        """The clients that are selected for a round and answer, and those that drop out."""
        random = np.random.default_rng((self.recipe.seed, number))
        draws = random.random((2, len(self.parts)))
        asked, drops = draws[0] < self.terms.share, draws[1] < self.terms.settings.drop
        return np.flatnonzero(asked & ~drops).tolist(), np.flatnonzero(asked & drops).tolist()

    def learn(self, client: int, number: int) -> dict[str, float]:
        """Train as a client for a round; returns the means of its logs."""
        if self.proximal is not None:
            self.proximal.anchor()
        totals: dict[str, Any] = {}
        for _ in range(self.terms.local_steps):
            for name, value in self.step(next(self.batches_of(client, number))).items():
                totals[name] = totals.get(name, 0.0) + tf.cast(value, tf.float32)
        return {name: float(total) / self.terms.local_steps for name, total in totals.items()}

    def batches_of(self, client: int, number: int) -> Iterator[Any]:
        """The batches of a client, starting with the first one of a round."""
        if client not in self.reading:
            before = sum(client in self.drawn(earlier)[0] for earlier in range(number))
            seed = int(np.random.SeedSequence((self.recipe.seed, client)).generate_state(1)[0])
            batches = client_batches(
                self.source, self.parts[client], self.recipe.examples_per_step, seed, before * self.terms.local_steps
            )
            self.reading[client] = iter(batches)
        return self.reading[client]


class State:
    """The state of a model that plays the server and each client in turn."""

    def __init__(self, model: GenerativeModel) -> None:
        streams = {id(state) for state in seed_states(model)}
        own = [variable for name, variable in model.state().items() if name.startswith(f"{MODEL}/")]
        self._streams = [(variable, variable.numpy()) for variable in own if id(variable) in streams]
        self._weights = [variable for variable in own if variable.dtype.startswith("float")]
        others = [
            variable for variable in own if id(variable) not in streams and not variable.dtype.startswith("float")
        ]
        self._counters = [[variable, variable.numpy()] for variable in others]
        self._optimizers = [Restarted(optimizer) for optimizer in model.optimizers.values()]

    def weights(self) -> np.ndarray:
        """Everything that is averaged: weights, statistics and moving averages of weights, float32 `[any]`."""
        return np.concatenate([variable.numpy().astype(np.float32).ravel() for variable in self._weights])

    def begin(self, weights: np.ndarray, seed: np.random.SeedSequence) -> None:
        """Become a client at the beginning of a round.

        Args:
            weights: the server's weights.
            seed: for the client's random streams.
        """
        self._assign(weights)
        for counter, value in self._counters:
            counter.assign(value)
        for (stream, _), child in zip(self._streams, seed.spawn(len(self._streams)), strict=True):
            stream.assign(child.generate_state(2) % _STREAM_STATES)
        for optimizer in self._optimizers:
            optimizer.begin()

    def end(self, weights: np.ndarray) -> None:
        """Become the server again, with these weights and the last client's counters."""
        self._assign(weights)
        self._counters = [[counter, counter.numpy()] for counter, _ in self._counters]
        for stream, value in self._streams:
            stream.assign(value)
        for optimizer in self._optimizers:
            optimizer.end()

    def _assign(self, weights: np.ndarray) -> None:
        ends = np.cumsum([np.prod(variable.shape, dtype=np.int64) for variable in self._weights])
        for variable, part in zip(self._weights, np.split(weights, ends[:-1]), strict=True):
            variable.assign(part.reshape(variable.shape))


class Restarted:
    """An optimizer that restarts in each round while its learning rate schedule continues.

    On the server it counts the updates of all rounds and has no moments.
    """

    def __init__(self, optimizer: keras.optimizers.Optimizer) -> None:
        slots = slots_of_weights(optimizer)
        self._optimizer: Any = optimizer
        self._slots = [variable for variable in optimizer.variables if id(variable) in slots]
        self._before = tf.Variable(optimizer.iterations.numpy(), trainable=False)
        share = getattr(optimizer, "share_of_rate", None)
        if share is not None:
            self._optimizer.share_of_rate = lambda updates: share(updates + tf.cast(self._before, updates.dtype))

    def begin(self) -> None:
        """Reset gradients and the number of updates."""
        self._forget(0)

    def end(self) -> None:
        """Add the updates of a client to those of earlier rounds."""
        self._before.assign_add(self._optimizer.iterations.value)
        self._forget(self._before)

    def _forget(self, updates: Any) -> None:
        self._optimizer.iterations.assign(updates)
        for slot in self._slots:
            slot.assign(tf.zeros_like(slot.value))
