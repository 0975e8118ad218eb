"""Random search over the fields of a recipe."""

from __future__ import annotations

import csv
import dataclasses
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import aigc_tf
from aigc_tf.cli.command import train_command
from aigc_tf.cli.search import main
from aigc_tf.engine import search as searching
from aigc_tf.engine.search import BEST, TABLE, Halving, search
from aigc_tf.errors import InputError
from aigc_tf.recipes.base import flatten
from aigc_tf.recipes.registry import recipe_named
from aigc_tf.recipes.settings import LoggingSettings
from aigc_tf.recipes.vae import VAE
from aigc_tf.runs import paths
from aigc_tf.runs.folder import recipe_in

SPACES = Path(__file__).parents[2] / "examples" / "search"
SPACE = {"optimizer.learning_rate": {"log_uniform": [1e-6, 1e-2]}, "batch_size": {"choice": [8, 16]}}


def small(pictures: Path, **fields: Any) -> VAE:
    logging = LoggingSettings(evaluate_every=10, evaluate_samples=20)
    return dataclasses.replace(VAE.tiny(), source=str(pictures), steps=20, logging=logging, **fields)


def rows_of(folder: Path) -> list[dict[str, str]]:
    return list(csv.DictReader((folder / TABLE).read_text().splitlines()))


def test_the_best_trial_is_kept_and_a_repeated_call_goes_on(measured_pictures: Path, tmp_path: Path):
    recipe, out = small(measured_pictures), tmp_path / "search"
    search(recipe, SPACE, 2, out)
    first = rows_of(out)
    path = search(recipe, SPACE, 4, out)
    rows = rows_of(out)
    assert rows[:2] == first and len(rows) == 4 and len({row["optimizer.learning_rate"] for row in rows}) == 4
    finished = [row for row in rows if row["state"] == "complete"]
    best = min(finished, key=lambda row: float(row["figure"]))
    found = recipe_in(path)
    assert isinstance(found, VAE) and path.name == BEST
    assert found.optimizer.learning_rate == float(best["optimizer.learning_rate"])
    assert found.batch_size == int(best["batch_size"]) and found.steps == 20
    for row in finished:
        kept = out / f"trial-{int(row['trial']):03d}" / paths.CHECKPOINTS / paths.BEST
        assert json.loads(kept.read_text())["held_out_loss"] == float(row["figure"])
        assert float(row["seconds"]) > 0


def test_another_search_in_the_same_folder_is_refused(measured_pictures: Path, tmp_path: Path):
    recipe = small(measured_pictures)
    search(recipe, SPACE, 1, tmp_path / "search")
    with pytest.raises(InputError, match="holds a search of another recipe or space"):
        search(dataclasses.replace(recipe, seed=1), SPACE, 1, tmp_path / "search")


