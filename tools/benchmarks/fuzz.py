"""Fuzzing: give damaged and hostile files to everything that reads files, and count the outcomes."""

from __future__ import annotations

import io
import os
import random
import shutil
import signal
import sys
import tempfile
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from typing import Any

from tqdm import tqdm

from aigc_tf.data.files import read_text
from aigc_tf.data.images.folder import open_folder
from aigc_tf.data.images.npz import open_npz
from aigc_tf.data.images.prepare import decode_image
from aigc_tf.data.ratings.table import read_ratings
from aigc_tf.data.series.files import read_csv, read_npz
from aigc_tf.data.tables.reading import read_file as read_rows
from aigc_tf.errors import InputError, UnreadableError
from aigc_tf.export import flatbuffer
from aigc_tf.families.base import GenerativeModel
from aigc_tf.recipes.images import ImageSettings
from aigc_tf.recipes.recommendation import RatingSettings
from aigc_tf.recipes.registry import recipe_classes
from aigc_tf.recipes.tables import TableSettings
from aigc_tf.runs import checkpoints, environment
from aigc_tf.runs.folder import read_recipe
from aigc_tf.runs.run import Run
from aigc_tf.runs.session import put_in_order
from tools import tflite_demo
from tools.benchmarks import media, specimens, surroundings
from tools.benchmarks.mutations import damaged, damaged_json
from tools.benchmarks.tables import markdown

REFUSALS = (InputError, UnreadableError)
SMALL = ImageSettings(height=8, width=8)
SMALL_AND_TOLERANT = ImageSettings(height=8, width=8, max_unreadable=0.5)
TRAP = "sprung"  # file that would be created by importing a module or by unpickling
CACHE = "cache"
Case = Callable[[Path, random.Random], None]
"""Creates one case in an empty folder, and reads it."""

WORKING_SECONDS, WAITING_SECONDS = 10, 100
"""Limits per case: CPU time of all cores together, and wall time, which includes the load of other programs."""
MEMORY = 10**9  # additional bytes that a case may allocate


class TooLongError(BaseException):
    """A case exceeded its time limit; a BaseException, so that tested code does not catch it."""


def fuzz(cases: int, seed: int = 0, only: Collection[str] = ()) -> dict[str, Any]:
    """Outcomes of random cases for each reader.

    Args:
        cases: number of cases per reader.
        seed: random seed of the cases.
        only: names of readers; all if empty.

    Returns:
        "readers": by name how many were accepted, refused with one line, and failed otherwise; "failures": distinct
        tracebacks; "escaped": files written outside the folder of a case, including by executed code.
    """
    counts: dict[str, Counter[str]] = {}
    failures: list[str] = []
    with tempfile.TemporaryDirectory() as name, trapped(Path(name)) as outside, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NumPy's and Pillow's, on input that they repair
        before = snapshot(outside)
        for reader, case in readers(Path(name) / "templates", outside).items():
            if only and reader not in only:
                continue
            found = counts.setdefault(reader, Counter(accepted=0, refused=0, failed=0))
            for number in tqdm(range(cases), reader):
                kind, message = outcome(case, Path(name) / "case", random.Random(f"{seed} {reader} {number}"))
                found[kind] += 1
                if kind == "failed" and not any(message[-100:] in failure for failure in failures):
                    failures.append(f"{reader}, case {number}: {message}")
        escaped = sorted(f"{path}" for path, _ in before ^ snapshot(outside))
    return {"cases": cases, "readers": counts, "failures": failures, "escaped": escaped}


