"""Where training stands: part of every checkpoint."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

RECORDED = ("seconds", "processor_seconds", "joules", "best", "quality", "watched")
"""What a checkpoint keeps of it."""


@dataclass
class Progress:
    """Where training stands."""

    step: int
    """Training steps made in all."""
    seconds: float = 0.0
    """Of training in all: without start-up, compilation, evaluation and checkpoints."""
    processor_seconds: float = 0.0
    """Of this process, all threads together, with compilation, evaluation and checkpoints; 0 if it was not counted."""
    joules: float = 0.0
    """Of the machine's processors in the same time; 0 where their counters cannot be read."""
    call_seconds: float = 0.0
    """The same, in this call."""
    call_steps: int = 0
    """Steps that `call_seconds` took."""
    examples_per_step: int = 0
    """Examples that the source gives in each step."""
    stride: int = 1
    """Steps that are made between two looks at the model: those of a round of federated training."""
    interrupted: bool = False
    """The user asked to stop."""
    quality: dict[str, float] = field(default_factory=dict)
    """The latest measured quality."""
    best: dict[str, Any] | None = None
    """The best one so far, and its step: `{"step": ..., name of the figure: its value}`."""
    healthy: bool = True
    """Whether the state may count as the best."""
    watched: dict[str, float] = field(default_factory=dict)
    """What the recipe's watch has counted; part of every checkpoint."""
    replaced: bool = False
    """A callback gave the model another state after this step."""

    @property
    def steps_per_second(self) -> float:
        """Average speed of this call; 0 before it is known."""
        return self.call_steps / self.call_seconds if self.call_seconds else 0.0

    def recorded(self) -> dict[str, Any]:
        """What a checkpoint keeps, JSON-able."""
        return {name: getattr(self, name) for name in RECORDED}
