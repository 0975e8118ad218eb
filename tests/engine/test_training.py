"""Runs resume exactly, refuse changes that affect training, and stop with an error when they diverge."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import signal
import time
from pathlib import Path

import keras
import numpy as np
import pytest

import aigc_tf
from aigc_tf.engine.distribution import Workers
from aigc_tf.errors import InputError
from aigc_tf.recipes.dcgan import DCGAN
from aigc_tf.recipes.dcgan64 import DCGAN64
from aigc_tf.recipes.settings import AdamSettings, CheckpointSettings, LoggingSettings, ScheduleSettings
from aigc_tf.references import resolve
from aigc_tf.runs import checkpoints, paths
from aigc_tf.storage.archives import read_arrays
from aigc_tf.storage.files import held

ROOT = Path(__file__).parents[2]
QUIET = LoggingSettings(samples_every=1000, evaluate_every=1000, evaluate_samples=20)


def arrays(run_path: Path, step: int) -> dict[str, np.ndarray]:
    """A checkpoint's variables, without the metadata."""
    with np.load(checkpoints.path_of(run_path / "checkpoints", step), allow_pickle=False) as file:
        return {name: file[name] for name in file.files if name != "metadata.json"}


def assert_same(first: dict[str, np.ndarray], second: dict[str, np.ndarray]) -> None:
    assert first.keys() == second.keys() and len(first) > 30
    different = [name for name in first if not np.array_equal(first[name], second[name])]
    assert not different


@pytest.fixture
def recipe(tiny: DCGAN, pictures: Path) -> DCGAN:
    return dataclasses.replace(tiny, source=str(pictures))


class StopAt(keras.callbacks.Callback):
    """Interrupts a run once, like Ctrl-C."""

    def __init__(self, step: int) -> None:
        super().__init__()
        self.step = step

    def on_train_batch_end(self, batch: int, logs: object = None) -> None:
        self.step -= 1
        if self.step == 0:
            os.kill(os.getpid(), signal.SIGINT)


