"""Random search over the fields of a recipe, with successive halving (Li et al. 2020), by Optuna.

A trial is a run in its own folder. Its objective is the figure that picks the best checkpoint, on the part of the data
that the recipe chooses on: never the test part.
"""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import keras

from aigc_tf.engine.training import train
from aigc_tf.errors import InputError, closest, say
from aigc_tf.optional import needed
from aigc_tf.recipes.base import Recipe, flatten
from aigc_tf.references import resolve
from aigc_tf.runs import paths
from aigc_tf.runs.checkpoints import NotFiniteError
from aigc_tf.storage.files import write_text

STUDY, TABLE, BEST = "study.jsonl", "trials.csv", "best.json"
_FORMS = '{"uniform": [0.1, 1]}, {"log_uniform": [1e-4, 1e-3]}, {"int": [1, 8]} or {"choice": [16, 32]}'


def search(recipe: Recipe, space: Mapping[str, Any], trials: int, out: Path) -> Path:
    """Run a hyper-parameter search of `trials` runs with fields drawn from a space.

    Args:
        recipe: what all trials share; its `seed` is also the seed of the search.
        space: field of the recipe -> {"uniform": [low, high]}, {"log_uniform": [low, high]}, {"int": [low, high]} or
            {"choice": [values]}.
        trials: number of trials in all. A repeated call with the same folder continues an interrupted search.
        out: folder; it gets a run for each trial (TensorBoard shows their hyper-parameters), `trials.csv`, and
            `best.json`, the recipe of the best trial, which trainers take as --recipe.

    Returns:
        The path of `best.json`.

    Raises:
        InputError: Optuna is not installed, the space is invalid, the folder has another search, or no trial succeeded.
    """
    optuna = _optuna()
    distributions = _distributions(optuna, space, recipe)
    study = _study(optuna, recipe, distributions, out)
    for trial in study.get_trials():
        if trial.state == optuna.trial.TrialState.RUNNING:  # it was interrupted: its run continues, and is not halved
            study.tell(trial.number, **_result(optuna, recipe, trial.params, out, trial.number, None))
    while len(study.trials) < trials:
        study.sampler = optuna.samplers.RandomSampler(seed=recipe.seed + len(study.trials))
        trial = study.ask(distributions)
        say(f"trial {trial.number} of {trials}: {_decoded(trial.params)}")
        study.tell(trial.number, **_result(optuna, recipe, trial.params, out, trial.number, trial))
        write_text(out / TABLE, _table(study, out))
    write_text(out / TABLE, _table(study, out))
    finished = [trial for trial in study.trials if trial.state == optuna.trial.TrialState.COMPLETE]
    if not finished:
        raise InputError(
            f"none of {len(study.trials)} trials could be measured: {out / TABLE} says why; try a new --out"
        )
    best = min(finished, key=lambda trial: trial.value)
    write_text(out / BEST, _with(recipe, best.params).to_json())
    part = "the training part" if recipe.chosen_on == "train" else "the validation part"
    say(f"best of {len(study.trials)}: trial {best.number}, {resolve(recipe.chooses).name} {best.value:.4g} on {part}")
    return out / BEST


def _optuna() -> Any:
    optuna = needed("optuna", to="search", extra="search")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna


def _study(optuna: Any, recipe: Recipe, distributions: Mapping[str, Any], out: Path) -> Any:
    """Open the study in a folder, or create one.

    Raises:
        InputError: the folder has a study of another recipe or space.
    """
    out.mkdir(parents=True, exist_ok=True)
    storage = optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(str(out / STUDY)))
    study = optuna.create_study(
        study_name="search",
        storage=storage,
        load_if_exists=True,
        direction="minimize",
        pruner=optuna.pruners.SuccessiveHalvingPruner(),
    )
    spoken = {name: optuna.distributions.distribution_to_json(each) for name, each in distributions.items()}
    identity = json.loads(json.dumps({"fields": json.loads(recipe.to_json()), "space": spoken}))
    known = study.user_attrs.get("search")
    if known is not None and known != identity:
        raise InputError(f"{out} holds a search of another recipe or space: give another --out")
    study.set_user_attr("search", identity)
    return study


