"""Fault injection: kill training at random moments, damage its files, and compare the result with an intact run."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from aigc_tf.runs import checkpoints
from aigc_tf.runs.recovery import DAMAGED
from aigc_tf.storage.files import LOCK, PARTIAL
from tools.benchmarks.tables import markdown

NEVER = 10**9  # steps
MORE_STEPS = 20  # steps after the last kill
LONGEST_LIFE_SECONDS = 0.5  # longest training time before a kill
PATIENCE_SECONDS = 180
SMALL_DISK, LARGE_DISK = "600k", "64m"  # a checkpoint takes 170 kB
PAGE = "4k"  # the smallest disk


@dataclass(frozen=True)
class Trainer:
    """Trains a tiny DCGAN in separate processes, with a checkpoint every step."""

    folder: Path
    """Contains the pictures, the runs and the cache."""
    measured: bool
    """Whether quality is evaluated, too; this trains a feature network once."""

    def command(self, run: str, steps: int) -> list[str]:
        """Command line that trains to a step, resuming the run if it exists."""
        evaluate_every = "13" if self.measured else str(NEVER)
        arguments = ["--source", str(self.folder / "pictures.npz"), "--run-dir", str(self.folder / run)]
        arguments += ["--images.height", "16", "--images.width", "16", "--latent-dim", "8", "--batch-size", "8"]
        arguments += ["--generator-filters", "16", "8", "8", "--discriminator-filters", "8", "8"]
        arguments += ["--steps", str(steps), "--checkpoints.every", "1", "--logging.samples-every", "7"]
        arguments += ["--logging.scalars-every", "1", "--logging.keep-samples", "5"]
        arguments += ["--logging.evaluate-every", evaluate_every, "--logging.evaluate-samples", "50"]
        resume = ["--resume"] if (self.folder / run / "recipe.json").is_file() else []
        return [sys.executable, "-m", "trainers.dcgan", *arguments, *resume]

    def start(self, run: str, steps: int, prefix: tuple[str, ...] = ()) -> subprocess.Popen[str]:
        """Start a training process."""
        environment = os.environ | {"AIGC_TF_CACHE": str(self.folder / "cache")}
        words = [*prefix, *self.command(run, steps)]
        return subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def train(self, run: str, steps: int) -> tuple[int, str]:
        """Train to the end; returns exit status and last line of stderr."""
        return ended(self.start(run, steps))

    def steps(self, run: str) -> list[int]:
        """Steps of a run's checkpoints."""
        return checkpoints.steps(self.folder / run / "checkpoints")

    def wait_for_progress(self, run: str, process: subprocess.Popen[str]) -> None:
        """Wait until a process has saved a new checkpoint."""
        before = self.steps(run)[-1:]
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.steps(run)[-1:] == before:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"training of {run} made no step: {ended(process)}")
            time.sleep(0.01)


def faults(kills: int, seed: int = 0, measured: bool = True, causes: Collection[str] | None = None) -> dict[str, Any]:
    """Recovery of a run that is killed repeatedly, and of runs with other faults.

    Args:
        kills: number of SIGKILLs, each at a random moment up to half a second after the first step.
        seed: random seed of the moments.
        measured: evaluate quality during training, so that there is a best checkpoint to lose.
        causes: names of `FAULTS` to inject as well; all if None.

    Returns:
        "kills": results of the killed run; "faults": each fault, its message and whether the run ends as an
        undisturbed one; "seconds".
    """
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as name:
        trainer = Trainer(Path(name), measured)
        pictures = np.random.default_rng(0).integers(0, 256, (200, 16, 16), np.uint8)
        np.savez(trainer.folder / "pictures.npz", images=pictures)
        killed = kill_again_and_again(trainer, kills, random.Random(seed))
        rows = [
            {"fault": what} | cause(trainer, killed["steps"])
            for what, cause in FAULTS.items()
            if causes is None or what in causes
        ]
    return {"kills": killed, "faults": rows, "seconds": round(time.perf_counter() - start)}