def test_a_run_that_was_interrupted_ends_like_one_that_was_not(recipe: DCGAN, tmp_path: Path):
    """Weights, optimizer slots, moving average, random states and data order, bit for bit."""
    whole = aigc_tf.train(recipe, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt, match=r"step 4.*--resume"):
        aigc_tf.train(recipe, tmp_path / "parts", callbacks=[StopAt(3)])
    assert checkpoints.steps(tmp_path / "parts" / "checkpoints") == [4]
    resumed = aigc_tf.train(recipe, tmp_path / "parts", resume=True)
    assert whole.step == resumed.step == 6
    assert_same(arrays(whole.path, 6), arrays(resumed.path, 6))
    # Monitoring continues, too, without gaps or repetitions.
    lines = [json.loads(line) for line in (resumed.path / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines if "generator_loss" in line] == [1, 2, 3, 4, 5, 6]
    assert [line["step"] for line in lines if "frechet_distance" in line] == [6]


def test_watching_does_not_change_the_run(recipe: DCGAN, tmp_path: Path):
    plain = aigc_tf.train(recipe, tmp_path / "plain")
    logging = dataclasses.replace(
        recipe.logging,
        samples_every=2,
        evaluate_every=3,
        evaluate_samples=20,
        histograms=True,
        graph=True,
        scalars_every=5,
    )
    watched = aigc_tf.train(dataclasses.replace(recipe, logging=logging), tmp_path / "watched")
    assert_same(arrays(plain.path, 6), arrays(watched.path, 6))
    best = json.loads((watched.path / "checkpoints" / "best.json").read_text())
    assert best["step"] in (3, 6) and best["frechet_distance"] > 0
    assert aigc_tf.Run.open(watched.path, "best").step == best["step"]


def test_another_recipe_is_refused_by_field(recipe: DCGAN, tmp_path: Path):
    aigc_tf.train(dataclasses.replace(recipe, steps=1), tmp_path / "run")
    other = dataclasses.replace(recipe, batch_size=4, generator_optimizer=AdamSettings(learning_rate=0.5))
    with pytest.raises(InputError, match=r"batch_size \(was 8, now 4\), generator_optimizer.learning_rate"):
        aigc_tf.train(other, tmp_path / "run", resume=True)
    longer = dataclasses.replace(recipe, steps=2, seconds=1000.0, checkpoints=CheckpointSettings(keep=1))
    assert aigc_tf.train(longer, tmp_path / "run", resume=True).step == 2


def test_more_steps_are_refused_where_the_schedule_depends_on_them(recipe: DCGAN, tmp_path: Path):
    recipe = dataclasses.replace(recipe, schedule=ScheduleSettings(warmup_steps=0))
    aigc_tf.train(dataclasses.replace(recipe, steps=1), tmp_path / "run")
    with pytest.raises(InputError, match=r"steps \(was 1, now 2\); its schedule depends on the number of steps"):
        aigc_tf.train(dataclasses.replace(recipe, steps=2), tmp_path / "run", resume=True)


def test_other_data_is_refused(recipe: DCGAN, pictures: Path, tmp_path: Path):
    images = np.load(pictures)["images"]
    own = tmp_path / "own.npz"
    np.savez(own, images=images)
    recipe = dataclasses.replace(recipe, source=str(own), steps=1)
    run = aigc_tf.train(recipe, tmp_path / "run")
    np.savez(own, images=255 - images)
    with pytest.raises(InputError, match=r"trained on .*fingerprint"):
        aigc_tf.train(dataclasses.replace(recipe, steps=2), run.path, resume=True)
    with pytest.raises(InputError, match="content has changed"):
        _ = aigc_tf.Run.open(run.path).source


def test_a_folder_that_holds_something_is_never_overwritten(recipe: DCGAN, tmp_path: Path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match=r"already exists.*--resume"):
        aigc_tf.train(recipe, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_divergence_stops_the_run_and_keeps_the_last_good_checkpoint(recipe: DCGAN, tmp_path: Path):
    class Poison(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: object = None) -> None:
            if batch == 3:
                weight = self.model.discriminator.trainable_variables[0]
                weight.assign(weight * np.nan)

    recipe = dataclasses.replace(recipe, checkpoints=CheckpointSettings(every=2))
    with pytest.raises(checkpoints.NotFiniteError, match=r"not finite since step 5; .* checkpoint is that of step 4"):
        aigc_tf.train(recipe, tmp_path / "run", callbacks=[Poison()])
    assert all(np.isfinite(value).all() for value in arrays(tmp_path / "run", 4).values())


def test_weights_that_are_not_finite_are_not_saved(tiny: DCGAN, tmp_path: Path):
    model = aigc_tf.create(tiny)
    model.generator.trainable_variables[0].assign(model.generator.trainable_variables[0] * np.inf)
    with pytest.raises(checkpoints.NotFiniteError, match="at step 7"):
        checkpoints.save(tmp_path, model.state(), 7, {})
    assert not list(tmp_path.iterdir())


def test_seconds_end_a_run_and_count_only_training(recipe: DCGAN, tmp_path: Path):
    class Slow(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: object = None) -> None:
            time.sleep(0.2)

    recipe = dataclasses.replace(recipe, steps=100_000, seconds=0.1)
    run = aigc_tf.train(recipe, tmp_path / "run", callbacks=[Slow()])
    # Steps take milliseconds: if the sleep or the compilation counted, there would be one or two.
    assert 4 < run.step < 1000
    assert aigc_tf.train(recipe, tmp_path / "run", resume=True).step > run.step  # the time limit is per call


def test_a_run_folder_has_exactly_its_files(recipe: DCGAN, tmp_path: Path):
    run = aigc_tf.train(dataclasses.replace(recipe, checkpoints=CheckpointSettings(every=1, keep=2)), tmp_path / "run")
    names = {path.relative_to(run.path).as_posix() for path in run.path.rglob("*") if path.is_file()}
    events = {name for name in names if "/events.out.tfevents" in name}
    previews, scalars = sorted(events)
    assert previews == f"tensorboard/{paths.PREVIEW_EVENTS.format(step=6)}" and scalars.startswith("tensorboard/")
    assert names - events == {
        *(".lock", "recipe.json", "source.json", "environment.json", "metrics.jsonl", "README.md"),
        *("checkpoints/best.json", "checkpoints/step-00000005.npz", "checkpoints/step-00000006.npz"),
        *("samples/samples-00000006.png", "samples/interpolation-00000006.png"),
    }


def test_damaged_and_foreign_checkpoints_are_refused(recipe: DCGAN, tmp_path: Path):
    run = aigc_tf.train(recipe, tmp_path / "run")
    path = checkpoints.path_of(run.path / "checkpoints", 6)
    content = path.read_bytes()
    flipped = bytearray(content)
    flipped[len(content) // 2] ^= 1
    for damaged in (content[: len(content) // 2], bytes(flipped)):
        path.write_bytes(damaged)
        with pytest.raises(InputError, match=r"all checkpoints in .* are damaged"):
            aigc_tf.Run.open(run.path)
        with pytest.raises(InputError, match="not a readable checkpoint"):
            checkpoints.restore(path, run.model.state())
    state = aigc_tf.create(recipe).state()
    (name,) = [name for name in state if name.startswith("generator_optimizer") and name.endswith("iteration")]
    partial = {key: value for key, value in state.items() if key != name}
    checkpoints.save(tmp_path, partial, 1, {})
    with pytest.raises(InputError, match=re.escape(name)):
        checkpoints.restore(checkpoints.path_of(tmp_path, 1), state)


def test_a_reopened_run_generates_what_the_trained_one_did(recipe: DCGAN, tmp_path: Path):
    run = aigc_tf.train(recipe, tmp_path / "run")
    np.testing.assert_array_equal(aigc_tf.Run.open(run.path).generate(5, seed=2), run.generate(5, seed=2))


def test_data_from_python(recipe: DCGAN, pictures: Path, tmp_path: Path):
    images = np.load(pictures)["images"]
    run = aigc_tf.train(recipe, tmp_path / "run", data=images)
    assert run.step == 6
    assert len(run.source.train.images) + len(run.source.test.images) == len(images)
    with pytest.raises(InputError, match="data given from Python"):
        aigc_tf.Run.open(run.path).evaluate()
    longer = dataclasses.replace(recipe, steps=7)
    assert aigc_tf.train(longer, run.path, resume=True, data=images).step == 7


def no_figure(*_: object) -> float:
    raise InputError("too few examples: give more")


@pytest.mark.parametrize("folder_is_there", [False, True])
def test_a_run_that_is_refused_before_it_learns_leaves_no_folder(
    folder_is_there: bool, recipe: DCGAN, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """If the model cannot be created, or the quality cannot be evaluated."""
    measured = dataclasses.replace(recipe, logging=dataclasses.replace(recipe.logging, evaluate_every=1))
    monkeypatch.setattr(resolve(DCGAN.chooses), "value", no_figure)
    for refused, message in (
        (dataclasses.replace(recipe, freeze=("nothing/*",)), "no layer has such a name"),
        (measured, "too few examples"),
    ):
        if folder_is_there:
            (tmp_path / "run").mkdir()
        with pytest.raises(InputError, match=message):
            aigc_tf.train(refused, tmp_path / "run")
        assert not (tmp_path / "run").exists()
    aigc_tf.train(recipe, tmp_path / "run")


def test_a_batch_of_one_is_refused_where_the_latent_would_be_lost(recipe: DCGAN, tmp_path: Path):
    """Batch normalisation of one example gives its shift, for any latent."""
    model = aigc_tf.create(recipe)
    one, other = np.random.default_rng(0).normal(size=(2, 1, recipe.latent_dim)).astype(np.float32)
    np.testing.assert_array_equal(model.generator(one, training=True), model.generator(other, training=True))
    with pytest.raises(InputError, match=r"batch_size is 1, and batch normalization \(normalisation_\w+\) of a single"):
        aigc_tf.train(dataclasses.replace(recipe, batch_size=1), tmp_path / "run")


def test_a_batch_of_one_is_taken_where_there_are_pixels_to_average(pictures: Path, tmp_path: Path):
    recipe = dataclasses.replace(DCGAN64.tiny(), source=str(pictures), batch_size=1, steps=1, logging=QUIET)
    assert aigc_tf.train(recipe, tmp_path / "run").step == 1


def test_a_run_that_learnt_something_keeps_its_folder_when_it_is_refused(
    recipe: DCGAN, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    logging = dataclasses.replace(recipe.logging, evaluate_every=2)
    recipe = dataclasses.replace(recipe, logging=logging, checkpoints=CheckpointSettings(every=1))
    figures = iter([1.0])  # before the first step; then exhausted
    monkeypatch.setattr(resolve(DCGAN.chooses), "value", lambda *_: next(figures, None) or no_figure())
    with pytest.raises(InputError, match="too few examples"):
        aigc_tf.train(recipe, tmp_path / "run")
    assert checkpoints.steps(tmp_path / "run" / "checkpoints") == [1]


@pytest.mark.parametrize("left", [(".lock",), ("recipe.json.0123abcd.partial",), (".lock", "recipe.json.9.partial")])
def test_a_run_that_was_killed_in_its_first_write_begins_again(left: tuple[str, ...], recipe: DCGAN, tmp_path: Path):
    (tmp_path / "run").mkdir()
    for name in left:
        (tmp_path / "run" / name).write_text("half")
    run = aigc_tf.train(dataclasses.replace(recipe, steps=1), tmp_path / "run")
    assert run.step == 1 and not list(run.path.rglob("*.partial"))


def test_partial_files_of_others_are_no_leftovers(recipe: DCGAN, tmp_path: Path):
    (tmp_path / "film.partial").write_text("mine")
    with pytest.raises(InputError, match="already exists"):
        aigc_tf.train(recipe, tmp_path)
    assert (tmp_path / "film.partial").read_text() == "mine"


def test_what_needs_no_source_is_refused_before_it_is_opened(
    recipe: DCGAN, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    run = aigc_tf.train(dataclasses.replace(recipe, steps=1), tmp_path / "run")

    def open_source(*_: object) -> None:
        raise AssertionError("the source is opened")

    monkeypatch.setattr("aigc_tf.engine.training.open_source", open_source)
    with pytest.raises(InputError, match="already exists"):
        aigc_tf.train(recipe, run.path)
    with pytest.raises(InputError, match="not a run folder"):
        aigc_tf.train(recipe, tmp_path / "nothing", resume=True)
    with pytest.raises(InputError, match="batch_size"):
        aigc_tf.train(dataclasses.replace(recipe, batch_size=4), run.path, resume=True)
    with held(run.path), pytest.raises(InputError, match="in use by"):
        aigc_tf.train(recipe, run.path, resume=True)
    checkpoints.path_of(run.path / "checkpoints", 1).write_bytes(b"")
    with pytest.raises(InputError, match="all its checkpoints are damaged"):
        aigc_tf.train(recipe, run.path, resume=True)


def test_resuming_reads_the_arrays_of_a_checkpoint_once(recipe: DCGAN, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    run = aigc_tf.train(dataclasses.replace(recipe, steps=1), tmp_path / "run")
    read: list[object] = []

    def counted(path: Path, only: str | None = None) -> dict[str, np.ndarray]:
        read.append(only)
        return read_arrays(path, only)

    monkeypatch.setattr(checkpoints, "read_arrays", counted)
    aigc_tf.train(dataclasses.replace(recipe, steps=2), run.path, resume=True)
    assert read.count(None) == 1 and set(read) == {"metadata.json", None}


def test_a_fault_before_the_first_step_is_not_hidden_by_the_progress_line(
    recipe: DCGAN, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The progress line is closed although it never started."""

    def batches(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Workers, "batches", batches)
    with pytest.raises(ZeroDivisionError):
        aigc_tf.train(recipe, tmp_path / "run")
