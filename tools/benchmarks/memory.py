"""Memory growth: training for many steps, and sampling and evaluating many images."""

from __future__ import annotations

import dataclasses
import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras
import psutil  # type: ignore[import-untyped]

import aigc_tf
from aigc_tf.cli.sample import sample
from aigc_tf.recipes.dcgan import DCGAN
from aigc_tf.recipes.settings import CheckpointSettings, LoggingSettings

SETTLED = 500  # warm-up steps
LOOKS_PER_SECOND = 50
FEWER = 10  # divisor of the images, for comparison


def memory(steps: int, images: int) -> dict[str, Any]:
    """Growth of the resident memory of a process.

    Args:
        steps: training steps of the tiny DCGAN with latent size 100, and previews, evaluation and checkpoints every
            100 steps.
        images: number of images to sample, to an array and to single files, and to evaluate.

    Returns:
        In bytes and as shares: for training, after `SETTLED` steps and at the end; for the rest, the peaks with a tenth
        of the images and with all.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        watched = Watching()
        often = LoggingSettings(samples_every=100, evaluate_every=100, evaluate_samples=100)
        recipe = dataclasses.replace(
            DCGAN.tiny(), latent_dim=100, steps=steps, logging=often, checkpoints=CheckpointSettings(every=100)
        )
        run = aigc_tf.train(recipe, folder / "run", callbacks=[watched])
        report = {"training": growth(watched.settled, watched.now())}
        work: dict[str, Callable[[int], Any]] = {
            "sampling to .npy": lambda count: sample(run.path, count=count, out=folder / "images.npy"),
            "sampling to files": lambda count: sample(run.path, count=count, out=folder / "images"),
            "evaluation": run.evaluate,
        }
        for what, do in work.items():
            peaks = []
            for count in (images // FEWER, images):
                with peak() as found:
                    do(count)
                peaks.append(found[0])
            report[what] = growth(*peaks)
        files = sum(path.stat().st_size for path in (run.path / "tensorboard").rglob("*") if path.is_file())
    return {"steps": steps, "images": images, "growth": report, "tensorboard_bytes": files}


def growth(before: int, after: int) -> dict[str, float]:
    """Bytes before and after, and the relative growth."""
    return {"before_bytes": before, "after_bytes": after, "share": round((after - before) / before, 4)}


class Watching(keras.callbacks.Callback):
    """Measures memory after the warm-up."""

    def __init__(self) -> None:
        super().__init__()
        self.left = SETTLED
        self.settled = 0

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.left -= 1
        if not self.left:
            self.settled = self.now()

    def now(self) -> int:
        """Resident bytes of this process."""
        return psutil.Process(os.getpid()).memory_info().rss


@contextmanager
def peak() -> Iterator[list[int]]:
    """Peak resident memory within the context, in bytes, as the only item of the list."""
    process, found, ended = psutil.Process(os.getpid()), [0], threading.Event()

    def look() -> None:
        while not ended.wait(1 / LOOKS_PER_SECOND):
            found[0] = max(found[0], process.memory_info().rss)

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield found
    finally:
        ended.set()
        watcher.join()


def table(report: dict[str, Any]) -> str:
    """The report for docs/RESULTS.md."""
    from tools.benchmarks.tables import markdown

    rows = [
        (what, round(found["before_bytes"] / 1e6), round(found["after_bytes"] / 1e6), f"{found['share']:+.1%}")
        for what, found in report["growth"].items()
    ]
    notes = (
        f"Training: after {SETTLED} steps and after {report['steps']:,}; the rest: the peak with "
        f"{report['images'] // FEWER:,} images and with {report['images']:,}. "
        f"TensorBoard's files: {report['tensorboard_bytes'] / 1e6:.1f} MB."
    )
    return f"{markdown(('work', 'MB', 'MB', 'growth'), rows)}\n\n{notes}"
