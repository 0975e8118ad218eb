"""Runs on several devices and processes match those on one; workers of a job start, fail and end together."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import yaml

import aigc_tf
from aigc_tf.data.images.labelled import open_source as open_labelled
from aigc_tf.data.photos.opening import open_source as open_photos
from aigc_tf.data.photos.pairs import open_pairs, open_unpaired
from aigc_tf.data.series.opening import open_source as open_series
from aigc_tf.data.text.opening import open_source as open_text
from aigc_tf.engine import distribution
from aigc_tf.engine.distribution import Agreement, WorkerLostError, Workers, join
from aigc_tf.errors import InputError
from aigc_tf.recipes.ar import AR
from aigc_tf.recipes.augment import ClassicalAugmentation
from aigc_tf.recipes.base import Recipe
from aigc_tf.recipes.cgan import CGAN
from aigc_tf.recipes.char_rnn import CharRNN
from aigc_tf.recipes.cyclegan import CycleGAN
from aigc_tf.recipes.pix2pix import Pix2Pix
from aigc_tf.recipes.text import TextSettings
from aigc_tf.recipes.upscale import Upscale
from aigc_tf.runs import checkpoints
from aigc_tf.runs.progress import Progress
from tests.workers import ROOT, carried_recipe, endless_recipe, labelled_recipe, losses, photo_recipes, train_fixed
from tools.launch_local import environments

LAUNCH = [sys.executable, str(ROOT / "tools" / "launch_local.py"), "--workers", "2"]
PATIENCE_SECONDS = 800


def python(function: str, folder: Path) -> list[str]:
    """A command that calls a function of tests/workers.py."""
    return [
        sys.executable,
        "-c",
        f"from pathlib import Path; from tests.workers import {function} as work; work(Path({str(folder)!r}))",
    ]


def start(command: list[str]) -> subprocess.Popen[str]:
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "2"}
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=pipe, stderr=subprocess.STDOUT, text=True)


def wait_for_checkpoint(folder: Path, job: subprocess.Popen[str], behind: int = -1) -> int:
    """Wait for a checkpoint after step `behind`; returns the last step."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (last := max(checkpoints.steps(folder / "checkpoints"), default=-1)) <= behind:
        if job.poll() is not None or time.monotonic() > deadline:
            job.terminate()
            pytest.fail(f"no checkpoint: {job.communicate()[0]}")
        time.sleep(0.05)
    return last


