"""What every recipe must do, found by iteration: train, resume, generate, evaluate, export."""

from __future__ import annotations

import dataclasses
import json
import re
import subprocess
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest

import aigc_tf
from aigc_tf.export import check_saved_model, verify
from aigc_tf.recipes.base import Recipe
from aigc_tf.recipes.registry import recipe_classes
from aigc_tf.recipes.settings import LoggingSettings
from aigc_tf.references import resolve
from aigc_tf.runs import checkpoints, paths

ROOT = Path(__file__).parent.parent
RECIPES = recipe_classes()


@pytest.fixture(scope="module", params=RECIPES)
def recipe(request: pytest.FixtureRequest) -> Recipe:
    """A tiny version of each recipe."""
    logging = LoggingSettings(evaluate_every=2, evaluate_samples=100, samples_every=2, scalars_every=1)
    return dataclasses.replace(RECIPES[request.param].tiny(), steps=4, logging=logging)


@pytest.fixture(scope="module")
def run(recipe: Recipe, tmp_path_factory: pytest.TempPathFactory) -> aigc_tf.Run:
    return aigc_tf.train(recipe, tmp_path_factory.mktemp(recipe.slug()) / "a run")


def test_has_a_trainer_that_says_how_long_and_how_good(recipe: Recipe):
    text = (ROOT / "trainers" / f"{recipe.slug()}.py").read_text()
    assert f"python -m trainers.{recipe.slug()}" in text
    assert re.search(r"expected .*: .*\d", text), "the docstring names the figure to expect"
    assert f"train_command({type(recipe).__name__})" in text


def test_logs_are_finite_scalars(run: aigc_tf.Run):
    lines = [json.loads(line) for line in (run.path / "metrics.jsonl").read_text().splitlines()]
    assert {line["step"] for line in lines} == {0, 1, 2, 3, 4}
    assert all(np.isfinite(value) for line in lines for value in line.values())
    assert any(resolve(run.recipe.chooses).name in line for line in lines)


def test_tensorboard_shows_losses_quality_pictures_and_the_recipe(run: aigc_tf.Run):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(run.path / "tensorboard"), size_guidance={"tensors": 0}).Reload()
    shown = EventAccumulator(str(run.path / paths.PREVIEW_EVENTS), size_guidance={"tensors": 0}).Reload()
    tags = set(events.Tags()["tensors"])
    assert {f"quality/{resolve(run.recipe.chooses).name}", "training/examples_per_second", "recipe"} <= tags
    assert any(tag.startswith("training/") and tag.endswith("loss") for tag in tags)
    assert set(run.model.previews(run.source)) == set(shown.Tags()["tensors"])
    assert "_hparams_/session_start_info" in events.summary_metadata
    losses = [event.step for event in events.Tensors("training/examples_per_second")]
    assert losses == [2, 3, 4]  # the first step compiles: it has no speed


class StopAt(keras.callbacks.Callback):
    """Ends training at a step, as an interrupt does; a shorter recipe could have another schedule."""

    def __init__(self, step: int) -> None:
        super().__init__()
        self.left = step

    def on_train_batch_end(self, batch: int, logs: object = None) -> None:
        self.left -= 1
        self.model.stop_training = not self.left


def test_resumes_exactly(recipe: Recipe, run: aigc_tf.Run, tmp_path: Path):
    aigc_tf.train(recipe, tmp_path / "parts", callbacks=[StopAt(2)])
    assert checkpoints.steps(tmp_path / "parts" / "checkpoints") == [2]
    resumed = aigc_tf.train(recipe, tmp_path / "parts", resume=True)
    whole, parts = (
        np.load(checkpoints.path_of(path / "checkpoints", 4), allow_pickle=False) for path in (run.path, resumed.path)
    )
    with whole, parts:
        assert set(whole.files) == set(parts.files)
        different = [name for name in whole.files if not np.array_equal(whole[name], parts[name])]
    assert different == ["metadata.json"]  # the clock


def test_every_variable_is_saved(run: aigc_tf.Run):
    """Nothing that a step changes is left out of the state: a restored model makes the same next step."""
    saved = {name: variable.numpy() for name, variable in run.model.state().items()}
    owned = {id(variable) for variable in run.model.state().values()}
    found = [*run.model.variables, *(v for o in run.model.optimizers.values() for v in o.variables)]
    assert {id(variable) for variable in found} == owned
    assert len(saved) == len(owned)


def test_generates_by_seed_alone(run: aigc_tf.Run):
    reopened = aigc_tf.Run.open(run.path)
    assert reopened.recipe == run.recipe
    first = run.generate(3, seed=1)
    assert len(first) == 3
    np.testing.assert_array_equal(reopened.generate(3, seed=1), first)
    assert not np.array_equal(run.generate(3, seed=2), first)


def test_is_measured_with_its_protocol(run: aigc_tf.Run):
    report = run.evaluate(samples=150)
    figures = {key: value for key, value in report.items() if isinstance(value, float)}
    assert figures and all(np.isfinite(value) for value in figures.values())
    assert report["protocol"]["samples"] == 150
    assert json.loads((run.path / "evaluation.json").read_text())["step"] == 4


def is_first_of_its_kind(recipe: Recipe) -> bool:
    """Whether no recipe before it has the same kind of model, or what that is derived from."""
    model = resolve(recipe.model)
    return type(recipe) is next(other for other in RECIPES.values() if issubclass(model, resolve(other.model)))


def in_this_process(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
    """Runs a SavedModel where it was made: starting TensorFlow anew is most of the time of a tiny one."""
    check_saved_model.main(*command[-3:])
    return subprocess.CompletedProcess(command, 0)


def test_exports_verified_files(run: aigc_tf.Run, monkeypatch: pytest.MonkeyPatch):
    """Two quantisations for the first recipe of each kind of model, for the others one and in this process.

    Floats are tested in tests/export, and in all recipes by `tools.benchmark export-matrix`.
    """
    first = is_first_of_its_kind(run.recipe)
    if not first:
        monkeypatch.setattr(verify, "subprocess", SimpleNamespace(run=in_this_process))
    for quantize in ("dynamic", "int8") if first else ("dynamic",):
        exported = run.export(quantize=quantize, compare_with_keras=False)
        report = json.loads((exported.path.parent / "export.json").read_text())
        assert exported.path.name == "model.tflite" and exported.path.stat().st_size > 1000
        assert not [name for name in report["operators"] if name.startswith(("Flex", "CUSTOM"))]
        assert set(report["signatures"]) == set(run.model.signatures())
        if quantize in ("dynamic", "int8"):
            figures = [found[key] for found in report["quality"].values() for key in ("before", "after", "change")]
            assert figures and np.isfinite(figures).all()
        assert f"{exported.path.parent.name}," in (run.path / "README.md").read_text()


def test_the_card_says_what_is_known(run: aigc_tf.Run):
    run.evaluate(samples=100)
    card = (run.path / "README.md").read_text()
    for wanted in (
        "## Quality",
        "### Protocol",
        "## Data",
        "licence",
        "## Recipe",
        "samples/",
        "Run.open",
        "## Limits",
    ):
        assert wanted in card
    picture = re.search(r"!\[samples\]\((.*?)\)", card)
    assert picture is None or (run.path / picture[1]).is_file()
