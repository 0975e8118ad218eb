"""Kill a command before each of its writing system calls, run it again, and compare with an undisturbed run."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shutil
import signal
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from tqdm import tqdm

from aigc_tf.errors import InputError
from aigc_tf.runs.paths import CARD
from aigc_tf.storage.files import PARTIAL
from tools.benchmarks.calls import PATIENCE_SECONDS, Call, is_possible, unwatched, watched
from tools.benchmarks.faults import file_names, logged, same_arrays
from tools.benchmarks.tables import markdown
from tools.benchmarks.works import WORKS, Do, Work, done_in, make_pictures, pictures_of

HARMLESS = {"fsync", "fdatasync"}
"""Calls that do not change files."""
COST = re.compile(r"It took [\d,]+ s of training.*")  # a sentence of the model card
SHOWN = 5  # failures shown per work

State = tuple[int, Call]
"""The index of a call, which names the snapshot taken before it, and the call."""


@dataclass
class Found:
    """Results of one work."""

    calls: dict[str, int]
    """Number of calls in its folder, by name."""
    tried: int = 0
    failures: list[str] = field(default_factory=list)
    left: int = 0
    """How often a temporary file of the killed process was left over."""
    seconds: float = 0


def every_call(works: Collection[str] = (), most: int | None = None) -> dict[str, Any]:
    """Recovery of each work after a kill before each of its writing system calls.

    Nothing is really killed: while the process waits at a call, its folder is copied, in the state that a kill would
    leave. Calls between which nothing has changed, or only the contents of temporary files (`.partial`), which nothing
    reads, count as one.

    Args:
        works: names of `WORKS`; all if empty.
        most: maximum number of calls tried per work, evenly spread; all if None.

    Raises:
        InputError: this system cannot stop processes at their system calls.
    """
    if not is_possible():
        raise InputError("only Linux on x86-64 lets a program stop another one at its system calls, as this does")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        pictures_of(folder / "place").mkdir()
        make_pictures(pictures_of(folder / "place"))
        found = {work: disturbed(work, WORKS[work], folder, most) for work in tqdm(works or WORKS)}
    return {"works": {work: dataclasses.asdict(one) for work, one in found.items()}}


def disturbed(name: str, work: Work, folder: Path, most: int | None) -> Found:
    """Run a work undisturbed, then again from each snapshot; all in one folder, since files contain its path."""
    started = time.perf_counter()
    stage = Stage(folder)
    stage.prepare(work)
    stage.do(work.do)
    whole = stage.keep("whole")
    stage.restore("base")
    stage.do(work.do)
    equal = {name for name in file_names(whole) if is_same(whole, stage.place, name)}
    stage.restore("base")
    before = Snapshots(stage.place, folder / "snapshots")
    status = watched(done_in(stage.place, work.do), stage.place, before, stage.log)
    if status:
        raise RuntimeError(f"{name} ended with status {status}: {stage.log.read_text()}")
    found = Found(dict(before.calls.most_common()))
    left = before.states if most is None else before.states[:: -(-len(before.states) // most)]
    found.tried = len(left)
    while left:
        results = stage.folder / "results.jsonl"
        results.write_text("")
        unwatched(partial(try_again, stage, work.do, left, whole, equal, results), stage.log)
        lines = [json.loads(line) for line in results.read_text().splitlines()]
        found.left += sum(line["left"] for line in lines)
        found.failures += [f"{name}, {line['where']}: {line['lost']}" for line in lines if line["lost"]]
        if len(lines) < len(left):
            found.failures.append(f"{name}, {where(*left[len(lines)])}: it ended: {stage.log.read_text()[-500:]}")
        left = left[len(lines) + 1 :]
    stage.clear()
    found.seconds = time.perf_counter() - started
    return found


def try_again(stage: Stage, do: Do, states: list[State], whole: Path, equal: set[str], results: Path) -> None:
    """Run a work again from several snapshots, in one process, to start TensorFlow only once."""
    for number, call in states:
        stage.restore(f"snapshots/{number}")
        signal.alarm(PATIENCE_SECONDS)
        try:
            done_in(stage.place, do)()
            lost = differences(whole, stage.place, equal)
        except (SystemExit, Exception):  # counted as a failure
            lost = [traceback.format_exc()[-1000:]]
        left = any(PARTIAL in path.name for path in stage.place.rglob("*"))
        with results.open("a") as file:
            file.write(json.dumps({"where": where(number, call), "lost": "; ".join(lost), "left": left}) + "\n")


def where(number: int, call: Call) -> str:
    """Description of a call."""
    return f"before call {number}, {call.name} of {call.path.name}"


class Stage:
    """A working folder, and its named copies."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.place, self.log = folder, folder / "place", folder / "log"

    def prepare(self, work: Work) -> None:
        """Run the prerequisites of a work, and keep the result as "base"."""
        self.place.mkdir()
        for do in work.after:
            self.do(do)
        self.keep("base")

    def do(self, do: Do) -> None:
        """Run `do` in a separate process, undisturbed."""
        status = unwatched(done_in(self.place, do), self.log)
        if status:
            raise RuntimeError(f"status {status}: {self.log.read_text()}")

    def keep(self, name: str) -> Path:
        """Copy the working folder."""
        return Path(shutil.copytree(self.place, self.folder / name, symlinks=True))

    def restore(self, name: str) -> None:
        """Restore the working folder from a copy."""
        shutil.rmtree(self.place)
        shutil.copytree(self.folder / name, self.place, symlinks=True)

    def clear(self) -> None:
        """Remove the working folder and its copies."""
        for name in ("place", "base", "whole", "snapshots"):
            shutil.rmtree(self.folder / name)


