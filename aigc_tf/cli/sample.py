"""Generate new examples with a run."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import partial
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

import tyro

from aigc_tf.cli.checks import require_counts, require_place, require_seed
from aigc_tf.cli.explorations import Exploration, Interpolate
from aigc_tf.cli.explore import EXPLORATIONS, explore, show
from aigc_tf.cli.finishing import Finishing, Flags, Refusals, key_of
from aigc_tf.cli.forecast import forecast
from aigc_tf.cli.improving import Improvements
from aigc_tf.cli.options import chosen_options, flag, run_command
from aigc_tf.cli.watermarks import without_key
from aigc_tf.errors import InputError

if TYPE_CHECKING:
    from aigc_tf.runs.run import Run


@dataclass(frozen=True, kw_only=True)
class Moved(Flags):
    """Shorthands for other commands."""

    interpolate: bool = False
    """Short for `explore RUN interpolate`; --out FILE.gif implies it."""
    linear: bool = False
    """With --interpolate: linear instead of spherical interpolation."""
    direction: int | None = None
    """Short for `explore RUN direction`."""
    range: tuple[float, float] | None = None
    """With --direction: first and last distance, in standard deviations."""
    traverse: bool = False
    """Short for `explore RUN traverse`."""
    map: bool = False
    """Short for `explore RUN map`."""
    between: tuple[str, str] | None = None
    """Short for `explore RUN between`."""
    nearest: str | None = None
    """Short for `explore RUN nearest`."""
    invert: str | None = None
    """Short for `explore RUN invert`."""
    mix: str | None = None
    """With --invert: another picture, or member of the family tree."""
    layer: str | None = None
    """With --mix: mix this layer's outputs instead of the latents."""
    family: Path | None = None
    """With --invert: JSON file of a family tree."""
    forecast: int | None = None
    """Short for `forecast RUN --steps`."""


@dataclass(frozen=True)
class Command:
    """The command that a flag is short for."""

    run: Callable[..., None]
    """Takes the run's folder, and arguments by name."""
    arguments: Mapping[str, str]
    """Flag of `sample` -> the argument that gets its value."""


def exploration(kind: type[Exploration]) -> Command:
    """`explore` with one of its explorations, whose options have the names of the flags."""

    def run(path: Path, **options: Any) -> None:
        explore(path, kind(**options))

    return Command(run, {field.name: field.name for field in fields(kind)})


# By the flags that are short for them.
COMMANDS = {name: exploration(kind) for name, kind in EXPLORATIONS.items()} | {
    "forecast": Command(forecast, {"forecast": "steps", "out": "out", "checkpoint": "checkpoint"})
}
NOTHING_MOVED, NOTHING_REFUSED, NOTHING_IMPROVED, AS_DRAWN = Moved(), Refusals(), Improvements(), Finishing()


def sample(
    run: Annotated[Path, tyro.conf.Positional],
    *,
    count: int | None = None,
    seed: int = 0,
    out: Path | None = None,
    checkpoint: Literal["last", "best"] = "last",
    condition: Annotated[tuple[str, ...], tyro.conf.arg(aliases=["--labels"])] = (),
    stream: bool = False,
    improvements: Annotated[Improvements, tyro.conf.arg(name="")] = NOTHING_IMPROVED,
    refusals: Annotated[Refusals, tyro.conf.arg(name="")] = NOTHING_REFUSED,
    moved: Annotated[Moved, tyro.conf.arg(name="")] = NOTHING_MOVED,
    **options: Any,
) -> None:
    """Generate new examples with a run.

    Args:
        run: The run's folder.
        count: Number of examples; by default a number that suits their kind.
        seed: Random seed; the same seed gives the same examples.
        out: File whose extension selects the format, or a folder for single files. By default in the run's folder; text
            is printed.
        checkpoint: The last checkpoint, or the best one seen while training.
        condition: For a conditional model: classes to generate, by name or number; all classes by default. Each class
            gets a row, and --count is rounded to full rows.
        stream: Print text while it is generated.
        improvements: Ways to get better examples.
        refusals: Content filters.
        moved: Shorthands for other commands.
        options: What the recipe's `sample_options` has.
    """
    require_counts(count=count)
    require_seed(seed)
    require_place(out)
    given, finished = moved.given(), improvements.given() | refusals.given()
    shared = {
        "count": count,
        "seed": seed or None,
        "out": out,
        "condition": condition or None,
        "stream": stream or None,
    }
    everything = {name: value for name, value in shared.items() if value is not None} | given | finished | options
    if not COMMANDS.keys().isdisjoint(given):
        take_over(run, everything | ({} if checkpoint == "last" else {"checkpoint": checkpoint}))
        return
    if stream:
        require_plain(out, finished)

    from aigc_tf.runs.run import Run

    opened = Run.open(run, checkpoint)
    improvements = improvements.without(options, {one.name for one in fields(opened.recipe.sample_options)})
    asked = dict(options)
    key = key_of(opened, options, out)
    arguments = chosen_options(opened.recipe, "sample_options", options)
    if stream:
        print_streams(opened.able("Streams"), count, seed, condition, arguments)
    elif out is not None and is_interpolation(opened.able("Draws"), out):
        show(opened, Interpolate(**fitting("interpolate", everything, f"a {out.suffix}")))
    else:
        refuse_stray(given)
        finishing = Finishing(refusals.filters(opened), key, *improvements.of(opened))
        drawn = draw(opened, count, seed, condition, arguments, finishing)
        how = {"condition": condition, "options": without_key(asked), "checkpoint": checkpoint}
        write(opened, seed, out, drawn, how | finishing.on_the_way())


