"""Recovery of runs that were killed, damaged, or ran out of disk space: they resume exactly."""

from __future__ import annotations

import dataclasses
import errno
import json
import os
import shutil
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import aigc_tf
from aigc_tf.engine.distribution import WorkerLostError
from aigc_tf.engine.keeping import Previews
from aigc_tf.errors import InputError
from aigc_tf.families.gan.model import GAN
from aigc_tf.metrics.evaluator import Chooser
from aigc_tf.recipes.dcgan import DCGAN
from aigc_tf.recipes.settings import CheckpointSettings, LoggingSettings
from aigc_tf.runs import checkpoints, paths, previews
from aigc_tf.runs.recovery import cut_log
from aigc_tf.storage.files import held
from tools.benchmarks.faults import differences, faults


class Brightness(Chooser):
    """A fast quality figure."""

    name = "brightness"

    def value(self, model: GAN, source: object, recipe: DCGAN, samples: int, part: str) -> float:
        return float(model.generate(samples).mean())


@pytest.fixture
def recipe(tiny: DCGAN, pictures: Path, monkeypatch: pytest.MonkeyPatch) -> DCGAN:
    """Eight steps; a checkpoint every second, a preview every third, an evaluation every fourth."""
    monkeypatch.setattr(DCGAN, "chooses", f"{__name__}:Brightness")
    logging = LoggingSettings(scalars_every=1, samples_every=3, evaluate_every=4, evaluate_samples=20)
    return dataclasses.replace(
        tiny, source=str(pictures), steps=8, logging=logging, checkpoints=CheckpointSettings(every=2)
    )


@pytest.fixture(scope="module")
def whole_runs() -> dict[str, aigc_tf.Run]:
    return {}


@pytest.fixture
def whole(recipe: DCGAN, whole_runs: dict[str, aigc_tf.Run], tmp_path_factory: pytest.TempPathFactory) -> aigc_tf.Run:
    """An undisturbed run, trained once."""
    if not whole_runs:
        whole_runs["run"] = aigc_tf.train(recipe, tmp_path_factory.mktemp("whole") / "run")
    return whole_runs["run"]


@pytest.fixture
def copy(whole: aigc_tf.Run, tmp_path: Path) -> Path:
    """A copy of that run, to be damaged."""
    shutil.copytree(whole.path, tmp_path / "copy")
    return tmp_path / "copy"


class Break(keras.callbacks.Callback):
    """Raises an error after a step."""

    def __init__(self, step: int) -> None:
        super().__init__()
        self.left = step

    def on_train_batch_end(self, batch: int, logs: object = None) -> None:
        self.left -= 1
        if not self.left:
            raise ZeroDivisionError


def of_step(run: Path, step: int) -> Path:
    return checkpoints.path_of(run / "checkpoints", step)


def test_every_changed_byte_of_a_checkpoint_is_noticed_or_harmless(tmp_path: Path):
    state = {"weights": keras.Variable(np.arange(4, dtype="float32")), "steps": keras.Variable(7, dtype="int64")}
    path = checkpoints.save(tmp_path, state, 3, {})
    content = path.read_bytes()
    refused = 0
    for place in range(len(content)):
        changed = bytearray(content)
        changed[place] ^= 0x55
        path.write_bytes(changed)
        try:
            checkpoints.restore(path, state)
        except InputError:
            refused += 1
        assert state["weights"].numpy().tolist() == [0, 1, 2, 3] and state["steps"].numpy() == 7
    assert refused > len(content) / 2  # the rest are times, padding, and redundant zip fields
    assert checkpoints.last_whole(tmp_path)[0] in (None, 3)
    path.write_bytes(content[:-1])
    assert checkpoints.last_whole(tmp_path) == (None, [path])


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_a_checkpoint_that_is_not_finite_is_refused(number: float, tmp_path: Path):
    """Training never saves one: it is of other origin."""
    state = {"weights": keras.Variable(np.ones(4, "float32"))}
    path = checkpoints.save(tmp_path, state, 3, {})
    with np.load(path) as archive:
        arrays = dict(archive)
    arrays["weights"][2] = number
    np.savez(path, allow_pickle=False, **arrays)
    with pytest.raises(InputError, match=r"step-00000003\.npz is not a readable .* not finite, weights among them"):
        checkpoints.restore(path, state)
    assert state["weights"].numpy().tolist() == [1, 1, 1, 1]