@pytest.fixture(scope="module")
def folder(measured_pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of all processes, with the pictures."""
    path = tmp_path_factory.mktemp("distributed")
    shutil.copy(measured_pictures, path / "pictures.npz")
    return path


@pytest.fixture(scope="module")
def workers(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A job of two workers that has trained the fixed recipes and continues with an endless one."""
    job = start([*LAUNCH, "--threads", "1", "--", *python("work", folder)])
    wait_for_checkpoint(folder / "endless", job)
    yield job
    if job.poll() is None:
        job.terminate()
        job.communicate()


@pytest.fixture(scope="module")
def devices(folder: Path) -> None:
    """Run the work of one process on two devices."""
    job = start(python("work_on_two_devices", folder))
    said, _ = job.communicate(timeout=PATIENCE_SECONDS)
    assert job.returncode == 0, said


@pytest.fixture(scope="module")
def alone(folder: Path) -> dict[str, aigc_tf.Run]:
    """The fixed recipes, trained by this process."""
    return train_fixed(folder, "one")


def assert_follows(run: aigc_tf.Run, path: Path, jumps: float = 0) -> None:
    """Assert that all logged values match those of a run on one device: to 1e-5 for 5 steps, to 1e-3 for all.

    The gradient norm may differ by the relative tolerance `jumps`: on CPUs without AVX-512 the gradient of the last
    layer of `style` depends on the batch size, by some thousandths; losses do not.
    """
    expected, found = losses(run), losses(aigc_tf.Run.open(path))
    assert expected.keys() == found.keys()
    for name in expected:
        if name not in ("active_units",):  # counted per replica
            more = jumps if name == "gradient_norm" else 0
            np.testing.assert_allclose(found[name][:5], expected[name][:5], rtol=1e-5 + more, atol=1e-5, err_msg=name)
            np.testing.assert_allclose(found[name], expected[name], rtol=1e-3 + more, atol=1e-3, err_msg=name)


@pytest.mark.parametrize("name", ["gan", "vae"])
def test_two_workers_follow_one_process(name: str, alone: dict[str, aigc_tf.Run], workers: object, folder: Path):
    assert_follows(alone[name], folder / "multi_worker" / name)


@pytest.mark.parametrize(("name", "recipe"), [("carried", carried_recipe()), ("labelled", labelled_recipe())])
def test_two_devices_follow_one_in_what_is_of_all_rows(name: str, recipe: Recipe, devices: None, folder: Path):
    """Carried states of text; features that are averaged over the batch before squaring."""
    run = aigc_tf.train(recipe, folder / "one" / name)
    assert_follows(run, folder / "mirrored" / name)


@pytest.mark.parametrize("name", ["upscale", "pix2pix", "cyclegan", "style"])
def test_two_devices_follow_one_in_photographs(name: str, devices: None, folder: Path):
    """Logged values, and the lag of the moving average of the weights."""
    run = aigc_tf.train(photo_recipes()[name], folder / "one" / name)
    assert_follows(run, folder / "mirrored" / name, jumps=0.01 if name == "style" else 0)
    assert lag(aigc_tf.Run.open(folder / "mirrored" / name).model) == pytest.approx(lag(run.model), rel=0.05)


def lag(model: Any) -> float:
    """Sum of absolute differences between a network's weights and their average."""
    learning = model.generator if hasattr(model, "generator") else model.network
    pairs = zip(model.used.weights, learning.weights, strict=True)
    return float(sum(np.abs(average.numpy() - weight.numpy()).sum() for average, weight in pairs))


@pytest.mark.parametrize("name", ["gan", "vae", "guarded"])
def test_workers_end_with_the_same_bits(name: str, workers: object, folder: Path):
    """Weights, statistics, averages, optimizers and random number streams."""
    with np.load(folder / f"{name}-0.npz") as chief, np.load(folder / f"{name}-1.npz") as other:
        assert chief.files == other.files
        for key in chief.files:
            assert chief[key].tobytes() == other[key].tobytes(), key


def test_workers_are_rolled_back_together(workers: object, folder: Path):
    """The chief's guard rolls all of them back to new weights, with half the learning rates, and stops them later."""
    run = aigc_tf.Run.open(folder / "multi_worker" / "guarded")
    assert run.step == 10
    with np.load(folder / "guarded-1.npz") as other:
        rates = {float(other[key]) for key in other.files if "learning_rate" in key}
        counted = {int(other[key]) for key in other.files if key.endswith("iteration")}
    assert sorted(rates) == pytest.approx([1e-4, 4e-4]) and counted == {5}  # half of the initial rates


def test_workers_of_different_recipes_are_refused_all_and_leave_no_folder(workers: object, folder: Path):
    for number, who in enumerate(["another worker has", "worker 1 has"]):
        assert (folder / f"two-minds-{number}.txt").read_text().startswith(f"{who} a different recipe or data")
    assert not (folder / "multi_worker" / "of two minds").exists()


def test_keras_still_fails_for_scalar_logs(workers: object, folder: Path):
    """When this fails, Keras supports it: `share_steps` can use Keras's training function; remove this test."""
    for number in range(2):
        assert "Invalid reduction dimension 0" in (folder / f"fault-{number}.txt").read_text()


def test_replicas_draw_other_numbers_from_the_same_states(devices: None, folder: Path):
    found = json.loads((folder / "draws.json").read_text())
    assert len(set(found["numbers"])) == 4
    assert found["states"] == [[3, 1], [3, 1], [3, 2], [3, 2]]


def test_batches_that_cannot_be_shared_equally_are_refused(devices: None, folder: Path):
    said = (folder / "refused.txt").read_text()
    assert "batch_size is 7" in said and "2 replicas" in said
    assert not (folder / "odd").exists()


def test_a_worker_that_is_lost_before_training_is_told_of(monkeypatch: pytest.MonkeyPatch):
    def broken(numbers: tf.Tensor) -> None:
        raise tf.errors.AbortedError(None, None, "Connection reset by peer")

    monkeypatch.setattr(distribution, "_all_reduced", lambda strategy: broken)
    with pytest.raises(WorkerLostError, match="another worker does not answer; start all of them again with --resume"):
        Workers(tf.distribute.get_strategy(), count=2, number=0).agree({"step": 0})


def test_a_job_ends_with_a_worker_and_goes_on_with_any_number(workers: subprocess.Popen[str], folder: Path):
    chief, other = (int((folder / f"process-{number}.txt").read_text()) for number in range(2))
    os.kill(other, signal.SIGKILL)
    said, _ = workers.communicate(timeout=PATIENCE_SECONDS)
    assert workers.returncode == 128 + signal.SIGKILL, said
    with pytest.raises(ProcessLookupError):
        os.kill(chief, 0)
    saved = checkpoints.steps(folder / "endless" / "checkpoints")[-1]

    # One process.
    shutil.copytree(folder / "endless", folder / "alone")
    fewer = dataclasses.replace(endless_recipe(folder), steps=saved + 2)
    assert aigc_tf.train(fewer, folder / "alone", resume=True).step == saved + 2

    # Two again, which Ctrl-C stops after the same step.
    job = start([*LAUNCH, "--threads", "1", "--", *python("work_again", folder)])
    wait_for_checkpoint(folder / "endless", job, behind=saved)
    job.send_signal(signal.SIGINT)
    said, _ = job.communicate(timeout=PATIENCE_SECONDS)
    assert job.returncode == 130, said
    last = checkpoints.steps(folder / "endless" / "checkpoints")[-1]
    assert f"saved at step {last} in" in said and f"stopped at step {last}; the chief has saved it" in said
    lines = [json.loads(line) for line in (folder / "endless" / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [*range(1, last + 1)]


def test_a_signal_that_comes_while_workers_agree_is_not_forgotten():
    progress = Progress(step=1)

    class Interrupted:
        def any(self, *wishes: bool) -> list[bool]:
            progress.interrupted = True  # as a signal handler does
            return list(wishes)

    agreement = Agreement(SimpleNamespace(progress=progress), Interrupted())  # type: ignore[arg-type]
    agreement.set_model(SimpleNamespace(stop_training=False))
    agreement.on_train_batch_end(0)
    assert progress.interrupted and not agreement.model.stop_training


@pytest.mark.parametrize("kind", ["images", "text", "lines", "series", "photos", "pairs", "unpaired"])
def test_shares_make_up_the_batch(kind: str, tmp_path: Path):
    """For each kind of source, including augmented images with labels."""
    random = np.random.default_rng(0)
    if kind == "images":
        np.savez(tmp_path / "own.npz", images=random.integers(0, 256, (40, 16, 16), np.uint8), labels=np.arange(40) % 4)
        flipped = ClassicalAugmentation(flip=True, rotation=20.0)
        source = open_labelled(dataclasses.replace(CGAN.tiny(), source=str(tmp_path / "own.npz"), augmentation=flipped))
    elif kind == "series":
        np.savez(tmp_path / "own.npz", values=random.standard_normal((50, 2)))
        source = open_series(dataclasses.replace(AR.tiny(), source=str(tmp_path / "own.npz")))
    elif kind in ("photos", "pairs", "unpaired"):
        pictures = random.integers(0, 256, (30, 20, 24, 1), np.uint8)
        opened = {
            "photos": (open_photos, Upscale),
            "pairs": (open_pairs, Pix2Pix),
            "unpaired": (open_unpaired, CycleGAN),
        }
        opener, recipe = opened[kind]
        source = opener(recipe.tiny(), pictures if kind == "photos" else (pictures, 255 - pictures))
    else:
        (tmp_path / "own.txt").write_text("\n".join("abcdefgh"[: 1 + place % 8] * 3 for place in range(200)))
        settings = TextSettings(lines=kind == "lines", length=24)
        source = open_text(dataclasses.replace(CharRNN.tiny(), source=str(tmp_path / "own.txt"), text=settings))
    whole = [*source.batches(8, 1, 2).take(6).as_numpy_iterator()]
    halves = [[*source.batches(8, 1, 2, rows=slice(first, first + 4)).take(6).as_numpy_iterator()] for first in (0, 4)]
    for batch, *shares in zip(whole, *halves, strict=True):
        for name, part in batch.items():
            if part.ndim:
                pieces = [share[name] for share in shares]
                np.testing.assert_allclose(np.concatenate(pieces), part, atol=1e-5)  # rotation rounds


def test_the_environment_has_to_fit_the_strategy(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    with pytest.raises(InputError, match="TF_CONFIG names no workers"):
        join("multi_worker")
    monkeypatch.setenv("TF_CONFIG", json.dumps({"cluster": {"worker": ["a:1", "b:1"]}}))
    with pytest.raises(InputError, match="TF_CONFIG names 2 workers, and strategy is one: give multi_worker"):
        join("one")
    monkeypatch.setenv("TF_CONFIG", "{")
    with pytest.raises(InputError, match="TF_CONFIG cannot be used: it is not JSON"):
        join("one")


def test_the_files_of_the_page_are_whole(tmp_path: Path):
    """Code blocks of docs/SCALING.md are syntactically valid."""
    page = (ROOT / "docs" / "SCALING.md").read_text(encoding="utf-8")
    files = re.findall(r"^```(\w+)\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    assert [kind for kind, _ in files] == ["bash", "bash", "yaml", "python"]
    for kind, content in files:
        if kind == "bash":
            subprocess.run(["bash", "-n", "-c", content], check=True)
        elif kind == "python":
            compile(content, "train_on_ray.py", "exec")
        else:
            claim, job = yaml.safe_load_all(content)
            workers = job["spec"]["tfReplicaSpecs"]["Worker"]["template"]["spec"]
            (container,) = workers["containers"]
            assert container["name"] == "tensorflow"
            subprocess.run(["bash", "-n", "-c", container["args"][0]], check=True)
            assert workers["volumes"][0]["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]


SLEEPER = """
import json, os, signal, sys, time
number = json.loads(os.environ["TF_CONFIG"])["task"]["index"]
if sys.argv[1] == "fail" and number == 1:
    sys.exit("no disk")
signal.signal(signal.SIGINT, lambda *_: sys.exit(130))
print("ready", flush=True)
time.sleep(60)
"""


def test_the_launcher_ends_all_workers_when_one_fails(tmp_path: Path):
    began = time.monotonic()
    job = start([*LAUNCH, "--", sys.executable, "-c", SLEEPER, "fail"])
    said, _ = job.communicate()
    assert job.returncode == 1 and "[1] no disk" in said
    assert time.monotonic() - began < 20


def test_the_launcher_lets_workers_keep_their_memory_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("GLIBC_TUNABLES", raising=False)
    assert all("glibc.malloc.arena_max=1:" in settings["GLIBC_TUNABLES"] for settings in environments(2, None))
    monkeypatch.setenv("GLIBC_TUNABLES", "glibc.malloc.check=1")
    assert [settings["GLIBC_TUNABLES"] for settings in environments(2, 1)] == ["glibc.malloc.check=1"] * 2


def test_the_launcher_passes_signals_on(tmp_path: Path):
    job = start([*LAUNCH, "--", sys.executable, "-c", SLEEPER, "wait"])
    assert job.stdout is not None
    assert sorted(job.stdout.readline() for _ in range(2)) == ["[0] ready\n", "[1] ready\n"]
    job.send_signal(signal.SIGINT)
    job.communicate()
    assert job.returncode == 130
