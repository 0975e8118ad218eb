"""Monitors GAN training for mode collapse and divergence, and reacts as the recipe says."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from aigc_tf.engine.callbacks import StopOnNonFinite, log_values, not_finite
from aigc_tf.errors import say
from aigc_tf.families.base import copy_state
from aigc_tf.families.state import random_states
from aigc_tf.recipes.settings import MAX_SEED
from aigc_tf.references import resolve
from aigc_tf.runs import checkpoints, paths

SAMPLES = 200


def spread(examples: np.ndarray) -> float:
    """Standard deviation over the examples, as the root of the variance averaged over all their numbers.

    Args:
        examples: `[count, ...]`, uint8 or in [0, 1].
    """
    numbers = examples.astype(np.float64) / (255 if examples.dtype == np.uint8 else 1)
    return float(np.sqrt(numbers.var(axis=0).mean()))


class Guard(StopOnNonFinite):
    """Detects mode collapse and divergence (000 §2.2 and §3.4 name that danger).

    Its counters are in `Progress.watched`, which checkpoints include: a resumed run sees the same.
    """

    def on_train_begin(self, logs: Any = None) -> None:
        self.recipe: Any = self.run.recipe
        self.quality_name = resolve(self.recipe.chooses).name
        self.data_spread = spread(self.model.gives.numbers(self.run.source.inputs("train", SAMPLES)))

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        bad = not_finite(logs or {})
        if bad:
            if not self.may_roll_back:
                super().on_train_batch_end(batch, logs)  # raises
            self.handle([f"{', '.join(bad)} not finite"])
            return
        troubles = self.model.troubles(logs or {}, self.progress.watched) + self.quality_troubles()
        if self.progress.step % self.recipe.logging.evaluate_every == 0:
            troubles += self.sample_troubles()
        if troubles:
            self.handle(troubles)

    def sample_troubles(self) -> list[str]:
        """Whether samples vary much less than the data do: mode collapse."""
        share = spread(self.model.gives.numbers(self.observed().generate(SAMPLES))) / max(self.data_spread, 1e-6)
        log_values(self.run, self.writer, "guard", {"spread_share": share})
        if share >= self.recipe.guard.least_spread:
            self.progress.healthy = True
            return []
        # A checkpoint to roll back to has to be a good one.
        self.progress.healthy = self.recipe.guard.action != "roll_back"
        return [f"samples spread {share:.2f} times as much as the data (minimum: {self.recipe.guard.least_spread:g})"]

    def quality_troubles(self) -> list[str]:
        """Whether the quality figure has become worse several times in a row; checked a step after it was measured."""
        guard, watched = self.recipe.guard, self.progress.watched
        value = self.progress.quality.get(self.quality_name)
        if value is None or (self.progress.step - 1) % self.recipe.logging.evaluate_every:
            return []
        rises = value > watched.get("quality", value)
        watched["rises"] = watched.get("rises", 0) + 1 if rises else 0
        watched["quality"] = value
        if watched["rises"] < guard.rises:
            return []
        watched["rises"] = 0
        return [f"{self.quality_name} rose {guard.rises} times in a row, to {value:.1f}"]

    def handle(self, troubles: list[str]) -> None:
        """Report the problems, and react as the recipe says."""
        action, step = self.recipe.guard.action, self.progress.step
        with self.writer.as_default(step):
            tf.summary.text("guard/trouble", "; ".join(troubles))
        reason = f"\nstep {step}: {'; '.join(troubles)}"
        if action == "warn":
            say(f"{reason}; docs/GANS.md says what helps")
        elif self.may_roll_back:
            say(f"{reason}; {self.roll_back()}")
        else:
            say(f"{reason}; stopping, as the recipe's guard says")
            self.model.stop_training = True

    @property
    def may_roll_back(self) -> bool:
        """Whether the recipe allows another rollback."""
        guard = self.recipe.guard
        return guard.action == "roll_back" and self.progress.watched.get("rollbacks", 0) < guard.rollbacks

    def roll_back(self) -> str:
        """Return to the best checkpoint, with new random numbers and lower learning rates; without one, start again.

        The step count continues, so the next images differ as well.
        """
        watched = self.progress.watched
        count = int(watched.get("rollbacks", 0)) + 1
        self.progress.watched = {"rollbacks": count}
        self.progress.replaced = True
        best = self.progress.best
        if best is None:
            copy_state(self.run.new_model(seed=(self.recipe.seed + count) % (MAX_SEED + 1)), self.model)
            origin = "new weights" if self.recipe.start_from is None else f"the weights of {self.recipe.start_from}"
            start = f"starting again from {origin}"
        else:
            path = checkpoints.path_of(self.run.path / paths.CHECKPOINTS, best["step"])
            checkpoints.restore(path, self.model.state())
            start = f"going back to step {best['step']}"
        reseed(list(random_states(self.model).values()), self.recipe.seed, count)
        share = self.recipe.guard.rate_factor**count
        for role, optimizer in self.model.optimizers.items():
            optimizer.learning_rate = share * getattr(self.recipe, role).learning_rate
        return f"{start}, with {share:g} of the learning rates ({count} of {self.recipe.guard.rollbacks} times)"


def reseed(states: list[Any], seed: int, count: int) -> None:
    """Reseed a model's seed generators from `(seed, count)` alone."""
    keys = np.random.SeedSequence((seed, count)).generate_state(len(states), np.uint32)
    for state, key in zip(states, keys, strict=True):
        state.assign(np.array([key, 0], np.uint32))