def require_plain(out: Path | None, finished: Mapping[str, Any]) -> None:
    """Raise InputError if streamed text is also to be written to a file, or post-processed."""
    if out:
        raise InputError("--stream prints to the screen: leave --out out")
    if finished:
        raise InputError(f"--stream prints a text before its end is known: leave {flag(next(iter(finished)))} out")


def write(run: Run, seed: int, out: Path | None, drawn: Drawn, how: Mapping[str, Any]) -> None:
    """Write or print new examples, with a mark of origin that says how they were generated."""
    from aigc_tf.cli.results import deliver, destination

    gives = run.model.gives
    out = destination(gives, out, run.path / f"samples-seed{seed}", drawn.total)
    again = {"count": drawn.total, **how, "one file": out is not None and bool(out.suffix)}
    made_by = run.made_by(seed) | {"drawn with": dumps(again, ensure_ascii=False, default=str)}
    deliver(gives, out, drawn.batches, drawn.total, made_by, drawn.columns)


class Drawn(NamedTuple):
    """New examples that come in batches."""

    batches: Iterator[Any]
    total: int
    columns: int | None
    """Examples per condition, if the model takes one."""


def draw(
    run: Any,
    count: int | None,
    seed: int,
    condition: Sequence[str],
    arguments: Mapping[str, Any],
    finishing: Finishing = AS_DRAWN,
) -> Drawn:
    """New, post-processed examples of a run: a row for each condition, if the model takes one."""
    from aigc_tf.cli import conditions

    model = run.able("Draws")
    total, columns = count or model.gives.drawn, None
    rows = conditions.rows_to_draw(model, condition)
    if rows is not None:
        columns = max(1, round(total / len(rows)))
        total = len(rows) * columns
        rows = conditions.repeated(model, rows, columns)
    batches = finishing.finished(model, partial(model.generate_batches, **arguments), total, seed, rows)
    return Drawn(batches, total, columns)


def print_streams(
    model: Any, count: int | None, seed: int, condition: Sequence[str], arguments: Mapping[str, Any]
) -> None:
    """Stream examples to stdout, one after the other, with consecutive seeds from `seed`."""
    from aigc_tf.cli import conditions

    chosen = conditions.one(model, condition)
    for index in range(count or model.gives.drawn):
        for piece in model.pieces(seed + index, chosen, **arguments):
            sys.stdout.write(piece)
            sys.stdout.flush()
        print()


def is_interpolation(model: Any, out: Path) -> bool:
    """Whether a file is an animation, which shows an interpolation, and the model can interpolate."""
    from aigc_tf.families.tasks import Decodes

    return out.suffix in model.gives.moving and isinstance(model, Decodes)


def take_over(run: Path, given: Mapping[str, Any]) -> None:
    """Run the command that a flag is short for.

    Raises:
        InputError: there are several, or flags that it does not take.
    """
    name, *others = [name for name in COMMANDS if name in given]
    if others:
        raise InputError(f"--{name} and --{others[0]} are different commands: choose one")
    COMMANDS[name].run(run, **fitting(name, given, f"--{name}"))


def fitting(name: str, given: Mapping[str, Any], what: str) -> dict[str, Any]:
    """The arguments of a command for the flags that are given.

    Raises:
        InputError: one of the flags belongs to another command.
    """
    arguments = COMMANDS[name].arguments
    strange = [word for word in given if word not in arguments and word != name]
    if strange:
        raise InputError(f"{what} has no {flag(strange[0])}: leave it out")
    return {arguments[word]: value for word, value in given.items() if word in arguments}


def refuse_stray(given: Iterable[str]) -> None:
    """Raise InputError if a flag is given that needs another."""
    for name in given:
        owner = next(owner for owner, command in COMMANDS.items() if name in command.arguments)
        raise InputError(f"{flag(name)} is an option of --{owner}: give --{owner}, too")


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    run_command(sample, "sample_options", arguments)
