"""The GAN benchmark measures at its checkpoints, aggregates correctly, and resumes."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from aigc_tf.errors import InputError
from aigc_tf.recipes.dcgan import DCGAN
from tools.benchmarks import gans
from tools.benchmarks.tutorials import tutorial_as_published

ROOT = Path(__file__).parents[2]
MARKS = [8.0, 9.0, 10.0]


def finished(recipe: str, seed: int, distances: list[float], steps: int) -> dict[str, Any]:
    readings = [
        {"seconds": mark, "steps": int(steps * mark / 10), "frechet_distance": d, "precision": 0.5}
        for mark, d in zip(MARKS, distances, strict=True)
    ]
    return {"recipe": recipe, "seed": seed, "shape": [28, 28, 1], "images": 16, "peak_bytes": 10**9 + seed} | {
        "readings": readings
    }


def test_a_row_is_the_median_of_the_seeds_means_over_the_last_fifth():
    runs = [finished("a", 0, [3.0, 4.0, 5.0], 100), finished("a", 1, [1.0, 1.0, 1.0], 120), finished("b", 0, MARKS, 5)]
    runs.append(finished("a", 2, [9.0, 9.0, 9.0], 110))
    (row,) = gans.rows_of(runs, "a", [10.0])
    assert row["frechet_distance"] == 4 and row["recall"] is None and row["precision"] == 0.5
    assert row["images_per_second"] == 176 and row["peak_megabytes"] == 1000 and row["seeds"] == 3
    assert "| a | 10 | 4 |" in gans.table([row])


def test_it_goes_on_where_it_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    made = []

    def train(name: str, seed: int, source: str, samples: int, marks: list[float], processor: bool) -> dict[str, Any]:
        made.append((name, seed))
        return {key: value for key, value in finished(name, seed, MARKS, 5).items() if key not in ("recipe", "seed")}

    monkeypatch.setattr(gans, "in_a_process_of_its_own", train)
    arguments = ([10.0], ["tutorial", "lsgan"], [0], 100, "some", tmp_path / "results.jsonl")
    first = gans.gans(*arguments)
    assert gans.gans(*arguments) == first and [row["recipe"] for row in first] == ["tutorial", "lsgan"]
    assert made == [("tutorial", 0), ("lsgan", 0)]
    gans.gans(*arguments, processor_time=True)  # another clock: no results yet
    assert len(made) == 4
    with pytest.raises(InputError, match="no GAN recipe vae: choose of tutorial, tutorial_loop, cgan, conv_gan"):
        gans.gans([10.0], ["vae"], [0], 100, "some", tmp_path / "results.jsonl")


def test_the_training_ends_when_the_benchmark_is_killed():
    program = (
        "import time; from concurrent.futures import ProcessPoolExecutor; from multiprocessing import get_context\n"
        "from tools.benchmarks.gans import end_with_parent\n"
        "pool = ProcessPoolExecutor(1, mp_context=get_context('spawn'), initializer=end_with_parent)\n"
        "pool.submit(print, 'begun', flush=True).result(); pool.submit(time.sleep, 600).result()"
    )
    with subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "begun\n"
        process.kill()
        process.communicate(timeout=60)  # until all writers have closed the pipe


def by_seed(model: Any, source: Any, recipe: DCGAN, samples: int) -> dict[str, float]:
    """Mock of the evaluation."""
    return {"frechet_distance": float(model.generate(samples).std()), "inception_score": 1.0}


@pytest.mark.parametrize("name", ["dcgan", "tutorial_loop"])
def test_a_recipe_is_trained_and_read(name: str, pictures: Path, monkeypatch: pytest.MonkeyPatch):
    tiny = DCGAN.tiny()
    monkeypatch.setattr("tools.benchmarks.readings.report_of", by_seed)
    monkeypatch.setattr(gans, "DCGAN", lambda **fields: dataclasses.replace(tiny, **fields))
    monkeypatch.setattr(gans, "recipe_classes", lambda: {"dcgan": gans.DCGAN})
    found = gans.measure(name, 0, str(pictures), 5, [0.05, 0.1])
    assert [set(reading) for reading in found["readings"]] == [{"seconds", "steps", "frechet_distance"}] * 2
    assert found["readings"][0]["steps"] > 1 and found["peak_bytes"] > 10**7
    assert found["images"] == (128 if name == "tutorial_loop" else 8)


def test_the_tutorial_as_published():
    """Number of weights: kernels, biases, and four per normalised channel."""
    tutorial = tutorial_as_published(seed=0)
    assert tutorial.batch_size == 256
    dense, normalised, convolutions = 100 * 12544, 4 * (12544 + 128 + 64), 25 * (256 * 128 + 128 * 64 + 64)
    assert tutorial.generator.count_params() == dense + normalised + convolutions == 2_330_944
    assert tutorial.discriminator.count_params() == 25 * 64 + 64 + 25 * 64 * 128 + 128 + 7 * 7 * 128 + 1
    images = tf.random.uniform((4, 28, 28, 1), -1, 1)
    before = [weight.numpy() for weight in tutorial.generator.trainable_variables]
    assert all(np.isfinite(loss) for loss in tutorial.step(images))
    assert all(
        (weight.numpy() != old).any()
        for weight, old in zip(tutorial.generator.trainable_variables, before, strict=True)
    )