def outcome(case: Case, folder: Path, chance: random.Random) -> tuple[str, str]:
    """The outcome ("accepted", "refused" or "failed") and the reason."""
    folder.mkdir()
    place = Path.cwd()
    forget_peak()
    try:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()), limited():
            case(folder, chance)
    except REFUSALS as error:
        return ("refused", "") if str(error).isprintable() else ("failed", f"not one line: {str(error)[:300]!r}")
    except OSError as error:  # as in `friendly_exit`
        return ("refused", "") if error.filename else ("failed", traceback.format_exc())
    except (Exception, TooLongError):  # counted as a failure
        return "failed", traceback.format_exc()
    else:
        return "accepted", ""
    finally:
        os.chdir(place)
        shutil.rmtree(folder)
        shutil.rmtree(folder.with_name(CACHE), ignore_errors=True)


@contextmanager
def limited() -> Iterator[None]:
    """Raises TooLongError when the time limit is exceeded, and RuntimeError at the end if too much memory was used."""

    def stop(number: int, _: object) -> None:
        raise TooLongError("it waits" if number == signal.SIGALRM else "it computes without end")

    limits = {
        signal.SIGPROF: (signal.ITIMER_PROF, WORKING_SECONDS),
        signal.SIGALRM: (signal.ITIMER_REAL, WAITING_SECONDS),
    }
    taken = peak()
    before = {number: signal.signal(number, stop) for number in limits}
    for timer, seconds in limits.values():
        signal.setitimer(timer, seconds)
    try:
        yield
    finally:
        for number, (timer, _) in limits.items():
            signal.setitimer(timer, 0)
            signal.signal(number, before[number])
        if (more := peak() - taken) > MEMORY:
            raise RuntimeError(f"{more / 1e9:.1f} GB of memory")


def forget_peak() -> None:
    """Reset Linux's peak memory of this process."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def peak() -> int:
    """Peak memory of the process since the reset, in bytes; 0 if not available."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return 0
    return 1000 * int(status.partition("VmHWM:")[2].split()[0])


@contextmanager
def trapped(folder: Path) -> Iterator[Path]:
    """A folder that must stay unchanged: a file, a module on Python's path, and the current directory.

    The cache is next to it.
    """
    outside = folder / "outside"
    outside.mkdir()
    (outside / "private.txt").write_text("private")
    (outside / "trap.py").write_text(f"from pathlib import Path\n(Path(__file__).parent / '{TRAP}').touch()\n")
    before, cache = Path.cwd(), os.environ.get("AIGC_TF_CACHE")
    os.environ["AIGC_TF_CACHE"] = str(folder / CACHE)
    os.chdir(outside)
    sys.path.insert(0, str(outside))
    sys.dont_write_bytecode, compiled = True, sys.dont_write_bytecode
    try:
        yield outside
    finally:
        sys.dont_write_bytecode = compiled
        sys.path.remove(str(outside))
        os.chdir(before)
        os.environ.pop("AIGC_TF_CACHE")
        if cache is not None:
            os.environ["AIGC_TF_CACHE"] = cache


