"""Run folders: creating, finding, and reading them without trusting their content."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

from aigc_tf import __version__
from aigc_tf.data.walk import refuse_special
from aigc_tf.errors import InputError, printable
from aigc_tf.recipes.base import Recipe
from aigc_tf.recipes.registry import recipe_class
from aigc_tf.runs import paths
from aigc_tf.storage.files import LOCK, OWNER, PARTIAL, expanded


def new_run_folder(recipe: Recipe, run_dir: str | Path | None) -> Path:
    """The folder of a new run: `run_dir`, or one named after the time; it is not created yet.

    Raises:
        InputError: it exists and is not empty.
    """
    if run_dir is None:
        stamp = time.strftime("%Y%m%d-%H%M%S")
        path = paths.RUNS_FOLDER / recipe.slug() / f"{stamp}-seed{recipe.seed}"
    else:
        path = expanded(run_dir)
    if path.exists() and not (path.is_dir() and all(map(is_left_by_a_kill, path.iterdir()))):
        raise InputError(f"{path} already exists: continue it with --resume, or choose another --run-dir")
    return path


def is_left_by_a_kill(path: Path) -> bool:
    """Whether a file is left by a process that was killed before its run had a recipe: its lock, or a partial file."""
    return path.name in (LOCK, OWNER) or path.match(f"{paths.RECIPE}.*{PARTIAL}")


def find_run_folder(recipe: type[Recipe], run_dir: str | Path | None) -> Path:
    """The folder of the run to resume: `run_dir`, or the newest run of the recipe.

    Raises:
        InputError: there is none.
    """
    if run_dir is not None:
        return expanded(run_dir)
    newest = newest_run(recipe.slug())
    if newest is None:
        raise InputError(f"there is no run of {recipe.slug()} in {paths.RUNS_FOLDER} to resume: leave --resume out")
    return newest


def newest_run(recipe: str = "*") -> Path | None:
    """The most recently begun or resumed run in saved_models/, of one recipe or any; None if there is none."""
    # Evaluating a run does not touch its recipe.
    written = list(paths.RUNS_FOLDER.glob(f"{recipe}/*/{paths.RECIPE}"))
    return max(written, key=lambda path: path.stat().st_mtime).parent if written else None


def read_recipe(path: Path) -> Recipe:
    """The recipe of a run folder; its content can neither run code nor lead out of the folder.

    Raises:
        InputError: the folder is not a run, its recipe cannot be read, or it holds links to other places.
    """
    try:
        if path.is_file():
            raise InputError(f"{path} is a file, and a run folder is needed: the one that training made")
        if not (path / paths.RECIPE).is_file():
            raise InputError(f"{path} is not a run folder: it has no {paths.RECIPE}")
    except OSError as error:  # such as a name that is too long
        raise InputError(f"{path} is not a run folder: {error.strerror}") from None
    refuse_links(path)
    return recipe_in(path / paths.RECIPE)


def recipe_in(file: Path) -> Recipe:
    """The recipe in a JSON file, as `Recipe.to_json` wrote it; nothing in the file can run code.

    Raises:
        InputError: it is not a recipe.
    """
    written = read_object(file, recipe=str, fields=dict)
    try:
        return recipe_class(written["recipe"]).from_fields(written["fields"])
    except ValueError as error:
        raise InputError(f"{file}: {error}{made_by_newer(file.parent)}") from None


def refuse_links(path: Path) -> None:
    """Raise InputError if a link in a run folder leads out of it: files written there would end up elsewhere.

    Pipes, devices and sockets are refused as well: opening one may hang, and reading may never end.
    """
    inside = path.resolve()
    for folder, folders, names in os.walk(path):
        for entry in (Path(folder, name) for name in (*folders, *names)):
            refuse_special(entry, "the run's file")
            if entry.is_symlink() and not entry.resolve().is_relative_to(inside):
                shown = printable(str(entry))
                raise InputError(f"{shown} is a link out of the run folder: replace it with what it points to")


def made_by_newer(path: Path) -> str:
    """The error for a recipe that another version of the package may have written."""
    try:
        version = printable(read_object(path / paths.ENVIRONMENT, aigc_tf=str)["aigc_tf"])
    except InputError:
        return ""
    return "" if version == __version__ else f" (the run was made by aigc_tf {version}, this is {__version__})"


def read_object(path: Path, /, **needed: type) -> dict[str, Any]:
    """The JSON object in a file.

    Args:
        path: of the file.
        needed: required members by name, and their types.

    Raises:
        InputError: there is none, or members are missing.
    """
    try:
        value = json.loads(read_text(path))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} cannot be read: {error}") from None
    if not isinstance(value, dict):
        raise InputError(f"{path} does not hold a JSON object")
    for name, kind in needed.items():
        if not isinstance(value.get(name), kind):
            raise InputError(f"{path} is damaged: {name} is missing, or not of type {kind.__name__}")
    return value


def read_text(path: Path) -> str:
    """The content of a file of a run.

    Raises:
        InputError: it is missing or cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputError(f"{path} is missing: the run folder is incomplete") from None
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read: {error}") from None