def kill_again_and_again(trainer: Trainer, kills: int, moments: random.Random) -> dict[str, Any]:
    """Kill and resume a run repeatedly, then compare it with an undisturbed one; both are kept for other faults."""
    writing = 0
    for _ in range(kills):
        process = trainer.start("killed", NEVER // 10)
        trainer.wait_for_progress("killed", process)
        time.sleep(moments.uniform(0, LONGEST_LIFE_SECONDS))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        writing += any((trainer.folder / "killed").rglob(f"*{PARTIAL}"))
    steps = trainer.steps("killed")[-1] + MORE_STEPS
    for run in ("killed", "whole"):
        status, said = trainer.train(run, steps)
        if status:
            raise RuntimeError(f"the {run} run ended with status {status}: {said}")
    found = differences(trainer.folder / "whole", trainer.folder / "killed")
    return {"kills": kills, "while a file was written": writing, "steps": steps, "differences": found}


def differences(whole: Path, other: Path) -> list[str]:
    """Differences between two finished runs, except for durations; empty if the second lost nothing."""
    names, others = file_names(whole), file_names(other)
    found = [f"lost {name}" for name in sorted(names - others)]
    found += [f"left over {name}" for name in sorted(others - names)]
    for name in sorted(names & others):
        if name.endswith(".npz"):
            same = same_arrays(whole / name, other / name)
        elif name == "metrics.jsonl":
            same = logged(whole / name) == logged(other / name)
        elif name.startswith("samples/") or name == "checkpoints/best.json":
            same = (whole / name).read_bytes() == (other / name).read_bytes()
        else:
            continue  # they contain the run's name, folder and date
        if not same:
            found.append(f"another {name}")
    return found


def file_names(run: Path) -> set[str]:
    """Names of a run's files, except damaged ones set aside; for event files, named by time, their folder."""
    files = (path for path in run.rglob("*") if path.is_file() and path.name != LOCK and DAMAGED not in path.suffixes)
    paths = [path.relative_to(run) for path in files]
    return {str(path.parent if "tfevents" in path.name else path) for path in paths}


def same_arrays(one: Path, other: Path) -> bool:
    """Whether two checkpoints are bitwise equal, except for the metadata."""
    with np.load(one, allow_pickle=False) as first, np.load(other, allow_pickle=False) as second:
        names = set(first.files) - {"metadata.json"}
        return names == set(second.files) - {"metadata.json"} and all(
            first[name].tobytes() == second[name].tobytes() for name in names
        )


def logged(path: Path) -> list[dict[str, float]]:
    """The lines of metrics.jsonl without durations."""
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return [{key: value for key, value in line.items() if "second" not in key} for line in lines]


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Exit status and last line of stderr, once the process has ended."""
    _, errors = process.communicate(timeout=10 * PATIENCE_SECONDS)
    return process.returncode, (errors.splitlines() or [""])[-1]


def damaged(change: Callable[[bytearray], bytes]) -> Callable[[Trainer, int], dict[str, Any]]:
    """A fault that changes the bytes of the last checkpoint."""

    def cause(trainer: Trainer, steps: int) -> dict[str, Any]:
        shutil.copytree(trainer.folder / "whole", trainer.folder / "damaged")
        path = checkpoints.path_of(trainer.folder / "damaged" / "checkpoints", steps)
        path.write_bytes(change(bytearray(path.read_bytes())))
        process = trainer.start("damaged", steps)
        _, errors = process.communicate()
        said = next((line for line in errors.splitlines() if "is damaged, and kept" in line), "nothing")
        return outcome(trainer, "damaged", process.returncode, said)

    return cause


def flip_a_bit(content: bytearray) -> bytes:
    """Flip a bit in the middle."""
    content[len(content) // 2] ^= 1
    return bytes(content)


def full_disk(trainer: Trainer, steps: int) -> dict[str, Any]:
    """The disk is too small for the run, then enlarged."""
    with mounted(trainer.folder / "small", SMALL_DISK) as refused:
        if refused:
            return {"status": None, "said": f"not measured: {refused}", "as undisturbed": None}
        status, said = trainer.train("small/run", steps)
        subprocess.run(["mount", "-o", f"remount,size={LARGE_DISK}", trainer.folder / "small"], check=True)
        trainer.train("small/run", steps)
        return outcome(trainer, "small/run", status, said)


@contextmanager
def mounted(folder: Path, size: str) -> Iterator[str]:
    """Mount a small in-memory file system; yields the error message if the system refuses, else ""."""
    folder.mkdir(exist_ok=True)
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], capture_output=True, text=True, check=False
    )
    if done.returncode:
        yield done.stderr.strip()
        return
    try:
        yield ""
    finally:
        subprocess.run(["umount", folder], check=True)


def no_room_for_events(trainer: Trainer, steps: int) -> dict[str, Any]:
    """TensorBoard's folder is on a full disk from the middle of training on; then on one with space."""
    process = trainer.start("events", steps)
    trainer.wait_for_progress("events", process)
    folder = trainer.folder / "events" / "tensorboard"
    with mounted(folder, PAGE) as refused:
        if refused:
            process.kill()
            process.communicate()
            return {"status": None, "said": f"not measured: {refused}", "as undisturbed": None}
        (folder / "full").write_bytes(bytes(os.sysconf("SC_PAGE_SIZE")))
        status, said = ended(process)
    trainer.train("events", steps)
    return outcome(trainer, "events", status, said)


def read_only(name: str) -> Callable[[Trainer, int], dict[str, Any]]:
    """A folder of the run becomes read-only in the middle of training, then writable again."""

    def cause(trainer: Trainer, steps: int) -> dict[str, Any]:
        # root may write anywhere, unless it drops that capability.
        prefix = ("setpriv", "--bounding-set=-dac_override") if os.geteuid() == 0 else ()
        process = trainer.start("read-only", steps, prefix)
        trainer.wait_for_progress("read-only", process)
        folder = trainer.folder / "read-only" / name
        folders = [folder, *(path for path in folder.iterdir() if path.is_dir())]
        for each in folders:
            each.chmod(0o555)
        status, said = ended(process)
        for each in folders:
            each.chmod(0o755)
        trainer.train("read-only", steps)
        return outcome(trainer, "read-only", status, said)

    return cause


def second_process(trainer: Trainer, steps: int) -> dict[str, Any]:
    """A second process resumes a run while the first trains."""
    first = trainer.start("shared", NEVER // 10)
    trainer.wait_for_progress("shared", first)
    status, said = trainer.train("shared", steps)
    first.send_signal(signal.SIGKILL)
    first.communicate()
    return {"status": status, "said": tidy(trainer, said), "as undisturbed": None}


def outcome(trainer: Trainer, run: str, status: int, said: str) -> dict[str, Any]:
    """One row of the table."""
    found = differences(trainer.folder / "whole", trainer.folder / run)
    shutil.rmtree(trainer.folder / run)
    return {"status": status, "said": tidy(trainer, said), "as undisturbed": not found, "differences": found}


def tidy(trainer: Trainer, said: str) -> str:
    """The message, with the benchmark's folder abbreviated."""
    return said.replace(str(trainer.folder), "...")


FAULTS: dict[str, Callable[[Trainer, int], dict[str, Any]]] = {
    "last checkpoint torn in the middle": damaged(lambda content: bytes(content[: len(content) // 2])),
    "last checkpoint empty": damaged(lambda content: b""),
    "one bit of the last checkpoint flipped": damaged(flip_a_bit),
    "disk full": full_disk,
    "disk of TensorBoard's events full": no_room_for_events,
    "folder of checkpoints becomes read-only": read_only("checkpoints"),
    "folder of TensorBoard's events becomes read-only": read_only("tensorboard"),
    "second process on the same run": second_process,
}


def table(report: dict[str, Any]) -> str:
    """The report for docs/RESULTS.md."""
    killed = report["kills"]
    found = "; ".join(killed["differences"]) or "none"
    head = (
        f"{killed['kills']} kills, {killed['while a file was written']} of them while a file was written; differences "
        f"from the undisturbed run of {killed['steps']} steps: {found}. {report['seconds']} s in all."
    )
    words = {True: "yes", False: "no", None: ""}
    rows = [(row["fault"], row["status"], row["said"], words[row["as undisturbed"]]) for row in report["faults"]]
    columns = ("fault", "exit status", "what it says", "resumed, it ends as the undisturbed run, bit by bit")
    return f"{head}\n\n{markdown(columns, rows)}"
