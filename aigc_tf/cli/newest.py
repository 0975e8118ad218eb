"""RUN is optional in commands: the newest run is the default."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import tyro

from aigc_tf.errors import InputError, say
from aigc_tf.runs import paths
from aigc_tf.runs.folder import newest_run

NEWEST = Path("newest")
"""Stands for the newest run on the command line, and is the default."""

_RUN = Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="RUN")]


def with_newest_run(function: Callable[..., Any]) -> Callable[..., Any]:
    """A command whose `run`, if it has one, is optional, for tyro.

    Where files can follow the run, a path that exists but is not a run counts as the first file.
    """
    signature = inspect.signature(function, eval_str=True)
    run, *others = signature.parameters.values()
    if run.name != "run":
        return function
    files = next((one for one in others if is_positional(one)), None)

    @functools.wraps(function)
    def called(run: Path, **named: Any) -> Any:
        if files is not None and run != NEWEST and not is_run(run):
            if not run.exists():
                raise InputError(f"{run} does not exist: name the folder of a run, or files for the newest run")
            if isinstance(named[files.name], tuple):
                run, named[files.name] = NEWEST, (run, *named[files.name])
            elif named[files.name] is None:
                run, named[files.name] = NEWEST, run
        return function(chosen_run(run), **named)

    del called.__wrapped__
    parameters = [
        run.replace(default=NEWEST, annotation=_RUN),
        *(one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in others),
    ]
    called.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=parameters, return_annotation=inspect.Signature.empty
    )
    called.__annotations__ = {one.name: one.annotation for one in parameters}
    return called


def is_positional(parameter: inspect.Parameter) -> bool:
    """Whether a parameter is positional on the command line."""
    return tyro.conf.Positional in getattr(parameter.annotation, "__metadata__", ())


def is_run(path: Path) -> bool:
    """Whether a path is the folder of a run."""
    try:
        return (path / paths.RECIPE).is_file()
    except OSError:  # too long for a file name, or not to be looked at
        return False


def chosen_run(run: Path) -> Path:
    """The folder of the named run, or else of the newest, which is reported to the user.

    Raises:
        InputError: there is none.
    """
    if run != NEWEST or is_run(run):
        return run
    newest = newest_run()
    if newest is None:
        raise InputError(f"there is no run in {paths.RUNS_FOLDER}: name the folder of a run, or train one")
    say(f"the newest run: {newest}")
    return newest
