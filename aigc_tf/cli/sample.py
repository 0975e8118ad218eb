"""Draw new examples with a run."""

from __future__ import annotations

import dataclasses
import inspect
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

from aigc_tf.cli.checks import require_at_least, require_place
from aigc_tf.cli.explorations import EXPLORATIONS, Interpolate
from aigc_tf.cli.explore import explore, show
from aigc_tf.cli.forecast import forecast
from aigc_tf.cli.options import chosen_options, flag, run_command
from aigc_tf.errors import InputError


@dataclass(frozen=True, kw_only=True)
class Moved:
    """Short for other commands."""

    interpolate: bool = False
    """The same as `explore RUN interpolate`; a .gif is one, too."""
    linear: bool = False
    """Of --interpolate: go straight."""
    direction: int | None = None
    """The same as `explore RUN direction`."""
    range: tuple[float, float] | None = None
    """Of --direction: from where to where."""
    traverse: bool = False
    """The same as `explore RUN traverse`."""
    map: bool = False
    """The same as `explore RUN map`."""
    between: tuple[str, str] | None = None
    """The same as `explore RUN between`."""
    nearest: str | None = None
    """The same as `explore RUN nearest`."""
    forecast: int | None = None
    """The same as `forecast RUN --steps`."""

    def given(self) -> dict[str, Any]:
        """Those that are given, by name."""
        values = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return {name: value for name, value in values.items() if value is not None and value is not False}


# What takes over when a flag is given, and knows by its arguments which other flags go with it.
COMMANDS: dict[str, Callable[..., Any]] = {**EXPLORATIONS, "forecast": forecast}
NOTHING_MOVED = Moved()


def sample(
    run: Annotated[Path, tyro.conf.Positional],
    *,
    count: int | None = None,
    seed: int = 0,
    out: Path | None = None,
    checkpoint: Literal["last", "best"] = "last",
    condition: Annotated[tuple[str, ...], tyro.conf.arg(aliases=["--labels"])] = (),
    stream: bool = False,
    moved: Annotated[Moved, tyro.conf.arg(name="")] = NOTHING_MOVED,
    **options: Any,
) -> None:
    """Draw new examples with a run.

    Args:
        run: The run's folder.
        count: How many examples; as many as suit what the run draws if not given.
        seed: The same seed gives the same examples.
        out: The file, whose ending chooses the form, or a folder for single files. In the run's folder if not given, or
            printed if it is text.
        checkpoint: The last one, or the best seen while training.
        condition: What to draw, of a model that takes a condition: classes, by name or number; all of them if not
            given. Each has a row, and --count is rounded to full rows.
        stream: Print each piece of a text as soon as it is known.
        moved: Other commands.
        options: What the recipe's `sample_options` has.
    """
    require_at_least(1, count=count)
    require_place(out)
    given = moved.given()
    shared = {
        "count": count,
        "seed": seed or None,
        "out": out,
        "condition": condition or None,
        "stream": stream or None,
    }
    everything = {name: value for name, value in shared.items() if value is not None} | given | options
    if not COMMANDS.keys().isdisjoint(given):
        take_over(run, everything | ({} if checkpoint == "last" else {"checkpoint": checkpoint}))
        return
    if stream and out:
        raise InputError("--stream prints to the screen: leave --out out")

    from aigc_tf.runs.run import Run

    opened = Run.open(run, checkpoint)
    arguments = chosen_options(opened.recipe, "sample_options", options)
    if stream:
        print_streams(opened.able("Streams"), count, seed, condition, arguments)
    elif out is not None and is_interpolation(opened.able("Draws"), out):
        show(opened, Interpolate(**fitting("interpolate", everything, f"a {out.suffix}")))
    else:
        refuse_stray(given)
        draw(opened, count, seed, out, condition, arguments)


def draw(
    run: Any, count: int | None, seed: int, out: Path | None, condition: Sequence[str], arguments: Mapping[str, Any]
) -> None:
    """Write or print new examples: a row for each condition, if the model takes one."""
    from aigc_tf.cli import conditions
    from aigc_tf.cli.results import deliver, destination

    model = run.able("Draws")
    total, columns = count or model.gives.drawn, None
    rows = conditions.rows_to_draw(model, condition)
    if rows is not None:
        columns = max(1, round(total / len(rows)))
        total = len(rows) * columns
        rows = conditions.repeated(model, rows, columns)
    out = destination(model.gives, out, run.path / f"samples-seed{seed}", total)
    deliver(model.gives, out, model.generate_batches(total, seed, rows, **arguments), total, run.made_by(seed), columns)


def print_streams(
    model: Any, count: int | None, seed: int, condition: Sequence[str], arguments: Mapping[str, Any]
) -> None:
    """Print examples piece by piece, one after the other, with the seeds from `seed` on."""
    from aigc_tf.cli import conditions

    chosen = conditions.one(model, condition)
    for index in range(count or model.gives.drawn):
        for piece in model.pieces(seed + index, chosen, **arguments):
            sys.stdout.write(piece)
            sys.stdout.flush()
        print()


def is_interpolation(model: Any, out: Path) -> bool:
    """Whether a file shows values in time, so that a way is asked for, and the model has ways."""
    from aigc_tf.families.tasks import Decodes

    return out.suffix in model.gives.moving and isinstance(model, Decodes)


def take_over(run: Path, given: Mapping[str, Any]) -> None:
    """Run the command that a flag is short for.

    Raises:
        InputError: there are several, or flags that do not go with it.
    """
    name, *others = [name for name in COMMANDS if name in given]
    if others:
        raise InputError(f"--{name} and --{others[0]} are different commands: choose one")
    if name == "forecast":
        forecast(run, **fitting(name, {"steps": given[name], **given}, "--forecast"))
    else:
        explore(run, COMMANDS[name](**fitting(name, given, f"--{name}")))


def fitting(name: str, given: Mapping[str, Any], what: str) -> dict[str, Any]:
    """The arguments of a command.

    Raises:
        InputError: one of those that are given is of another.
    """
    known = inspect.signature(COMMANDS[name]).parameters
    strange = [argument for argument in given if argument not in known and argument != name]
    if strange:
        raise InputError(f"{what} has no {flag(strange[0])}: leave it out")
    return {argument: value for argument, value in given.items() if argument in known}


def refuse_stray(given: Iterable[str]) -> None:
    """Raise InputError if a flag is given that needs another."""
    for name in given:
        owner = next(owner for owner, command in COMMANDS.items() if name in inspect.signature(command).parameters)
        raise InputError(f"{flag(name)} is an option of --{owner}: give --{owner}, too")


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    run_command(sample, "sample_options", arguments)