class Snapshots:
    """Copies a folder before each call at which it has changed."""

    def __init__(self, place: Path, target: Path) -> None:
        self.place, self.target = place, target
        target.mkdir()
        self.calls: Counter[str] = Counter()
        self.states: list[State] = []
        self._last: dict[str, tuple[int, ...]] = {}
        self._written: str | None = None

    def __call__(self, number: int, call: Call) -> bool:
        self.calls[call.name] += 1
        now = {str(path.relative_to(self.place)): state_of(path) for path in self.place.rglob("*")}
        if not self.states or self._written is not None or what_counts(now) != what_counts(self._last):
            self._copy(number, now)
            self.states.append((number, call))
            self._last, self._written = now, None
        if call.name not in HARMLESS and PARTIAL not in str(call.path):
            # Its modification time may not change: file system clocks are coarse.
            self._written = str(call.path.relative_to(self.place))
        return True

    def _copy(self, number: int, now: dict[str, tuple[int, ...]]) -> None:
        """Copy changed files; hard-link unchanged ones to the previous copy."""
        copy = self.target / str(number)
        copy.mkdir()
        last = self.target / str(self.states[-1][0] if self.states else number)
        for name, state in sorted(now.items()):
            path = self.place / name
            if path.is_dir():
                (copy / name).mkdir()
            elif self._last.get(name) == state and name != self._written:
                os.link(last / name, copy / name)
            else:
                shutil.copyfile(path, copy / name, follow_symlinks=False)


def what_counts(states: dict[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
    """The states without the contents of temporary files and folders, which nothing reads; their existence counts."""
    return {
        name: () if PARTIAL in name else state for name, state in states.items() if f"{PARTIAL}{os.sep}" not in name
    }


def state_of(path: Path) -> tuple[int, ...]:
    """Changes when the file does, except for writes within one clock tick."""
    status = path.lstat()
    return (status.st_ino, status.st_size, status.st_mtime_ns) if not path.is_dir() else (status.st_ino,)


def differences(whole: Path, other: Path, equal: set[str]) -> list[str]:
    """Differences of a disturbed work: its file names, and contents that are equal in two undisturbed ones."""
    names, others = file_names(whole), {name for name in file_names(other) if PARTIAL not in name}
    found = [f"lost {name}" for name in sorted(names - others)]
    found += [f"left over {name}" for name in sorted(others - names)]
    return found + [f"another {name}" for name in sorted(equal & others) if not is_same(whole, other, name)]


def is_same(whole: Path, other: Path, name: str) -> bool:
    """Whether two files are equal, except for durations."""
    one, two = whole / name, other / name
    if not (one.is_file() and two.is_file()):
        return one.is_dir() and two.is_dir()
    if one.suffix == ".npz":
        return same_arrays(one, two)
    if one.name == "metrics.jsonl":
        return logged(one) == logged(two)
    if one.parent.name == "features" and one.suffix == ".json":
        records = [json.loads(path.read_text()) | {"training_seconds": None} for path in (one, two)]
        return records[0] == records[1]
    if one.name == CARD:
        cards = [COST.sub("", path.read_text()) for path in (one, two)]
        return cards[0] == cards[1]
    return one.read_bytes() == two.read_bytes()


def table(report: dict[str, Any]) -> str:
    """The report for docs/RESULTS.md."""
    rows = [
        (
            name,
            sum(found["calls"].values()),
            ", ".join(f"{count} {call}" for call, count in found["calls"].items()),
            found["tried"],
            found["tried"] - len(found["failures"]),
            found["left"],
            round(found["seconds"]),
        )
        for name, found in report["works"].items()
    ]
    columns = ("work", "calls that write", "of these", "states tried", "survived", "with a `.partial` left", "seconds")
    failures = [failure for found in report["works"].values() for failure in found["failures"][:SHOWN]]
    return "\n\n".join([markdown(columns, rows), *failures])
