"""The command line: recipe fields become flags, errors become one line."""

from __future__ import annotations

import argparse
import errno
import io
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

from aigc_tf.cli.checks import require_place
from aigc_tf.cli.newest import with_newest_run
from aigc_tf.cli.program import program, short_name
from aigc_tf.cli.quiet import quiet
from aigc_tf.data.paths import refuse_missing
from aigc_tf.errors import InputError, printable
from aigc_tf.recipes.base import Recipe
from aigc_tf.runs.folder import find_run_folder, new_run_folder, read_recipe, recipe_in
from aigc_tf.runs.run import Run

BAD_INPUT = 2
FAILED = 1
INTERRUPTED = 130
# Errors that are not the program's fault; those raised while a file is read or written lack its name.
_OF_THE_SYSTEM = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.ESTALE, errno.EMFILE, errno.ENFILE, errno.ENOMEM}

CONFIG = (tyro.conf.FlagCreatePairsOff,)


@contextmanager
def friendly_exit() -> Iterator[None]:
    """Exit with the contract's statuses and a one-line message: bad input 2, interrupted 130, failed work 1."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # TensorFlow's start-up chatter
    quiet()
    if isinstance(sys.stdout, io.TextIOWrapper):  # a terminal that cannot show a character gets its escape
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        yield
    except InputError as error:
        _exit(BAD_INPUT, str(error))
    except OSError as error:
        if error.filename is None and error.errno not in _OF_THE_SYSTEM:
            raise
        _exit(BAD_INPUT, f"{error.filename or 'a file'}: {error.strerror}")
    except MemoryError as error:
        _exit(BAD_INPUT, _too_large(error))
    except KeyboardInterrupt as error:
        _exit(INTERRUPTED, f"interrupted{': ' if error.args else ''}{error}")
    except Exception as error:
        if type(error).__name__ == "ResourceExhaustedError":  # TensorFlow's, which need not have been imported
            _exit(BAD_INPUT, _too_large(error))
        if isinstance(error, RuntimeError) and type(error).__module__.partition(".")[0] == "aigc_tf":
            _exit(FAILED, str(error))
        raise  # a bug of the program: its traceback is wanted


def _too_large(error: BaseException) -> str:
    what = " ".join(str(error).partition("[Op:")[0].split()) or "an array"
    return f"there is not enough memory ({what}): ask for fewer or smaller examples at once"


def _exit(status: int, message: str) -> None:
    print(f"{short_name()}: {printable(message)}", file=sys.stderr)
    raise SystemExit(status)


def command(function: Callable[..., Any], arguments: Sequence[str] | None = None) -> None:
    """Run `function` with arguments from the command line; its annotations and docstring define the flags."""
    with friendly_exit():
        call(with_newest_run(function), arguments)


def call(function: Callable[..., Any], arguments: Sequence[str] | None) -> Any:
    """Parse arguments by a function's signature, and call it; returns what it returns."""
    return tyro.cli(function, args=arguments, prog=program(), config=CONFIG)


def train_command(
    recipe: type[Recipe], arguments: Sequence[str] | None = None, together: Callable[[], Any] | None = None
) -> None:
    """The main of a trainer: every field of `recipe` is a flag, `--images.height 64` for nested ones.

    Flags default to the recipe's own fields; with --resume to those of the run, so that they need not be given again;
    with --printed to those that the article prints (`printed()`); with --recipe to those of a file.

    Args:
        recipe: the recipe to train.
        arguments: the flags; those of the process by default.
        together: creates the strategy of federated clients, once TensorFlow is imported.
    """
    words = sys.argv[1:] if arguments is None else list(arguments)
    with friendly_exit():
        refuse_epochs(words)
        call(training(recipe, _defaults(recipe, words), together), words)