def test_a_log_is_cut_behind_the_checkpoint_and_where_it_is_torn(tmp_path: Path):
    log = tmp_path / "metrics.jsonl"
    lines = [json.dumps({"step": step, "loss": 0.5}) + "\n" for step in (1, 2, 2, 3)]
    log.write_text("".join(lines))
    cut_log(log, 2)
    assert log.read_text() == "".join(lines[:3])
    log.write_text(lines[0] + lines[1][:9])
    cut_log(log, 2)
    assert log.read_text() == lines[0]


def test_a_run_that_broke_off_records_every_step_once(recipe: DCGAN, whole: aigc_tf.Run, tmp_path: Path):
    """Interrupted at steps 3 and 7, after the checkpoints of 2 and 6 and later previews and logs."""
    with pytest.raises(ZeroDivisionError):
        aigc_tf.train(recipe, tmp_path / "run", callbacks=[Break(3)])
    with pytest.raises(ZeroDivisionError):
        aigc_tf.train(recipe, tmp_path / "run", resume=True, callbacks=[Break(5)])
    (tmp_path / "run" / "checkpoints" / "step-00000007.npz.partial").write_bytes(b"half")
    for file in (tmp_path / "run" / "tensorboard").glob("events*"):
        file.write_bytes(file.read_bytes() + b"half a record")
    run = aigc_tf.train(recipe, tmp_path / "run", resume=True)
    assert differences(whole.path, run.path) == []
    events = EventAccumulator(str(run.path / "tensorboard"), size_guidance={"tensors": 0}).Reload()
    for tag, steps in (
        ("training/generator_loss", list(range(1, 9))),
        ("untrained/brightness", [0]),
        ("quality/brightness", [4, 8]),
        ("samples", [3, 6, 8]),
    ):
        assert [event.step for event in events.Tensors(tag)] == steps


