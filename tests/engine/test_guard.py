"""The guard detects mode collapse and divergence, and reacts according to the recipe."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import aigc_tf
from aigc_tf.engine.guard import reseed, spread
from aigc_tf.families.gan.model import GAN
from aigc_tf.families.state import random_states
from aigc_tf.metrics.evaluator import Chooser
from aigc_tf.recipes.dcgan import DCGAN
from aigc_tf.recipes.gans import GuardSettings
from aigc_tf.recipes.settings import MAX_SEED, AdamSettings, LoggingSettings
from aigc_tf.runs import checkpoints

EVERY = 10


@pytest.fixture
def recipe(tiny: DCGAN, pictures: Path) -> DCGAN:
    logging = LoggingSettings(scalars_every=1, samples_every=1000, evaluate_every=EVERY, evaluate_samples=50)
    return dataclasses.replace(tiny, source=str(pictures), steps=60, logging=logging)


def absurd(recipe: DCGAN, **guard: Any) -> DCGAN:
    """A generator learning rate that causes mode collapse within a few steps."""
    return dataclasses.replace(
        recipe,
        generator_optimizer=AdamSettings(learning_rate=0.1, beta_1=0.5),
        discriminator_optimizer=AdamSettings(learning_rate=1e-4, beta_1=0.5),
        guard=GuardSettings(**guard),
    )


def share_of_spread(run: aigc_tf.Run) -> float:
    return spread(run.generate(100)) / spread(run.source.test.images / 255)


def rate(run: aigc_tf.Run) -> float:
    return float(run.model.optimizers["generator_optimizer"].learning_rate)


def test_spread_is_the_deviation_between_images():
    assert spread(np.zeros((5, 4, 4, 1))) == 0
    images = np.zeros((2, 2, 2, 1))
    images[1] = 1.0  # each pixel is 0 or 1: deviation 1/2
    assert spread(images) == 0.5
    images[1, 0] = 0.0  # half of the pixels are equal
    assert spread(images) == pytest.approx(np.sqrt(1 / 8))


def test_a_collapse_is_rolled_back_and_the_run_is_saved(
    recipe: DCGAN, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    collapsed = aigc_tf.train(absurd(recipe, action="warn"), tmp_path / "collapsed")
    assert share_of_spread(collapsed) < 0.2
    assert "samples spread" in capsys.readouterr().err and collapsed.step == 60
    events = EventAccumulator(str(collapsed.path / "tensorboard"), size_guidance={"tensors": 0}).Reload()
    shares, troubles = events.Tensors("guard/spread_share"), events.Tensors("guard/trouble")
    assert [share.step for share in shares] == [10, 20, 30, 40, 50, 60]
    assert float(tf.make_ndarray(shares[-1].tensor_proto)) < 0.2
    assert troubles[-1].step == 60
    assert b"samples spread 0." in tf.make_ndarray(troubles[-1].tensor_proto).item()
    saved = aigc_tf.train(absurd(recipe, action="roll_back", rate_factor=0.01), tmp_path / "saved")
    said = capsys.readouterr().err
    assert "with 0.01 of the learning rates (1 of 3 times)" in said
    assert share_of_spread(saved) > 0.2 and saved.step == 60
    assert rate(saved) == pytest.approx(1e-3)
    # The bad states before were never recorded as the best.
    assert checkpoints.best_step(saved.path / "checkpoints") is not None
    assert share_of_spread(aigc_tf.Run.open(saved.path, "best")) > 0.2


def test_it_rolls_back_no_more_often_than_it_may(recipe: DCGAN, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    guard = GuardSettings(action="roll_back", least_spread=1.0, rollbacks=1)
    run = aigc_tf.train(dataclasses.replace(recipe, guard=guard), tmp_path / "run")
    said = capsys.readouterr().err
    assert said.count("starting again from new weights, with 0.5 of the learning rates (1 of 1 times)") == 1
    assert run.step == 2 * EVERY and "stopping, as the recipe's guard says" in said
    assert checkpoints.steps(run.path / "checkpoints")[-1] == run.step


def test_the_largest_seed_has_one_after_it(recipe: DCGAN, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    guard = GuardSettings(action="roll_back", least_spread=0.0)
    recipe = dataclasses.replace(recipe, seed=MAX_SEED, guard=guard, steps=3)
    assert aigc_tf.train(recipe, tmp_path / "run", callbacks=[Spoil(2)]).step == 3
    assert "starting again from new weights" in capsys.readouterr().err


def test_a_roll_back_goes_to_the_best_checkpoint_with_other_random_numbers(
    recipe: DCGAN, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """Non-finite losses after the best checkpoint at step 10."""
    seen: dict[int, dict[str, np.ndarray]] = {}

    class Spoil(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            if batch + 1 == 13:
                self.model.generator.trainable_variables[0].assign(
                    np.full_like(self.model.generator.trainable_variables[0].numpy(), np.nan)
                )
            if batch + 1 in (10, 14):
                seen[batch + 1] = {name: value.numpy() for name, value in self.model.state().items()}

    guard = GuardSettings(action="roll_back", least_spread=0.0, rate_factor=0.5)
    run = aigc_tf.train(dataclasses.replace(recipe, guard=guard, steps=20), tmp_path / "run", callbacks=[Spoil()])
    assert "not finite; going back to step 10, with 0.5 of the learning rates (1 of 3 times)" in capsys.readouterr().err
    assert run.step == 20 and rate(run) == pytest.approx(0.5 * recipe.generator_optimizer.learning_rate)
    changed = {name for name, value in seen[10].items() if not np.array_equal(value, seen[14][name])}
    streams = set(random_states(run.model))
    assert changed & streams and all("learning_rate" in name for name in changed - streams)
    assert all(np.isfinite(value.numpy()).all() for value in run.model.state().values())


class Spoil(keras.callbacks.Callback):
    """Sets a generator weight to NaN before given steps, counted from 1."""

    def __init__(self, *steps: int) -> None:
        super().__init__()
        self.steps = steps

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        if batch + 1 in self.steps:
            weights = self.model.generator.trainable_variables[0]
            weights.assign(np.full_like(weights.numpy(), np.nan))


def metrics(path: Path) -> list[dict[str, float]]:
    """The lines of a run's metrics.jsonl, which must be strict JSON, without NaN."""

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    return [json.loads(line, parse_constant=refuse) for line in (path / "metrics.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("guard", [{"action": "warn"}, {"action": "stop"}, {"action": "roll_back", "rollbacks": 0}])
def test_without_roll_back_losses_that_are_not_finite_are_an_error(
    recipe: DCGAN, tmp_path: Path, guard: dict[str, Any]
):
    recipe = dataclasses.replace(recipe, guard=GuardSettings(**guard, least_spread=0.0))
    with pytest.raises(checkpoints.NotFiniteError):
        aigc_tf.train(recipe, tmp_path / "run", callbacks=[Spoil(3)])
    assert [line["step"] for line in metrics(tmp_path / "run")] == [0, 1, 2]


@pytest.mark.parametrize(("scalars_every", "steps"), [(1, [1, 2, 4, 5, 7, 8]), (2, [2, 4, 8])])
def test_what_is_logged_has_nothing_of_states_that_were_given_up(
    recipe: DCGAN, tmp_path: Path, scalars_every: int, steps: list[int]
):
    """After non-finite losses at steps 3 and 6; a window that ends with such a step is skipped."""
    logging = dataclasses.replace(recipe.logging, scalars_every=scalars_every, evaluate_every=1000)
    guard = GuardSettings(action="roll_back", least_spread=0.0)
    recipe = dataclasses.replace(recipe, guard=guard, logging=logging, steps=8)
    run = aigc_tf.train(recipe, tmp_path / "run", callbacks=[Spoil(3, 6)])
    assert [line["step"] for line in metrics(run.path) if "generator_loss" in line] == steps
    events = EventAccumulator(str(run.path / "tensorboard"), size_guidance={"tensors": 0}).Reload()
    losses = events.Tensors("training/generator_loss")
    assert [loss.step for loss in losses] == steps
    assert all(np.isfinite(tf.make_ndarray(loss.tensor_proto)) for loss in losses)


@pytest.mark.parametrize(
    ("loss", "answer", "wins"),
    [
        ("non_saturating", 5.0, True),
        ("hinge", 0.1, True),
        ("hinge", -0.1, False),
        ("least_squares", 0.6, True),
        ("least_squares", 0.4, False),
        ("wasserstein", 5.0, False),
    ],
)
def test_a_discriminator_that_always_wins_stops_the_run(
    recipe: DCGAN,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    loss: Any,
    answer: float,
    wins: bool,
):
    """Its logit is `answer` for all real images, and the negative for all generated ones."""
    answers = GAN.answers

    def sure(model: GAN, real_logits: tf.Tensor, fake_logits: tf.Tensor) -> dict[str, tf.Tensor]:
        return answers(model, tf.fill(real_logits.shape, answer), tf.fill(fake_logits.shape, -answer))

    monkeypatch.setattr(GAN, "answers", sure)
    guard = GuardSettings(action="stop", pinned_steps=4, least_spread=0.0)
    recipe = dataclasses.replace(recipe, loss=loss, guard=guard, spectral_normalisation=True, steps=6)
    assert aigc_tf.train(recipe, tmp_path / "run").step == (4 if wins else 6)
    assert ("right with probability over 0.99 for 4 steps" in capsys.readouterr().err) == wins


def test_a_model_says_what_troubles_it(
    recipe: DCGAN, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def troubles(model: GAN, logs: dict[str, Any], watched: dict[str, float]) -> list[str]:
        watched["steps"] = watched.get("steps", 0) + 1
        return ["it is the third step"] if watched["steps"] == 3 and "generator_loss" in logs else []

    monkeypatch.setattr(GAN, "troubles", troubles)
    guard = GuardSettings(action="stop", least_spread=0.0)
    run = aigc_tf.train(dataclasses.replace(recipe, guard=guard, steps=6), tmp_path / "run")
    assert run.step == 3 and "step 3: it is the third step; stopping" in capsys.readouterr().err


class Given(Chooser):
    """A chooser that returns given figures in order."""

    name = "figure"
    figures: Iterator[float]

    def value(self, *_: object) -> float:
        return next(self.figures)


def test_quality_that_becomes_worse_and_worse_stops_the_run(
    recipe: DCGAN, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    figures = iter([9.0, 5.0, 6.0, 4.0, 5.0, 6.0, 7.0])  # the first before training, the last at the end
    monkeypatch.setattr(DCGAN, "chooses", f"{__name__}:Given")
    monkeypatch.setattr(Given, "figures", figures, raising=False)
    logging = dataclasses.replace(recipe.logging, evaluate_every=2)
    guard = GuardSettings(action="stop", rises=2, least_spread=0.0)
    run = aigc_tf.train(dataclasses.replace(recipe, guard=guard, logging=logging), tmp_path / "run")
    # 5, 6, 4, 5, 6: the second consecutive rise is that of step 10, detected at the next step.
    assert run.step == 11 and "figure rose 2 times in a row, to 6.0" in capsys.readouterr().err


def test_a_run_that_was_interrupted_rolls_back_like_one_that_was_not(recipe: DCGAN, tmp_path: Path):
    """Interrupted between the steps of the guard's window, and after a rollback."""

    class Interrupt(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            if batch + 1 == 17:
                os.kill(os.getpid(), signal.SIGINT)

    guard = GuardSettings(action="roll_back", pinned_probability=0.0, pinned_steps=12, least_spread=0.0, rollbacks=9)
    logging = dataclasses.replace(recipe.logging, evaluate_every=1000)
    recipe = dataclasses.replace(recipe, guard=guard, steps=30, logging=logging)
    whole = aigc_tf.train(recipe, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        aigc_tf.train(recipe, tmp_path / "parts", callbacks=[Interrupt()])
    parts = aigc_tf.train(recipe, tmp_path / "parts", resume=True)
    first, second = whole.model.state(), parts.model.state()
    assert all(np.array_equal(first[name].numpy(), second[name].numpy()) for name in first)
    assert rate(whole) == pytest.approx(0.25 * recipe.generator_optimizer.learning_rate)


def test_reseeded_streams_differ_by_count():
    model = keras.Sequential([keras.layers.Dropout(0.5, seed=1), keras.layers.Dropout(0.5, seed=2)])
    states = [layer.seed_generator.state for layer in model.layers]
    found = []
    for count in (1, 2, 1):
        reseed(states, 0, count)
        found.append(np.stack([state.numpy() for state in states]))
    assert np.array_equal(found[0], found[2]) and not np.array_equal(found[0], found[1])
    assert not np.array_equal(found[0][0], found[0][1])
