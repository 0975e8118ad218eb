"""The transformer against nanoGPT's CPU setting: time per step, and held-out loss after the same time."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tqdm import tqdm

import aigc_tf
from aigc_tf.data.text.opening import open_source
from aigc_tf.data.text.source import TextSource
from aigc_tf.errors import say
from aigc_tf.metrics.text.likelihood import held_out_nats
from aigc_tf.recipes.gpt import GPT
from aigc_tf.recipes.text import TextSettings
from tools.benchmarks.readings import quiet
from tools.benchmarks.rival import Rival

STEPS = 2000  # nanoGPT's CPU setting
STEPS_A_ROUND = 20
HELD_OUT_BATCHES = 2000  # random batches for nanoGPT: about all of 1 MB


def against_nanogpt(python: Path, source_name: str, rounds: int, seed: int) -> dict[str, Any]:
    """Milliseconds per step at the same sizes, timed alternately; then both train for the time that nanoGPT takes.

    Args:
        python: Python interpreter with torch and numpy.
        source_name: text source.
        rounds: rounds of 20 steps each, for the time per step.
        seed: random seed of both.
    """
    same_size = GPT(source=source_name, seed=seed, text=TextSettings(length=64), batch_size=12, positions="learned")
    source = open_source(same_size)
    with tempfile.TemporaryDirectory() as folder:
        rival = nanogpt(python, source, Path(folder), seed)
        try:
            ours = _stepper(same_size, source)
            milliseconds: dict[str, list[float]] = {"nanoGPT, PyTorch eager": [], "gpt, the same sizes": []}
            seconds = 0.0
            for round_ in tqdm(range(rounds + 1), unit="round"):
                answers = (rival.ask(steps=STEPS_A_ROUND)["seconds"], ours(STEPS_A_ROUND))
                seconds += answers[0]
                if round_:  # the first compiles
                    for values, seconds in zip(milliseconds.values(), answers, strict=True):
                        values.append(1000 * seconds / STEPS_A_ROUND)
            medians = {name: statistics.median(values) for name, values in milliseconds.items()}
            for begun in tqdm(range((rounds + 1) * STEPS_A_ROUND, STEPS, STEPS_A_ROUND), unit=f"{STEPS_A_ROUND} steps"):
                seconds += rival.ask(steps=min(STEPS_A_ROUND, STEPS - begun))["seconds"]
            their_loss = rival.ask(loss=HELD_OUT_BATCHES)["loss"]
        finally:
            rival.close()
    say(f"nanoGPT: {STEPS} steps in {seconds:.0f} s, {their_loss:.3f} nats per token")
    ours_loss, steps = trained_for(GPT(source=source_name, seed=seed), seconds)
    return {
        "source": source_name,
        "torch": rival.version,
        "milliseconds": medians,
        "times_faster": medians["nanoGPT, PyTorch eager"] / medians["gpt, the same sizes"],
        "seconds": seconds,
        "nats_per_symbol": {f"nanoGPT, {STEPS} steps": their_loss, f"gpt, {steps} steps": ours_loss},
    }


def nanogpt(python: Path, source: TextSource, folder: Path, seed: int) -> Rival:
    """nanoGPT in a separate process, on the text of a source, which is saved in `folder`."""
    data = folder / "tokens.npz"
    np.savez(data, train=source.train.tokens, test=source.test.tokens, symbols=len(source.vocabulary))
    return Rival(python, "nanogpt.py", data=str(data), seed=seed)


def _stepper(recipe: GPT, source: TextSource) -> Any:
    """A function that runs a number of training steps and returns the seconds."""
    model = aigc_tf.create(recipe, vocabulary=source.vocabulary)
    step = tf.function(model.train_step)
    batches = iter(source.batches(recipe.batch_size, recipe.seed))

    def run(steps: int) -> float:
        began = time.perf_counter()
        for _ in range(steps):
            logs = step(next(batches))
        float(logs["loss"])
        return time.perf_counter() - began

    return run


def trained_for(recipe: GPT, seconds: float) -> tuple[float, int]:
    """Held-out nats per token after `seconds`, with a schedule that ends there, and the number of steps."""
    source = open_source(recipe)
    measure = _stepper(recipe, source)
    measure(5)
    steps = max(100, int(seconds / (measure(40) / 40)))
    recipe = quiet(recipe, steps=steps)
    with tempfile.TemporaryDirectory() as folder:
        run = aigc_tf.train(recipe, Path(folder) / "run")
        nats, _ = held_out_nats(run.model, source, 10**9, "test")
    return float(nats.mean()), run.step