def training(kind: type[Recipe], defaults: Recipe, together: Callable[[], Any] | None = None) -> Callable[..., None]:
    """The main function of a trainer, for tyro.

    Args:
        kind: the recipe's class.
        defaults: the recipe that the flags change.
        together: see `train_command`.
    """

    def main(
        recipe: Annotated[Recipe, tyro.conf.arg(name="")],
        run_dir: Path | None = None,
        resume: bool = False,
        strategy: Literal["one", "mirrored", "multi_worker"] = "one",
        printed: bool = False,
        begin_with: Annotated[Path | None, tyro.conf.arg(name="recipe")] = None,
    ) -> None:
        """Train.

        Args:
            recipe: what to train.
            run_dir: The run's folder; a new one in saved_models/ if not given.
            resume: Continue the run in --run-dir, or the newest, exactly where it was saved.
            strategy: One device, all devices of this machine, or all workers that TF_CONFIG names (docs/SCALING.md).
            printed: Use the layers and settings that an article prints as defaults (docs/DOCUMENTS.md).
            begin_with: Take the defaults from a JSON file: the best.json of tools.search, or a run's recipe.json.
        """
        if strategy != "multi_worker":  # the others find what the chief has made
            require_paths(recipe, run_dir, resume)
        if together is not None and strategy != "one":
            raise InputError(f"--strategy is {strategy}: clients are simulated on one device, leave it out")
        from aigc_tf.engine.training import train

        run = train(recipe, run_dir, resume, strategy=strategy if together is None else together())
        print(run.path)

    main.__annotations__["recipe"] = Annotated[kind, tyro.conf.arg(name="")]
    main.__defaults__ = (defaults, None, False, "one", False, None)
    main.__doc__ = (kind.__doc__ or "") + "\n\n" + (main.__doc__ or "").partition("\n\n")[2]
    return main


def refuse_epochs(words: Sequence[str]) -> None:
    """Raise InputError for --epochs and the like, which other programs use for the length of training."""
    for word in words:
        name = word.partition("=")[0].replace("_", "-")
        if name in ("--epoch", "--epochs", "--num-epochs"):
            raise InputError(
                f"there is no {name}: give --steps; an epoch has as many as there are training examples, divided by "
                "--batch-size"
            )


def require_paths(recipe: Recipe, run_dir: Path | None, resume: bool) -> None:
    """Raise InputError or OSError for unusable paths early, before TensorFlow is imported."""
    refuse_missing(recipe.source)
    if recipe.start_from is not None:
        Run.open(recipe.start_from)
    if not resume:
        require_place(new_run_folder(recipe, run_dir))


def _defaults(recipe: type[Recipe], arguments: Sequence[str]) -> Recipe:
    """The recipe that the flags change: the class's default, the article's, a file's, or with --resume the run's."""
    first = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    first.add_argument("--run-dir", "--run_dir")
    first.add_argument("--resume", action="store_true")
    first.add_argument("--printed", action="store_true")
    first.add_argument("--recipe", type=Path)
    given, _ = first.parse_known_args(arguments)
    if given.recipe is not None:
        return _from_file(recipe, given)
    if given.printed:
        return _printed(recipe, given.resume)
    if not given.resume:
        return recipe()
    path = find_run_folder(recipe, given.run_dir)
    recorded = read_recipe(path)
    if not isinstance(recorded, recipe):
        trainer = program().removesuffix(recipe.slug()) + recorded.slug()
        raise InputError(f"{path} is a run of {recorded.slug()}: resume it with {trainer}")
    return recorded


def _from_file(recipe: type[Recipe], given: argparse.Namespace) -> Recipe:
    """The recipe in a JSON file."""
    if given.resume or given.printed:
        raise InputError("--recipe is for a new run: leave out --resume and --printed")
    found = recipe_in(given.recipe)
    if not isinstance(found, recipe):
        raise InputError(f"{given.recipe} is a recipe of {found.slug()}: train it with that trainer")
    return found


def _printed(recipe: type[Recipe], resume: bool) -> Recipe:
    """The recipe with the settings that an article prints; an inherited `printed` belongs to another recipe."""
    if resume:
        raise InputError("--printed is for a new run: leave it out with --resume, the run has its recipe")
    if "printed" not in vars(recipe):
        from aigc_tf.recipes.registry import recipe_classes

        names = ", ".join(name for name, other in recipe_classes().items() if "printed" in vars(other))
        raise InputError(f"no article describes {recipe.slug()}: --printed is for {names}")
    return recipe.printed()