def test_a_step_that_was_not_shown_has_no_checkpoint(
    recipe: DCGAN, whole: aigc_tf.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Killed during the preview: with the checkpoint saved first, the preview of step 6 would be lost."""

    def show(callback: Previews) -> None:
        if callback.progress.step == 6:
            raise ZeroDivisionError
        draw(callback)

    draw = Previews.show
    with monkeypatch.context() as patch, pytest.raises(ZeroDivisionError):
        patch.setattr(Previews, "show", show)
        aigc_tf.train(recipe, tmp_path / "run")
    assert checkpoints.steps(tmp_path / "run" / "checkpoints")[-1] == 4
    run = aigc_tf.train(recipe, tmp_path / "run", resume=True)
    assert differences(whole.path, run.path) == []


def test_a_run_that_broke_off_before_its_first_checkpoint_begins_anew(
    recipe: DCGAN, whole: aigc_tf.Run, tmp_path: Path
):
    with pytest.raises(ZeroDivisionError):
        aigc_tf.train(recipe, tmp_path / "run", callbacks=[Break(1)])
    (tmp_path / "run" / "source.json").unlink()  # killed even earlier
    run = aigc_tf.train(recipe, tmp_path / "run", resume=True)
    assert differences(whole.path, run.path) == []


@pytest.mark.parametrize("keep", [0, 1000, -1])
def test_a_torn_checkpoint_gives_way_to_the_one_before(
    keep: int, recipe: DCGAN, whole: aigc_tf.Run, copy: Path, capsys: pytest.CaptureFixture[str]
):
    path = of_step(copy, 8)
    size = path.stat().st_size
    path.write_bytes(path.read_bytes()[:keep])
    assert aigc_tf.Run.open(copy).step == 6
    assert f"{path} is damaged: step 6 is used instead" in capsys.readouterr().err
    run = aigc_tf.train(recipe, copy, resume=True)
    aside = path.with_name(f"{path.name}.damaged")
    assert f"{path} is damaged, and kept as {aside.name}: the run goes on from step 6" in capsys.readouterr().err
    assert aside.stat().st_size == (keep if keep >= 0 else size - 1)
    assert differences(whole.path, run.path) == []


@pytest.mark.parametrize("number", [errno.EIO, errno.EACCES, errno.EMFILE, errno.ESTALE, errno.ENOMEM, None])
def test_a_checkpoint_that_cannot_be_read_at_the_moment_is_left_as_it_is(
    number: int | None, recipe: DCGAN, whole: aigc_tf.Run, copy: Path, monkeypatch: pytest.MonkeyPatch
):
    """For temporary errors the file may be intact: the run is not changed, and can be resumed later."""
    path = of_step(copy, 8)
    (copy / "checkpoints" / f"{path.name}.0.partial").write_bytes(b"half")
    before = {file: file.read_bytes() for file in copy.rglob("*") if file.is_file()}
    error = MemoryError() if number is None else OSError(number, os.strerror(number))

    def read(*_: object) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(zipfile.ZipFile, "testzip", read)
        why = "there is not enough memory" if number is None else os.strerror(number)
        with pytest.raises(InputError, match=f"{path} cannot be read at the moment: {why}; it is left as it is"):
            aigc_tf.train(recipe, copy, resume=True)
        with pytest.raises(InputError, match="at the moment"):
            aigc_tf.Run.open(copy)
    assert {file: file.read_bytes() for file in copy.rglob("*") if file.is_file()} == before
    assert differences(whole.path, aigc_tf.train(recipe, copy, resume=True).path) == []


def test_a_run_whose_checkpoints_are_all_damaged_is_refused(recipe: DCGAN, copy: Path):
    for path in (copy / "checkpoints").glob("*.npz"):
        path.write_bytes(b"")
    with pytest.raises(InputError, match="all its checkpoints are damaged; start a new run"):
        aigc_tf.train(recipe, copy, resume=True)
    with pytest.raises(InputError, match=r"all checkpoints in .* are damaged"):
        aigc_tf.Run.open(copy)


def test_a_lost_best_checkpoint_is_told_of(recipe: DCGAN, copy: Path, capsys: pytest.CaptureFixture[str]):
    step = checkpoints.best_step(copy / "checkpoints")
    assert step in (4, 8) and aigc_tf.Run.open(copy, "best").step == step
    of_step(copy, step).write_bytes(b"")
    with pytest.raises(InputError, match=f"best checkpoint of .* step {step}, is lost or damaged"):
        aigc_tf.Run.open(copy, "best")
    for content in ("{", "[]", '{"step": "4"}'):
        (copy / "checkpoints" / "best.json").write_text(content)
        with pytest.raises(InputError, match=r"best\.json is damaged .*: choose the last checkpoint"):
            aigc_tf.Run.open(copy, "best")
    aigc_tf.train(dataclasses.replace(recipe, steps=12), copy, resume=True)
    assert aigc_tf.Run.open(copy, "best").step in (8, 12)


@pytest.mark.parametrize("fault", [errno.ENOSPC, errno.EROFS])
def test_without_room_a_run_stops_with_its_last_checkpoint(
    fault: int, recipe: DCGAN, whole: aigc_tf.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The disk is full, or read-only, from step 6 on; then writable again."""

    def write(file: object, **arrays: np.ndarray) -> None:
        if json.loads(arrays["metadata.json"].tobytes())["step"] == 6:
            raise OSError(fault, os.strerror(fault))
        save(file, **arrays)

    save = np.savez
    message = rf"step 6: \S+step-00000006.npz: {os.strerror(fault)}; .* step 4 in .* --resume"
    with monkeypatch.context() as patch, pytest.raises(InputError, match=message):
        patch.setattr(np, "savez", write)
        aigc_tf.train(recipe, tmp_path / "run")
    assert checkpoints.steps(tmp_path / "run" / "checkpoints") == [2, 4]
    run = aigc_tf.train(recipe, tmp_path / "run", resume=True)
    assert differences(whole.path, run.path) == []


def of_writer(kind: type[tf.errors.OpError], operation: str, reason: str) -> tf.errors.OpError:
    """An error of TensorFlow's event writers, with their message format."""
    device = "/job:localhost/replica:0/task:0/device:CPU:0"
    message = f"{{{{function_node __wrapped__{operation}_device_{device}}}}} /runs/a; b/events.out.tfevents.1.v2; "
    return kind(None, None, f"{message}{reason}\n\tFailed to flush 1 events [Op:{operation}] name: ")


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (
            of_writer(tf.errors.ResourceExhaustedError, "WriteScalarSummary", "No space left on device"),
            r"/tensorboard: No space left on device; there is no checkpoint yet .*; fix it and continue with --resume",
        ),
        (
            of_writer(tf.errors.PermissionDeniedError, "FlushSummaryWriter", "Permission denied"),
            r"/tensorboard: Permission denied; .* --resume",
        ),
        (tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor"), "it does not fit in memory; "),
        (
            tf.errors.UnavailableError(None, None, "Connection reset by peer"),
            "another worker does not answer; .* --resume",
        ),
        (WorkerLostError("another worker does not answer"), "another worker does not answer; there is .* --resume"),
    ],
)
def test_what_ends_training_is_told_of_in_one_line(error: Exception, message: str, recipe: DCGAN, tmp_path: Path):
    class Fail(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: object = None) -> None:
            raise error

    with pytest.raises((InputError, WorkerLostError), match=f"training stopped at step 1: .*{message}") as caught:
        aigc_tf.train(recipe, tmp_path / "run", callbacks=[Fail()])
    assert "\n" not in str(caught.value) and caught.value.__cause__ is error


