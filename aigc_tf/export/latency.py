"""Latency of one call, measured alternately with that of the alternatives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import numpy as np

from aigc_tf.export.runner import Runner
from aigc_tf.families.base import Signature

THREADS = (1, 2)
_ROUNDS = 3  # contenders take turns, so that a slow moment of the machine affects all of them

Figures = dict[str, float]
"""`least_ms`, `median_ms`, `p95_ms` and `runs`, as `Runner.latency` gives them."""
Contender = Callable[[int], Callable[[], Figures]]
"""Number of threads -> a function that times one round of calls."""


def in_turns(contenders: Mapping[str, Contender]) -> dict[str, dict[str, Figures]]:
    """For each contender and number of threads ("1", "2"), the round with the middle median."""
    latency: dict[str, dict[str, Figures]] = {label: {} for label in contenders}
    for threads in THREADS:
        ready = {label: prepare(threads) for label, prepare in contenders.items()}
        rounds: dict[str, list[Figures]] = {label: [] for label in contenders}
        for _ in range(_ROUNDS):
            for label, time_a_round in ready.items():
                rounds[label].append(time_a_round())
        for label, found in rounds.items():
            latency[label][str(threads)] = sorted(found, key=lambda figures: figures["median_ms"])[_ROUNDS // 2]
    return latency


def times_faster(slower: Mapping[str, Figures], faster: Mapping[str, Figures]) -> dict[str, Figures]:
    """Speed-up by number of threads: the ratios of the least and of the median time."""
    return {
        threads: {
            figure: round(slower[threads][f"{figure}_ms"] / figures[f"{figure}_ms"], 2)
            for figure in ("least", "median")
        }
        for threads, figures in faster.items()
    }


def litert(path: Path, signature: str, inputs: dict[str, np.ndarray]) -> Contender:
    """Latency of one signature of a .tflite file with these inputs."""
    return lambda threads: partial(Runner(path, threads).latency, signature, inputs)


def keras_litert(path: Path, signature: Signature, inputs: Mapping[str, np.ndarray]) -> Contender:
    """Latency of Keras's own LiteRT export of a signature's network.

    Args:
        path: the file that Keras wrote.
        signature: its network, and our names of the inputs.
        inputs: one batch, by our names.
    """
    runner = Runner(path)
    return litert(path, runner.names[0], by_names_of_keras(runner, signature, inputs))


def by_names_of_keras(runner: Runner, signature: Signature, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Rename inputs to the names in the only signature of a file that Keras wrote.

    Args:
        runner: runs the file.
        signature: its network, and our names of the inputs.
        inputs: by our names.
    """
    theirs = list(runner.inputs(runner.names[0]))
    by_tensor = {
        tensor.name: inputs[key] for tensor, key in zip(signature.network.inputs, signature.inputs, strict=True)
    }
    if set(theirs) == set(by_tensor):
        return by_tensor
    # Other names (`keras_tensor_4`, `args_0`) are numbered in input order.
    numbered = sorted(theirs, key=lambda key: (len(key), key))
    return dict(zip(numbered, (inputs[key] for key in signature.inputs), strict=True))