def _distributions(optuna: Any, space: Mapping[str, Any], recipe: Recipe) -> dict[str, Any]:
    """The Optuna distribution of each field.

    Raises:
        InputError: there is no such field, or no such distribution.
    """
    makers: dict[str, Callable[[list[Any]], Any]] = {
        "uniform": lambda ends: optuna.distributions.FloatDistribution(*ends),
        "log_uniform": lambda ends: optuna.distributions.FloatDistribution(*ends, log=True),
        "int": lambda ends: optuna.distributions.IntDistribution(*ends),
        # As JSON, since a choice may be a list.
        "choice": lambda values: optuna.distributions.CategoricalDistribution([json.dumps(value) for value in values]),
    }
    if not isinstance(space, dict) or not space:
        raise InputError(f'the space is {json.dumps(space)[:80]}: give a JSON object, {{"batch_size": {_FORMS}}}')
    fields, found = flatten(recipe), {}
    for name, form in space.items():
        if name not in fields:
            near = closest(name, fields)
            hint = f"did you mean {near}?" if near else "--help of its trainer lists the fields"
            raise InputError(f"{recipe.slug()} has no field {name}: {hint}")
        if not isinstance(form, dict) or len(form) != 1 or not form.keys() <= makers.keys():
            raise InputError(f"the space of {name} is {json.dumps(form)[:80]}: give {_FORMS}")
        ((kind, values),) = form.items()
        try:
            found[name] = makers[kind](values)
        except (TypeError, ValueError) as error:
            raise InputError(f"the space of {name} is {json.dumps(form)[:80]}: {error}") from error
    return found


def _result(
    optuna: Any, recipe: Recipe, params: Mapping[str, Any], out: Path, number: int, trial: Any
) -> dict[str, Any]:
    """A trial's result, as arguments of `Study.tell`."""
    states, folder = optuna.trial.TrialState, out / f"trial-{number:03d}"
    try:
        chosen = _with(recipe, params)
    except ValueError as error:  # incompatible fields
        say(f"trial {number} is left out: {error}")
        return {"state": states.FAIL}
    report = Halving(trial, folder, chosen)
    keras.utils.clear_session()
    begun = (folder / paths.CHECKPOINTS).is_dir()
    try:
        run = train(chosen, folder, resume=begun, callbacks=[report])
    except NotFiniteError as error:
        say(f"trial {number} is left out: {error}")
        return {"state": states.FAIL}
    if report.halted:
        return {"state": states.PRUNED}
    best = run.progress.best
    return {"values": best[report.figure]} if best else {"state": states.FAIL}


class Halving(keras.callbacks.Callback):
    """Ends a trial whose figure is not among the best after the same number of measurements."""

    def __init__(self, trial: Any, folder: Path, recipe: Recipe) -> None:
        super().__init__()
        self.trial, self.folder, self.every = trial, folder, recipe.logging.evaluate_every
        self.figure: str = resolve(recipe.chooses).name
        self.step, self.halted = 0, False

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.step += 1
        if self.trial is None or self.step % self.every:
            return
        lines = (self.folder / paths.METRICS).read_text().splitlines()
        found = [
            row[self.figure] for row in map(json.loads, lines) if row.get("step") == self.step and self.figure in row
        ]
        if found:
            self.trial.report(found[-1], self.step // self.every)
            if self.trial.should_prune():
                say(f"\ntrial ends at step {self.step}: others were better by then")
                self.halted = self.model.stop_training = True


def _logged(folder: Path) -> list[dict[str, Any]]:
    """A run's log: a row for each logged step."""
    path = folder / paths.METRICS
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def _decoded(params: Mapping[str, Any]) -> dict[str, Any]:
    return {name: json.loads(value) if isinstance(value, str) else value for name, value in params.items()}


def _with(recipe: Recipe, params: Mapping[str, Any]) -> Recipe:
    """The recipe with new values for some fields, by dotted names.

    Raises:
        ValueError: they are invalid or incompatible.
    """
    fields = dataclasses.asdict(recipe)
    for name, value in _decoded(params).items():
        *parents, last = name.split(".")
        inner = fields
        for parent in parents:
            inner = inner[parent]
        inner[last] = value
    return type(recipe).from_fields(fields)


def _table(study: Any, out: Path) -> str:
    """CSV of all trials in their order."""
    names = sorted({name for trial in study.trials for name in trial.params})
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["trial", "state", "figure", "seconds", *names])
    for trial in study.trials:
        params = _decoded(trial.params)
        folder = out / f"trial-{trial.number:03d}"
        seconds = [row["seconds"] for row in _logged(folder)]
        row = [trial.number, trial.state.name.lower(), trial.value, seconds[-1] if seconds else None]
        writer.writerow([*row, *(params.get(name) for name in names)])
    return text.getvalue()
