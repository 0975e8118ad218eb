"""The final quality of a run is evaluated, shown and recorded, and is never that of the untrained network."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import signal
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import aigc_tf
from aigc_tf.errors import InputError
from aigc_tf.families.gan.model import GAN
from aigc_tf.metrics.evaluator import Chooser
from aigc_tf.recipes.dcgan import DCGAN
from aigc_tf.runs import checkpoints

STEPS = 6


class Darkness(Chooser):
    """A fast quality figure; not available for zero images."""

    name = "darkness"

    def value(self, model: GAN, source: object, recipe: DCGAN, samples: int, part: str) -> float:
        if samples == 1:
            raise InputError("samples is 1: too few")
        return 1e4 * float(1 - model.generate(samples).mean())


@pytest.fixture
def recipe(tiny: DCGAN, pictures: Path, monkeypatch: pytest.MonkeyPatch) -> DCGAN:
    monkeypatch.setattr(DCGAN, "chooses", f"{__name__}:Darkness")
    return dataclasses.replace(tiny, source=str(pictures), steps=STEPS)


def often(recipe: DCGAN, every: int, samples: int = 20) -> DCGAN:
    """The recipe, evaluated every `steps` steps."""
    logging = dataclasses.replace(recipe.logging, evaluate_every=every, evaluate_samples=samples)
    return dataclasses.replace(recipe, logging=logging)


def measured(run_path: Path) -> dict[int, float]:
    lines = [json.loads(line) for line in (run_path / "metrics.jsonl").read_text().splitlines()]
    found = [(line["step"], line["darkness"]) for line in lines if "darkness" in line]
    assert len(dict(found)) == len(found), "measured twice"
    return dict(found)


def shown_in_tensorboard(run_path: Path) -> list[int]:
    events = EventAccumulator(str(run_path / "tensorboard"), size_guidance={"tensors": 0}).Reload()
    tag = "quality/darkness"
    return [event.step for event in events.Tensors(tag)] if tag in events.Tags()["tensors"] else []


class End(keras.callbacks.Callback):
    """Ends training after a number of steps, like a user's callback or Ctrl-C."""

    def __init__(self, after: int, by_signal: bool = False) -> None:
        super().__init__()
        self.after, self.by_signal = after, by_signal

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if batch + 1 == self.after:
            if self.by_signal:
                os.kill(os.getpid(), signal.SIGINT)
            else:
                self.model.stop_training = True


@pytest.mark.parametrize(("every", "steps"), [(100, [STEPS]), (4, [0, 4, STEPS]), (3, [0, 3, STEPS])])
def test_every_run_is_measured_at_its_end_once(
    every: int, steps: list[int], recipe: DCGAN, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ending before, after and at its first evaluation."""
    run = aigc_tf.train(often(recipe, every), tmp_path / "run")
    figures = measured(run.path)
    assert list(figures) == steps
    last = Darkness().value(run.model, None, run.recipe, 20, "train")
    assert figures[STEPS] == run.progress.quality["darkness"] == last
    assert re.findall(r"darkness ([\d.]+)", capsys.readouterr().err)[-1] == f"{last:.1f}"
    assert shown_in_tensorboard(run.path) == [step for step in steps if step]
    trained = {step: figure for step, figure in figures.items() if step}
    best = min(trained, key=lambda step: trained[step])
    assert run.progress.best == {"step": best, "darkness": figures[best]}
    assert aigc_tf.Run.open(run.path, "best").step == best
    _, metadata = checkpoints.read(checkpoints.path_of(run.path / "checkpoints", STEPS))
    assert metadata["quality"] == {"darkness": last} and metadata["best"] == run.progress.best


@pytest.mark.parametrize("every", [100, 4])
def test_the_end_is_measured_whatever_ends_training(every: int, recipe: DCGAN, tmp_path: Path) -> None:
    run = aigc_tf.train(often(recipe, every), tmp_path / "run", callbacks=[End(3)])
    assert run.step == 3 and measured(run.path)[3] == run.progress.quality["darkness"]
    _, metadata = checkpoints.read(checkpoints.path_of(run.path / "checkpoints", 3))
    assert metadata["quality"] == run.progress.quality
    other = dataclasses.replace(often(recipe, every), steps=100_000, seconds=0.01)
    run = aigc_tf.train(other, tmp_path / "seconds")
    assert max(measured(run.path)) == run.step > 0


def test_an_interrupted_run_shows_no_figure_of_the_untrained_network(
    recipe: DCGAN, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is not evaluated when interrupted, which could take long, and after resuming ends like an undisturbed run."""
    recipe = often(recipe, 5)
    with pytest.raises(KeyboardInterrupt):
        aigc_tf.train(recipe, tmp_path / "parts", callbacks=[End(2, by_signal=True)])
    assert list(measured(tmp_path / "parts")) == [0] and shown_in_tensorboard(tmp_path / "parts") == []
    assert "darkness" not in capsys.readouterr().err
    assert checkpoints.read(checkpoints.path_of(tmp_path / "parts" / "checkpoints", 3))[1]["quality"] == {}
    parts = aigc_tf.train(recipe, tmp_path / "parts", resume=True)
    whole = aigc_tf.train(recipe, tmp_path / "whole")
    assert measured(parts.path) == measured(whole.path) and parts.progress.best == whole.progress.best
    first, second = whole.model.state(), parts.model.state()
    assert all(np.array_equal(first[name].numpy(), second[name].numpy()) for name in first)


def test_what_cannot_be_measured_in_the_end_is_said_and_nothing_is_lost(
    recipe: DCGAN, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = aigc_tf.train(often(recipe, 100, samples=1), tmp_path / "run")
    assert "warning: the quality is not measured: samples is 1: too few" in capsys.readouterr().err
    assert aigc_tf.Run.open(run.path).step == STEPS and run.progress.quality == {}
    with pytest.raises(InputError, match="too few"):  # immediately
        aigc_tf.train(often(recipe, 2, samples=1), tmp_path / "early")
