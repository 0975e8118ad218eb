"""Speed-up of training with two workers of one thread each over one worker with one thread."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from tools.benchmarks.tables import markdown

NEVER = 10**9
LEFT_OUT = 3  # untimed first steps: they compile, and warm caches


def scaling(workers: int, batch_size: int, steps: int, rounds: int) -> dict[str, Any]:
    """Images per second of both, alternately, each time in new processes.

    Args:
        workers: number of workers, each with one thread.
        batch_size: images per step, of all workers together.
        steps: steps per training run.
        rounds: training runs of each.

    Returns:
        Images per second of each training run, the ratio of medians, and whether all workers end bitwise identical.
    """
    speeds: dict[int, list[float]] = {1: [], workers: []}
    identical = True
    for _ in range(rounds):
        for count, found in speeds.items():
            reports = trained(count, batch_size, steps)
            found.append(reports[0]["images_per_second"])
            identical &= len({report["state"] for report in reports}) == 1
    ratio = median(speeds[workers]) / median(speeds[1])
    return {
        "workers": workers,
        "batch_size": batch_size,
        "images_per_second": {str(count): found for count, found in speeds.items()},
        "ratio": ratio,
        "identical_weights": identical,
    }


def trained(workers: int, batch_size: int, steps: int) -> list[dict[str, Any]]:
    """Reports of the workers of a training run, the chief first."""
    with tempfile.TemporaryDirectory() as name:
        work = [sys.executable, "-m", __name__, name, str(batch_size), str(steps)]
        launch = [sys.executable, "-m", "tools.launch_local", "--workers", str(workers), "--threads", "1", "--", *work]
        done = subprocess.run(launch, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{workers} workers ended with status {done.returncode}: {done.stderr}")
        return [json.loads(Path(name, f"worker-{number}.json").read_text()) for number in range(workers)]


def work(folder: Path, batch_size: int, steps: int) -> None:
    """Train a DCGAN as one of the workers of TF_CONFIG, or as the only one, and write a report."""
    import keras
    import numpy as np

    import aigc_tf
    from aigc_tf.engine.distribution import Strategy
    from aigc_tf.recipes.settings import CheckpointSettings, LoggingSettings

    class Ends(keras.callbacks.Callback):
        """End times of the steps, callbacks included."""

        def on_train_begin(self, logs: Any = None) -> None:
            self.seconds: list[float] = []

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            self.seconds.append(time.perf_counter())

    config, ends = json.loads(os.environ["TF_CONFIG"]), Ends()
    several = len(config["cluster"]["worker"]) > 1
    recipe = dataclasses.replace(
        aigc_tf.recipes.DCGAN(),
        source="fashion_mnist_10k",
        batch_size=batch_size,
        steps=steps,
        logging=LoggingSettings(scalars_every=NEVER, samples_every=NEVER, evaluate_every=NEVER),
        checkpoints=CheckpointSettings(every=NEVER),
    )
    strategy: Strategy = "multi_worker" if several else "one"
    run = aigc_tf.train(recipe, folder / "run", callbacks=[ends], strategy=strategy)
    state = hashlib.sha256(b"".join(variable.numpy().tobytes() for variable in run.model.state().values()))
    took = np.median(np.diff(ends.seconds)[LEFT_OUT:])
    report = {"state": state.hexdigest(), "images_per_second": batch_size / took}
    (folder / f"worker-{config['task']['index']}.json").write_text(json.dumps(report))


def table(report: dict[str, Any]) -> str:
    """The report as Markdown."""
    head = ("workers with one thread each", "images/s, median", "of each training")
    rows = [
        (count, median(found), ", ".join(f"{speed:.1f}" for speed in found))
        for count, found in report["images_per_second"].items()
    ]
    same = "the same weights" if report["identical_weights"] else "DIFFERENT weights"
    facts = f"{report['batch_size']} images per step, ratio {report['ratio']:.2f}, all workers ended with {same}"
    return f"{markdown(head, rows)}\n\n{facts}"


if __name__ == "__main__":
    work(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
