"""Training progress: part of every checkpoint."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

RECORDED = ("seconds", "processor_seconds", "joules", "best", "quality", "watched")
"""The fields that a checkpoint stores."""


@dataclass
class Progress:
    """Training progress."""

    step: int
    """Training steps in all."""
    seconds: float = 0.0
    """Seconds of training in all, without start-up, compilation, evaluation and checkpoints."""
    processor_seconds: float = 0.0
    """CPU time of this process, all threads, with compilation, evaluation and checkpoints; 0 if it was not recorded."""
    joules: float = 0.0
    """Energy of the machine's CPUs in the same time; 0 where their counters cannot be read."""
    call_seconds: float = 0.0
    """Seconds of training in this call."""
    call_steps: int = 0
    """Steps that `call_seconds` took."""
    examples_per_step: int = 0
    """Examples per step."""
    stride: int = 1
    """Steps between two calls of the callbacks: those of a round in federated training."""
    interrupted: bool = False
    """Whether the user asked to stop."""
    quality: dict[str, float] = field(default_factory=dict)
    """The latest measured quality."""
    best: dict[str, Any] | None = None
    """The best quality so far, and its step: `{"step": ..., name of the figure: its value}`."""
    healthy: bool = True
    """Whether the state may count as the best."""
    watched: dict[str, float] = field(default_factory=dict)
    """Counters of the recipe's guard; part of every checkpoint."""
    replaced: bool = False
    """Whether a callback replaced the model's state after this step."""

    @property
    def steps_per_second(self) -> float:
        """Average speed of this call; 0 before it is known."""
        return self.call_steps / self.call_seconds if self.call_seconds else 0.0

    def recorded(self) -> dict[str, Any]:
        """The fields that a checkpoint stores, JSON-able."""
        return {name: getattr(self, name) for name in RECORDED}