class Trap:
    """Creates a file when unpickled."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / TRAP

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


def snapshot(folder: Path) -> set[tuple[Path, bytes]]:
    """All files of a folder, with their contents."""
    return {(path, path.read_bytes()) for path in folder.rglob("*") if path.is_file()}


def readers(templates: Path, outside: Path) -> dict[str, Case]:
    """Every reader by name."""
    models = specimens.runs(templates)
    now = environment.environment()
    recipes = [recipe().to_json() for recipe in recipe_classes().values()]
    pictures, archives = specimens.pictures(), specimens.archives(Trap(outside))

    def recipe(folder: Path, chance: random.Random) -> None:
        (folder / "recipe.json").write_text(damaged_json(chance.choice(recipes), chance))
        read_recipe(folder)

    def run(folder: Path, chance: random.Random) -> None:
        copy, model = disturbed(folder, chance)
        for checkpoint in ("last", "best"):
            opened = Run.open(copy, checkpoint)
            opened.assets()
            checkpoints.restore(checkpoints.path_of(copy / "checkpoints", opened.step), model.state())
            opened.write_card()

    def resumed_run(folder: Path, chance: random.Random) -> None:
        copy, model = disturbed(folder, chance)
        recipe = read_recipe(copy)
        progress = put_in_order(copy, recipe, now)
        if progress.step:
            checkpoints.restore(checkpoints.path_of(copy / "checkpoints", progress.step), model.state())
        Run(copy, recipe, progress).write_card()

    def disturbed(folder: Path, chance: random.Random) -> tuple[Path, GenerativeModel]:
        template = chance.choice(list(models))
        copy = shutil.copytree(template, folder / "run")
        specimens.disturb(copy, chance, outside)
        return copy, models[template]

    def image(folder: Path, chance: random.Random) -> None:
        decode_image(damaged(chance.choice(pictures), chance), SMALL)

    def folder_of_images(folder: Path, chance: random.Random) -> None:
        for content in chance.sample(pictures[:-1], 5):
            name = os.fsencode(specimens.strange_name(chance))
            Path(os.fsdecode(bytes(folder) + b"/" + name)).write_bytes(
                content if chance.random() < 0.7 else damaged(content, chance)
            )
        open_folder(folder, SMALL_AND_TOLERANT)

    def archive_of_images(folder: Path, chance: random.Random) -> None:
        open_npz(write(folder / "images.npz", maybe_damaged(chance.choice(archives), chance)), SMALL)

    def archive_of_series(folder: Path, chance: random.Random) -> None:
        read_npz(write(folder / "series.npz", maybe_damaged(chance.choice(archives), chance)), ())

    def text(folder: Path, chance: random.Random) -> None:
        encoding = chance.choice(["utf-8", "utf-8", "utf-16", "latin-1"])
        read_text(write(folder / "text.txt", damaged(specimens.TEXT.encode(encoding, "replace"), chance)))

    def table(folder: Path, chance: random.Random) -> None:
        strange = specimens.strange_table(chance).encode(chance.choice(["utf-8", "utf-8-sig", "utf-16", "gb18030"]))
        content = strange if chance.random() < 0.5 else damaged(specimens.TABLE.encode(), chance)
        path = write(folder / "table.csv", content)
        if chance.random() < 0.5:
            read_rows(path, TableSettings())
        read_csv(path, chance.choice([(), ("wind",), ("nothing",)]))

    def ratings(folder: Path, chance: random.Random) -> None:
        content = damaged(specimens.RATINGS.encode(), chance)
        read_ratings(write(folder / "ratings.csv", content), RatingSettings())

    def file(folder: Path, chance: random.Random) -> None:
        path = write(folder / "model.tflite", specimens.tflite_file(chance))
        for read in (flatbuffer.read_metadata, tflite_demo.read_metadata):
            try:
                read(path)
            except ValueError as error:  # the demo program is standalone: it has no InputError
                raise InputError(str(error)) from error

    return {
        "recipes": recipe,
        "run folders": run,
        "run folders, resumed": resumed_run,
        "image files": image,
        "folders of images": folder_of_images,
        ".npz of images": archive_of_images,
        ".npz of series": archive_of_series,
        "text files": text,
        "CSV files": table,
        "tables of ratings": ratings,
        ".tflite metadata": file,
        **surroundings.cases(models),
        **media.cases(),
    }


def maybe_damaged(content: bytes, chance: random.Random) -> bytes:
    """The content, damaged with probability 0.5."""
    return damaged(content, chance) if chance.random() < 0.5 else content


def write(path: Path, content: bytes) -> Path:
    """Write a file; returns its path."""
    path.write_bytes(content)
    return path


def table(report: dict[str, Any]) -> str:
    """The report for docs/RESULTS.md."""
    rows = [
        (reader, sum(found.values()), found["accepted"], found["refused"], found["failed"])
        for reader, found in report["readers"].items()
    ]
    escaped = ", ".join(report["escaped"]) or "nothing"
    return "\n\n".join(
        [
            markdown(("reader", "cases", "accepted", "refused in one line", "traceback"), rows),
            f"Run, or written outside the folder of a case: {escaped}.",
            *report["failures"],
        ]
    )
