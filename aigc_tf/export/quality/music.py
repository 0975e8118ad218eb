"""What quantizing changes in models of music, measured on the exported file itself."""

from __future__ import annotations

from typing import Any

import numpy as np

from aigc_tf.data.music.source import MusicSource
from aigc_tf.export.quality.change import Call, checked, relative_rise
from aigc_tf.export.runner import Runner
from aigc_tf.families.music.composing import Arrays, Composer, Task
from aigc_tf.families.music.exports import state_shapes
from aigc_tf.families.music.model import MusicModel
from aigc_tf.recipes.music import Music


def music_quality(
    model: MusicModel, source: MusicSource, recipe: Music, runner: Runner, quantize: str
) -> dict[str, dict[str, Any]]:
    """The perplexity of held-out notes before and after quantizing, cell by cell through the cache.

    Of every second piece the highest voice is given.

    Args:
        model: the float networks.
        source: its `watched` part is read: what is refused here is chosen, and test pieces choose nothing.
        recipe: the model's, with `export_limits`.
        runner: of the exported file.
        quantize: `dynamic` or `int8`.

    Raises:
        VerificationError: the perplexity rises by a larger share than the recipe allows.
    """
    window = recipe.music.window
    pieces = source.inputs("validation", recipe.export_limits.pieces)
    cells = np.stack([np.resize(piece.cells, (window, piece.cells.shape[1])) for piece in pieces])
    given = np.zeros(cells.shape, bool)
    given[1::2, :, 0] = cells.shape[2] > 1
    rows = runner.batch("step")
    count = -(-len(cells) // rows) * rows
    tasks = [
        Task(
            np.resize(cells, (count, *cells.shape[1:]))[at : at + rows],
            np.resize(given, (count, *cells.shape[1:]))[at : at + rows],
        )
        for at in range(0, count, rows)
    ]

    def networks(name: str, inputs: Arrays) -> Arrays:
        return model.call_networks(name, inputs)

    def error(call: Call) -> float:
        return perplexity(call, model, tasks)

    calls = checked(networks, lambda name, inputs: runner(name, **inputs))
    allowed = recipe.export_limits.of(quantize)
    return {"step": relative_rise("perplexity of held-out notes", error, calls, quantize, allowed)}


def perplexity(call: Call, model: MusicModel, tasks: list[Task]) -> float:
    """Of the cells of tasks that are not given, each read after those before it.

    Args:
        call: runs `encode`, `step` and `prefill`.
        model: of the networks.
        tasks: with all cells filled in.
    """
    composer = Composer(call, state_shapes(model.networks), model.recipe.music.window, model.networks.feedback)
    total, counted = 0.0, 0
    for task in tasks:

        def read(logits: np.ndarray, step: int, voice: int, task: Task = task) -> np.ndarray:
            nonlocal total, counted
            symbols = task.cells[:, step, voice]
            shifted = logits.astype(np.float64) - logits.max(axis=-1, keepdims=True)
            log_p = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
            asked = ~task.given[:, step, voice]
            total -= float(log_p[asked, symbols[asked]].sum())
            counted += int(asked.sum())
            return symbols

        composer.write(task, read)
    return float(np.exp(total / counted))
