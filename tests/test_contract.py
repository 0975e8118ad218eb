"""The contract of every recipe: train, resume, generate, evaluate, export."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import aigc_tf
from aigc_tf.export.web import TEMPLATE as WEB_PAGE
from aigc_tf.families import tasks
from aigc_tf.recipes.base import Recipe
from aigc_tf.recipes.registry import recipe_classes
from aigc_tf.recipes.settings import CheckpointSettings, LoggingSettings
from aigc_tf.references import resolve
from aigc_tf.runs import checkpoints
from tests.hidden import changed_outside_the_state

ROOT = Path(__file__).parent.parent
RECIPES = recipe_classes()
COMMANDS = {
    tasks.Draws: "sample",
    tasks.Transforms: "transform",
    tasks.Encodes: "encode",
    tasks.Scores: "score",
    tasks.Forecasts: "forecast",
    tasks.Explains: "explain",
}


def those_that(*able: type[tasks.Task]) -> pytest.MarkDecorator:
    """Recipes whose models have one of the given tasks."""
    slugs = [slug for slug, kind in RECIPES.items() if issubclass(resolve(kind.model), able)]
    return pytest.mark.parametrize("recipe", slugs, indirect=True)


@pytest.fixture(scope="module", params=RECIPES)
def recipe(request: pytest.FixtureRequest) -> Recipe:
    """A tiny version of each recipe."""
    logging = LoggingSettings(evaluate_every=2, evaluate_samples=100, samples_every=2, scalars_every=1)
    saved = CheckpointSettings(every=2)
    return dataclasses.replace(RECIPES[request.param].tiny(), steps=4, logging=logging, checkpoints=saved)


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
    tags = set(events.Tags()["tensors"])
    assert {f"quality/{resolve(run.recipe.chooses).name}", "training/examples_per_second", "recipe"} <= tags
    assert any(tag.startswith("training/") and tag.endswith("loss") for tag in tags)
    assert set(run.model.previews(run.source)) <= tags
    assert "_hparams_/session_start_info" in events.summary_metadata
    losses = [event.step for event in events.Tensors("training/examples_per_second")]
    assert losses == [2, 3, 4]  # no speed for the first step, which compiles


def test_resumes_exactly(recipe: Recipe, run: aigc_tf.Run, tmp_path: Path):
    """Like a run killed after step 2."""
    killed = tmp_path / "killed"
    shutil.copytree(run.path, killed)
    assert checkpoints.steps(killed / "checkpoints") == [2, 4]
    checkpoints.path_of(killed / "checkpoints", 4).unlink()
    made: list[int] = []
    seen = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: made.append(batch))
    resumed = aigc_tf.train(recipe, killed, resume=True, callbacks=[seen])
    assert len(made) == 2  # it does not start over, which would end with the same bits
    whole, parts = (
        np.load(checkpoints.path_of(path / "checkpoints", 4), allow_pickle=False) for path in (run.path, resumed.path)
    )
    with whole, parts:
        assert set(whole.files) == set(parts.files)
        different = [name for name in whole.files if not np.array_equal(whole[name], parts[name])]
    assert different == ["metadata.json"]  # contains times


def test_a_step_changes_nothing_that_is_not_saved(recipe: Recipe, run: aigc_tf.Run):
    source = run.source
    model = aigc_tf.create(recipe, **source.assets_for(recipe))
    batch = next(iter(source.batches(recipe.examples_per_step, recipe.seed)))
    assert changed_outside_the_state(model, batch) == []


def same(first: object, second: object) -> bool:
    """Whether two results of a model are equal: arrays, or lists of arrays or strings."""
    return len(first) == len(second) and all(map(np.array_equal, first, second))  # type: ignore[arg-type]


def test_opens_as_it_was(run: aigc_tf.Run):
    assert aigc_tf.Run.open(run.path).recipe == run.recipe


def short(options: type, **numbers: int) -> dict[str, int]:
    """Those of the numbers that a recipe has options for."""
    known = {field.name for field in dataclasses.fields(options)}
    return {name: number for name, number in numbers.items() if name in known}


@those_that(tasks.Draws)
def test_draws_by_seed_alone(run: aigc_tf.Run):
    reopened, options = aigc_tf.Run.open(run.path), short(run.recipe.sample_options, bars=2, tokens=50)
    first = run.generate(3, seed=1, **options)
    assert len(first) == 3
    assert same(reopened.generate(3, seed=1, **options), first)
    assert not same(run.generate(3, seed=2, **options), first)
    assert sum(map(len, run.model.generate_batches(3, seed=1, **options))) == 3


@those_that(tasks.Transforms)
def test_transforms_each_input(run: aigc_tf.Run):
    """Deterministic by seed, independent for each row, and writable by `gives`."""
    inputs = run.source.inputs("validation", 4)
    outputs = run.transform(inputs, seed=1)
    assert len(outputs) == len(inputs) > 1
    assert same(aigc_tf.Run.open(run.path).transform(inputs, seed=1), outputs)
    alone = run.transform(inputs[1:2], seed=1)
    if isinstance(outputs, list):
        assert same(alone, outputs[1:2])
    else:
        np.testing.assert_allclose(alone, outputs[1:2], atol=1e-4)


@those_that(tasks.Draws, tasks.Transforms)
def test_what_is_given_can_be_written_and_shown(run: aigc_tf.Run, tmp_path: Path):
    model = run.model
    given = run.generate(2, seed=1) if isinstance(model, tasks.Draws) else run.transform(run.source.inputs("train", 2))
    for ending in model.gives.writes:
        model.gives.write_all(tmp_path / f"made{ending}", given, run.made_by(1))
        assert (tmp_path / f"made{ending}").exists()
    model.gives.write(tmp_path / f"one{model.gives.writes[0]}", given[0], run.made_by(1))
    assert (tmp_path / f"one{model.gives.writes[0]}").stat().st_size > 0
    shown = model.gives.show(given)
    assert shown if isinstance(shown, str) else shown.dtype == np.uint8 and shown.ndim == 3


@those_that(tasks.Encodes)
def test_encodes(run: aigc_tf.Run):
    inputs = run.source.inputs("validation", 4)
    encodings = run.model.encodings(inputs)
    assert all(part.shape == (len(inputs), run.model.latent_dim) for part in encodings.values())
    assert any(same(part, run.model.encode(inputs)) for part in encodings.values())


@those_that(tasks.Scores)
def test_scores_each_input(run: aigc_tf.Run):
    inputs = run.source.inputs("validation", 4)
    scores = run.model.score(inputs)
    assert scores.shape == (len(inputs),) and np.isfinite(scores).all() and run.model.score_meaning
    np.testing.assert_allclose(run.model.score(inputs[1:2]), scores[1:2], rtol=1e-4)


@those_that(tasks.Forecasts)
def test_forecasts(run: aigc_tf.Run):
    mean, deviation = run.model.forecast(run.source.train, 5)
    assert mean.shape == deviation.shape and len(mean) == 5
    assert np.isfinite(mean).all() and (deviation > 0).all() and (np.diff(deviation, axis=0) >= -1e-12).all()


def test_a_model_has_a_task(run: aigc_tf.Run):
    assert tasks.tasks_of(run.model)


@pytest.fixture(scope="module")
def report(run: aigc_tf.Run) -> dict[str, Any]:
    return run.evaluate(samples=150)


def test_is_measured_with_its_protocol(run: aigc_tf.Run, report: dict[str, Any]):
    figures = {key: value for key, value in report.items() if isinstance(value, float)}
    assert figures and all(np.isfinite(value) for value in figures.values())
    assert report["protocol"]["samples"] == 150 and report["protocol"]["part"] == "test"
    assert report["better"].keys() <= figures.keys()
    assert report["baselines"], "something simpler stands beside it"
    beside = [value for methods in report["baselines"].values() for value in methods.values()]
    assert np.isfinite(beside).all()
    part = {"train": "training part", "validation": "validation part: .+"}[run.recipe.chosen_on]
    chosen = f"{resolve(run.recipe.chooses).name} on the {part}"
    assert re.fullmatch(chosen, report["protocol"]["best checkpoint chosen by"])
    assert json.loads((run.path / "evaluation.json").read_text())["step"] == 4


def is_first_of_its_kind(recipe: Recipe) -> bool:
    """Whether no earlier recipe has the same model class or a base class of it."""
    model = resolve(recipe.model)
    return type(recipe) is next(other for other in RECIPES.values() if issubclass(model, resolve(other.model)))


def test_exports_verified_files(run: aigc_tf.Run):
    """Calibrated int8 for the first recipe of each model class; 8-bit weights for the others.

    All quantizations are tested in tests/export, and for all recipes by `tools.benchmark export-matrix`.
    """
    quantize = "int8" if is_first_of_its_kind(run.recipe) else "dynamic"
    options = short(run.recipe.export_options, evaluations=2)  # of a flow, which are unrolled, instead of ten
    exported = run.export(quantize=quantize, compare_with_keras=False, **options)
    report = json.loads((exported.path.parent / "export.json").read_text())
    assert exported.path.name == "model.tflite" and exported.path.stat().st_size > 1000
    assert not [name for name in report["operators"] if name.startswith(("Flex", "CUSTOM"))]
    assert set(report["signatures"]) == set(run.model.signatures())
    figures = [found[key] for found in report["quality"].values() for key in ("before", "after", "change")]
    assert figures and np.isfinite(figures).all()
    assert f"{exported.path.parent.name}," in (run.path / "README.md").read_text()


def test_its_page_names_what_is_there(run: aigc_tf.Run):
    signatures = run.model.signatures(run.source)
    for panel in run.model.page(run.source):
        assert (WEB_PAGE / f"{panel.module}.js").is_file()
        further = [panel.facts[name] for name in ("score", "prefill") if panel.facts.get(name)]
        assert {panel.signature, *further} <= set(signatures)
        assert panel.moved is None or panel.moved in signatures[panel.signature].inputs
        json.dumps(panel.facts, allow_nan=False)


def test_the_card_says_what_is_known(run: aigc_tf.Run, report: dict[str, Any]):
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
    commands = set(re.findall(r"^python -m aigc_tf (\w+)", card, re.MULTILINE))
    assert commands == {COMMANDS[task] for task in tasks.tasks_of(run.model)} | {"evaluate", "export"}
    picture = re.search(r"!\[samples\]\((.*?)\)", card)
    assert picture is None or (run.path / picture[1]).is_file()
