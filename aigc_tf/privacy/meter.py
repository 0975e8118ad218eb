"""Shows how much privacy a run has spent."""

from __future__ import annotations

from typing import Any

from aigc_tf.engine.callbacks import StopOnNonFinite, log_values
from aigc_tf.engine.guard import Guard


class PrivacyMeter(StopOnNonFinite):
    """Keeps ε of the steps made in `Progress.watched`: on the progress line and in every checkpoint; and logs it.

    What it counts are steps, those before a roll back too: what they told about the data has been told.
    """

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        super().on_train_batch_end(batch, logs)
        epsilon = self.run.source.guarantee.epsilon(self.progress.step)
        if epsilon is None:
            return
        self.progress.watched["epsilon"] = epsilon
        if self.progress.step % self.run.recipe.logging.scalars_every == 0:
            log_values(self.run, self.writer, self.progress, "privacy", {"epsilon": epsilon})


class PrivateGuard(PrivacyMeter, Guard):
    """The same for a GAN, with a guard."""
