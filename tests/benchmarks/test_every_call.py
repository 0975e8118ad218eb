"""Crash consistency: work killed before any of its writing system calls resumes exactly."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from aigc_tf.runs.cost import in_words
from aigc_tf.runs.progress import Progress
from aigc_tf.storage.files import staging, write_text
from tests.workers import ROOT
from tools.benchmarks.calls import Call, is_possible, watched
from tools.benchmarks.every_call import Snapshots, differences

pytestmark = pytest.mark.skipif(not is_possible(), reason="system calls are stopped on Linux on x86-64 only")


def content(folder: Path) -> dict[str, bytes | None]:
    """Contents of all files and folders, without the random parts of temporary names."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder)).split(".partial")[0].rpartition(".")[0] or str(path.relative_to(folder))
        found[name] = path.read_bytes() if path.is_file() else None
    return found


def test_a_copy_is_what_a_killed_process_leaves(tmp_path: Path) -> None:
    """Before each call, of Python and of its child processes; the process is forked, as in the benchmark."""
    place, log = tmp_path / "place", tmp_path / "log"

    def work() -> None:
        (place / "b.log").open("ab", buffering=0).write(b"line")
        write_text(place / "a.txt", "new")
        with staging(place / "made") as folder:
            (folder / "c.txt").write_text("c")
            (folder / "c.txt").rename(place / "c.txt")
        subprocess.run([sys.executable, "-c", f"open({str(place / 'd.txt')!r}, 'w').write('d')"], check=True)

    def fresh() -> None:
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        (place / "a.txt").write_text("old")

    fresh()
    copies = Snapshots(place, tmp_path / "copies")
    assert watched(work, place, copies, log) == 0, log.read_text()
    assert {"openat", "write", "fsync", "rename", "mkdir", "unlink"} <= copies.calls.keys()
    assert (place / "a.txt").read_text() == "new" and (place / "d.txt").read_text() == "d"
    assert len(copies.states) >= 10
    for number, call in copies.states:

        def before(at: int, _: Call, last: int = number) -> bool:
            return at < last

        fresh()
        assert watched(work, place, before, log) == -9
        assert content(place) == content(tmp_path / "copies" / str(number)), call


def test_what_is_lost_changed_or_left_over_is_seen(tmp_path: Path) -> None:
    for name in ("whole", "other"):
        (tmp_path / name).mkdir()
        for file in ("same", "changed", "free"):
            (tmp_path / name / file).write_text(file)
    (tmp_path / "whole" / "lost").touch()
    for file in ("more", "more.12.partial"):
        (tmp_path / "other" / file).touch()
    (tmp_path / "other" / "changed").write_text("x")
    (tmp_path / "other" / "free").write_text("x")
    found = differences(tmp_path / "whole", tmp_path / "other", {"same", "changed", "lost"})
    assert found == ["lost lost", "left over more", "another changed"]


@pytest.mark.parametrize(("steps", "found"), [(3, []), (4, ["another README.md"])])
def test_a_card_is_the_same_whatever_the_time_was(tmp_path: Path, steps: int, found: list[str]) -> None:
    for name, number, seconds in (("whole", 3, 1), ("other", steps, 2)):
        (tmp_path / name).mkdir()
        cost = in_words(Progress(number, seconds=seconds, processor_seconds=seconds))
        (tmp_path / name / "README.md").write_text(f"Trained for {number} steps. {cost}\n")
    assert differences(tmp_path / "whole", tmp_path / "other", {"README.md"}) == found


def test_training_and_sampling_survive_at_some_of_their_calls() -> None:
    """The benchmark tries all calls. It forks: it runs in a separate process."""
    works = ("training of a GAN", "sampling")
    words = ["tools.benchmark", "faults", "--every-call", "--most", "3", "--json", "--works", *works]
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(
        [sys.executable, "-m", *words], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout.splitlines()[-1])["works"]
    for work in works:
        assert report[work]["failures"] == [] and report[work]["tried"] >= 2
    assert report["training of a GAN"]["calls"]["fsync"] > 20