def test_an_interrupted_trial_goes_on(measured_pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    recipe, out = small(measured_pictures), tmp_path / "search"
    train = searching.train

    def interrupted(*arguments: Any, **options: Any) -> Any:
        train(dataclasses.replace(arguments[0], steps=10), *arguments[1:], **options)
        raise KeyboardInterrupt

    monkeypatch.setattr(searching, "train", interrupted)
    with pytest.raises(KeyboardInterrupt):
        search(recipe, SPACE, 1, out)
    monkeypatch.setattr(searching, "train", train)
    search(recipe, SPACE, 1, out)
    assert [row["state"] for row in rows_of(out)] == ["complete"]
    assert aigc_tf.Run.open(out / "trial-000", "last").step == 20


def test_fields_that_do_not_go_together_are_left_out(measured_pictures: Path, tmp_path: Path):
    with pytest.raises(InputError, match="none of 2 trials could be measured"):
        search(small(measured_pictures), {"batch_size": {"choice": [-1]}}, 2, tmp_path / "search")
    assert [row["state"] for row in rows_of(tmp_path / "search")] == ["fail", "fail"]


@pytest.mark.parametrize(
    ("space", "message"),
    [
        ({"optimiser.learning_rate": {"uniform": [0, 1]}}, "did you mean optimizer.learning_rate"),
        ({"batch_size": [8, 16]}, "the space of batch_size is .*: give"),
        ({"batch_size": {"int": [9, 3]}}, "the space of batch_size"),
        ({"batch_size": {"normal": [0, 1]}}, "the space of batch_size"),
        ({}, "give a JSON object"),
    ],
)
def test_a_wrong_space_is_refused(space: Any, message: str, tmp_path: Path):
    with pytest.raises(InputError, match=message):
        search(VAE.tiny(), space, 1, tmp_path)


@pytest.mark.parametrize("path", sorted(SPACES.glob("*.json")), ids=lambda path: path.stem)
def test_the_spaces_of_the_examples_fit_their_recipes(path: Path):
    """Every point of a search space is a valid recipe, and the default lies within the space."""
    optuna = pytest.importorskip("optuna")
    recipe, space = recipe_named(path.stem)(), json.loads(path.read_text())
    distributions = searching._distributions(optuna, space, recipe)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    for _ in range(30):
        chosen = searching._with(recipe, study.ask(distributions).params)
        assert chosen.slug() == path.stem and chosen != recipe
    defaults = flatten(recipe)
    for name, form in space.items():
        ((kind, values),) = form.items()
        assert defaults[name] in values if kind == "choice" else values[0] <= defaults[name] <= values[1], name
    assert path.name in (SPACES / "README.md").read_text()


def test_a_trial_ends_when_it_is_told_to(tmp_path: Path):
    recipe = dataclasses.replace(VAE.tiny(), logging=LoggingSettings(evaluate_every=2))
    lines = [{"step": 2, "loss": 1.0}, {"step": 2, "held_out_loss": 7.0}, {"step": 4, "held_out_loss": 6.0}]
    (tmp_path / paths.METRICS).write_text("".join(json.dumps(line) + "\n" for line in lines))
    told: list[tuple[float, int]] = []
    trial = SimpleNamespace(report=lambda *said: told.append(said), should_prune=lambda: len(told) == 2)
    halving = Halving(trial, tmp_path, recipe)
    halving.set_model(SimpleNamespace(stop_training=False))
    for batch in range(4):
        assert not halving.halted
        halving.on_train_batch_end(batch)
    assert told == [(7.0, 1), (6.0, 2)] and halving.halted and halving.model.stop_training


def test_the_command_and_a_recipe_from_a_file(
    measured_pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    space, out = tmp_path / "space.json", tmp_path / "out"
    space.write_text(json.dumps({"batch_size": {"choice": [8]}}))
    same = ["--source", str(measured_pictures), "--steps", "4", "--images.height", "8", "--images.width", "8"]
    main(["trainers.vae", "--space", str(space), "--trials", "1", "--out", str(out), *same])
    assert capsys.readouterr().out.strip() == str(out / BEST)
    train_command(VAE, ["--recipe", str(out / BEST), "--steps", "2", "--run-dir", str(tmp_path / "run")])
    run = aigc_tf.Run.open(tmp_path / "run")
    assert run.recipe.batch_size == 8 and run.step == 2 and run.recipe.source == str(measured_pictures)
    for wrong, message in (
        (["trainers.vae", "--space", str(out / TABLE)], "is not JSON"),
        (["trainers.vae", "--space", str(space), "--trials", "0"], "--trials is 0"),
        (["vea", "--space", str(space)], "did you mean vae"),
    ):
        with pytest.raises(SystemExit) as ended:
            main(wrong)
        assert ended.value.code == 2 and message in capsys.readouterr().err


def test_training_ends_at_a_figure(measured_pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert aigc_tf.train(small(measured_pictures, stop_at=1e9), tmp_path / "reached").step == 10
    assert "stopping: held_out_loss is" in capsys.readouterr().err
    assert aigc_tf.train(small(measured_pictures, stop_at=-1e9), tmp_path / "missed").step == 20
