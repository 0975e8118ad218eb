"""Runs the signatures of a .tflite file with numpy, and times them."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter


class Runner:
    """The signatures of one .tflite file, called with numpy arrays of the batch size it was exported with."""

    def __init__(self, path: Path | str, threads: int = 1):
        """
        Args:
            path: the file.
            threads: how many of the machine's it may use.

        Raises:
            ValueError: it is not a .tflite file, or has no named signature.
        """
        self._interpreter = Interpreter(model_path=str(path), num_threads=threads)
        names = self._interpreter.get_signature_list()
        if not names:
            raise ValueError(f"{path} has no named signature")
        self._signatures = {name: self._interpreter.get_signature_runner(name) for name in names}

    @property
    def names(self) -> list[str]:
        """Of the signatures."""
        return list(self._signatures)

    def inputs(self, signature: str) -> dict[str, tuple[tuple[int, ...], np.dtype]]:
        """`{name: (shape with batch, dtype)}`; -1 is any size."""
        details = self._signatures[signature].get_input_details()
        return {
            name: (tuple(int(n) for n in detail["shape_signature"]), np.dtype(detail["dtype"]))
            for name, detail in details.items()
        }

    def batch(self, signature: str) -> int:
        """The fixed number of examples in a call."""
        return next(iter(self.inputs(signature).values()))[0][0]

    def __call__(self, signature: str, **inputs: np.ndarray) -> dict[str, np.ndarray]:
        """The outputs by name for inputs of exactly the exported batch size."""
        return self._signatures[signature](**inputs)

    def map(self, signature: str, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The outputs for any number of examples, `[count, ...]` each; the last batch is padded with its first one."""
        batch = self.batch(signature)
        count = len(next(iter(inputs.values())))
        parts: dict[str, list[np.ndarray]] = {}
        for start in range(0, count, batch):
            rows = np.arange(start, start + batch)
            rows[rows >= count] = start
            outputs = self(signature, **{name: values[rows] for name, values in inputs.items()})
            for name, values in outputs.items():
                parts.setdefault(name, []).append(values[: count - start])
        return {name: np.concatenate(values) for name, values in parts.items()}

    def latency(
        self, signature: str, inputs: dict[str, np.ndarray], *, seconds: float = 0.5, runs: int = 300
    ) -> dict[str, float]:
        """How long one call takes: the inputs are in place, the outputs are left there.

        Args:
            signature: which one.
            inputs: of exactly the exported batch size.
            seconds: stop after this long, but not before 10 runs.
            runs: or after this many.

        Returns:
            `least_ms` (what it takes when nothing disturbs it), `median_ms`, `p95_ms` and `runs`.
        """
        runner = self._signatures[signature]
        runner(**inputs)
        # Calling the runner resizes, copies and allocates in Python, which takes as long as a small network.
        # A phone's program does that once, so only Invoke is timed; no public method offers it by signature.
        wrapper, subgraph = runner._interpreter_wrapper, runner._subgraph_index
        return time_calls(lambda: wrapper.Invoke(subgraph), seconds=seconds, runs=runs)


def time_calls(call: Callable[[], Any], *, seconds: float = 0.5, runs: int = 300) -> dict[str, float]:
    """How long a call takes, by many; see `Runner.latency`."""
    for _ in range(3):
        call()
    times: list[float] = []
    begin = time.perf_counter()
    while len(times) < 10 or (len(times) < runs and time.perf_counter() - begin < seconds):
        start = time.perf_counter()
        call()
        times.append((time.perf_counter() - start) * 1e3)
    return {
        "least_ms": round(min(times), 4),
        "median_ms": round(float(np.median(times)), 4),
        "p95_ms": round(float(np.percentile(times, 95)), 4),
        "runs": len(times),
    }