def test_other_errors_of_tensorflow_are_faults_of_a_program(recipe: DCGAN, tmp_path: Path):
    class Fail(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: object = None) -> None:
            raise tf.errors.FailedPreconditionError(None, None, "a table is not initialised")

    with pytest.raises(tf.errors.FailedPreconditionError):
        aigc_tf.train(recipe, tmp_path / "run", callbacks=[Fail()])


def test_events_that_cannot_be_written_end_training_in_one_line(recipe: DCGAN, copy: Path):
    """A file exists instead of the folder."""
    place = "tensorboard"
    shutil.rmtree(copy / place)
    (copy / place).touch()
    longer = dataclasses.replace(recipe, steps=12)
    with pytest.raises(InputError, match=r"training stopped at step 8: \S+/tensorboard: Not a directory; .* --resume"):
        aigc_tf.train(longer, copy, resume=True)
    (copy / place).unlink()
    assert aigc_tf.train(longer, copy, resume=True).step == 12


def test_only_the_last_previews_are_kept(recipe: DCGAN, tmp_path: Path):
    logging = LoggingSettings(samples_every=1, keep_samples=3, evaluate_every=100, evaluate_samples=20)
    run = aigc_tf.train(dataclasses.replace(recipe, logging=logging), tmp_path / "run")
    assert list(previews.by_step(run.path)) == [6, 7, 8]
    assert [len(files) for files in previews.by_step(run.path).values()] == [3, 3, 3]
    events = EventAccumulator(str(run.path / paths.EVENTS), size_guidance={"tensors": 0}).Reload()
    assert [event.step for event in events.Tensors("samples")] == [6, 7, 8]


def test_a_run_in_use_is_refused(recipe: DCGAN, copy: Path):
    with held(copy), pytest.raises(InputError, match="is in use by process"):
        aigc_tf.train(dataclasses.replace(recipe, steps=12), copy, resume=True)
    assert aigc_tf.Run.open(copy).step == 8


def test_killed_again_and_again_a_run_ends_as_if_nothing_had_happened():
    """In separate processes; the benchmark `faults` does it fifty times, with further faults."""
    report = faults(kills=2, measured=False, causes=[])
    assert report["kills"]["differences"] == []
