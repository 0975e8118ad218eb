"""Runs and times the signatures of a .tflite file with numpy."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter


class Runner:
    """The signatures of a .tflite file, called with numpy arrays of its fixed batch size."""

    def __init__(self, path: Path | str, threads: int = 1):
        """
        Args:
            path: the file.
            threads: maximum number of threads.

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
        """Names of the signatures."""
        return list(self._signatures)

    def inputs(self, signature: str) -> dict[str, tuple[tuple[int, ...], np.dtype]]:
        """`{name: (shape with batch, dtype)}`; -1 is any size."""
        details = self._signatures[signature].get_input_details()
        return {
            name: (tuple(int(n) for n in detail["shape_signature"]), np.dtype(detail["dtype"]))
            for name, detail in details.items()
        }

    def batch(self, signature: str) -> int:
        """The fixed batch size."""
        return next(iter(self.inputs(signature).values()))[0][0]

    def __call__(self, signature: str, **inputs: np.ndarray) -> dict[str, np.ndarray]:
        """Call a signature: inputs of exactly the exported batch size -> outputs by name."""
        return self._signatures[signature](**inputs)

    def map(self, signature: str, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Call a signature on any number of examples, `[count, ...]` each; the last batch is padded."""
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
        """Latency of one call, without copying inputs and outputs.

        Args:
            signature: name of the signature.
            inputs: of exactly the exported batch size.
            seconds: time limit, but at least 10 runs are made.
            runs: maximum number of runs.

        Returns:
            `least_ms` (the undisturbed time), `median_ms`, `p95_ms` and `runs`.
        """
        runner = self._signatures[signature]
        runner(**inputs)
        # Calling the runner resizes, copies and allocates in Python, which takes as long as a small network. An app
        # does that once, so only Invoke is timed; no public method offers it by signature.
        wrapper, subgraph = runner._interpreter_wrapper, runner._subgraph_index
        return time_calls(lambda: wrapper.Invoke(subgraph), seconds=seconds, runs=runs)


def time_calls(call: Callable[[], Any], *, seconds: float = 0.5, runs: int = 300) -> dict[str, float]:
    """Latency statistics over many calls; see `Runner.latency`."""
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
