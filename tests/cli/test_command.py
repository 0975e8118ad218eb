"""Commands: quick help, clean output, and the exit statuses of the contract."""

from __future__ import annotations

import dataclasses
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import aigc_tf
from aigc_tf.recipes.dcgan import DCGAN
from aigc_tf.recipes.registry import recipe_classes
from aigc_tf.recipes.settings import LoggingSettings

ROOT = Path(__file__).parents[2]
COMMANDS = [
    *(f"trainers.{name}" for name in recipe_classes()),
    *("tools.sample", "tools.reconstruct", "tools.encode", "tools.evaluate", "tools.export", "tools.benchmark"),
    *("tools.augment", "tools.quickstart", "tools.explore", "tools.forecast", "tools.transform", "tools.score"),
    *("tools.explain", "tools.make_shipped_set", "tools.train_feature_classifier", "tools.cache"),
    *("tools.search", "tools.judge", "tools.attack", "aigc_tf", "trainers", "tools"),
]


def command(*arguments: str | Path, **options: object) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", *(str(argument) for argument in arguments)]
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False, **options)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, measured_pictures: Path) -> aigc_tf.Run:
    logging = LoggingSettings(evaluate_samples=20)
    recipe = dataclasses.replace(DCGAN.tiny(), source=str(measured_pictures), steps=2, logging=logging)
    return aigc_tf.train(recipe, tmp_path_factory.mktemp("runs") / "a run")


@pytest.fixture(scope="module")
def helped() -> dict[str, tuple[int, bool, list[str]]]:
    """For each module, run with --help: its exit status, whether it shows its usage, and what it imports that is heavy.

    All in one process, since importing the recipes takes most of the time.
    """
    program = (
        "import contextlib, io, json, runpy, sys\n"
        "heavy, found = {'tensorflow', 'keras', 'matplotlib', 'tensorflow_datasets'}, {}\n"
        "for module in sys.argv[1:]:\n"
        "    sys.argv, before = [module, '--help'], set(sys.modules)\n"
        "    with contextlib.redirect_stdout(io.StringIO()) as said:\n"
        "        try:\n"
        "            runpy.run_module(module, run_name='__main__')\n"
        "            status = 0\n"
        "        except SystemExit as end:\n"
        "            status = end.code\n"
        "    found[module] = status, 'usage' in said.getvalue(), sorted(heavy & set(sys.modules) - before)\n"
        "print(json.dumps(found))\n"
    )
    words = [sys.executable, "-c", program, *COMMANDS]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    return {module: tuple(found) for module, found in json.loads(done.stdout.splitlines()[-1]).items()}


@pytest.mark.parametrize("module", COMMANDS)
def test_help_needs_no_tensorflow(module: str, helped: dict[str, tuple[int, bool, list[str]]]):
    """Help appears within a second because TensorFlow is not imported."""
    assert helped[module] == (0, True, [])


@pytest.mark.parametrize(
    ("arguments", "culprit"),
    [
        (("trainers.dcgan", "--images.height", "27"), "27x28"),
        (("trainers.dcgan", "--steps", "0"), "steps is 0"),
        (("trainers.dcgan", "--source", "./nowhere"), "nowhere does not exist"),
        (("trainers.dcgan", "--resume", "--run-dir", "nowhere"), "nowhere is not a run folder"),
        (("tools.sample", "nowhere"), "nowhere is not a run folder"),
        (("tools.evaluate", "nowhere"), "nowhere is not a run folder"),
        (("tools.export", "nowhere"), "nowhere is not a run folder"),
    ],
)
def test_bad_input_is_one_line_and_status_two(arguments: tuple[str, ...], culprit: str, tmp_path: Path):
    done = command(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    # TensorFlow may print to stderr before logging can be disabled.
    lines = [line for line in done.stderr.splitlines() if "oneDNN" not in line and "absl::" not in line]
    assert len(lines) == 1 and culprit in lines[0]


def test_a_folder_that_cannot_be_made_is_status_two(pictures: Path):
    done = command("trainers.dcgan", "--source", pictures, "--run-dir", "README.md/run")
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1] == "dcgan: README.md/run: Not a directory"


def test_unknown_flags_are_status_two():
    done = command("trainers.dcgan", "--stepz", "3")
    assert done.returncode == 2 and "--steps" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_saves_and_ends_with_130(number: signal.Signals, measured_pictures: Path, tmp_path: Path):
    arguments = ["--source", measured_pictures, "--images.height", "16", "--images.width", "16", "--steps", "100000"]
    words = [sys.executable, "-m", "trainers.dcgan", *arguments, "--run-dir", tmp_path / "run"]
    process = subprocess.Popen(words, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    log = tmp_path / "run" / "metrics.jsonl"
    deadline = time.monotonic() + 120
    while not log.is_file() and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(number)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 130, errors
    assert "--resume" in errors.splitlines()[-1] and "Traceback" not in errors
    assert aigc_tf.Run.open(tmp_path / "run").step > 0


def test_evaluate_prints_one_json_object(run: aigc_tf.Run):
    done = command("tools.evaluate", run.path, "--samples", "60", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout.splitlines()[-1])
    assert report["frechet_distance"] > 0 and report["protocol"]["samples"] == 60


def test_figures_are_shown_beside_their_baselines():
    from aigc_tf.cli.evaluate import table

    report = {
        "psnr_db": 27.25,
        "kl": 3.0,
        "better": {"psnr_db": "higher", "kl": "neither"},
        "baselines": {"psnr_db": {"bicubic": 26.5, "copy": 20.0}},
        "step": 7,
        "protocol": {"samples": 100, "feature_network": "own"},
    }
    assert [line.split() for line in table(report).splitlines()] == [
        ["measure", "value", "better", "baselines"],
        ["psnr", "db", "27.25", "higher", "bicubic", "26.5,", "copy", "20"],
        ["kl", "3"],
        ["measured", "with"],
        ["samples", "100"],
        ["feature", "network", "own"],
    ]


def test_export_prints_one_json_object(run: aigc_tf.Run, tmp_path: Path):
    done = command("tools.export", run.path, "--out", tmp_path / "out", "--json")
    assert done.returncode == 0, done.stderr
    assert "generate" in json.loads(done.stdout.splitlines()[-1])["signatures"]
    assert (tmp_path / "out" / "model.tflite").is_file()


def test_samples_say_that_they_were_generated(run: aigc_tf.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from aigc_tf.cli.sample import sample

    sample(run.path, count=6, seed=5, out=tmp_path / "grid.png")
    with Image.open(tmp_path / "grid.png") as picture:
        assert "aigc_tf, DCGAN, step 2" in picture.text["generated by"]
        assert picture.text["seed"] == "5"
        assert picture.size == (4 * (3 * 18 + 2), 4 * (2 * 18 + 2))

    sample(run.path, count=6, seed=5, out=tmp_path / "images.npy")
    images = np.load(tmp_path / "images.npy", allow_pickle=False)
    np.testing.assert_array_equal(images, run.generate(6, seed=5))
    monkeypatch.setattr("aigc_tf.families.latent_space.NORMAL_BATCH", 4)  # more images than fit in memory
    sample(run.path, count=6, seed=5, out=tmp_path / "batches.npy")
    batches = np.load(tmp_path / "batches.npy", allow_pickle=False)
    assert batches.shape == images.shape and batches.dtype == images.dtype
    np.testing.assert_allclose(batches, images, atol=1e-6)  # rounding depends on the batch size

    sample(run.path, count=3, seed=5, out=tmp_path / "folder")
    with Image.open(tmp_path / "folder" / "00002.png") as picture:
        assert picture.text["seed"] == "5"
        np.testing.assert_array_equal(np.asarray(picture), np.round(images[2, ..., 0] * 255))
    assert len(list((tmp_path / "folder").iterdir())) == 3

    sample(run.path, count=6, seed=5, out=tmp_path / "walk.gif")
    with Image.open(tmp_path / "walk.gif") as picture:
        assert picture.n_frames == 10 and b"generated by" in picture.info["comment"]


def test_a_file_draws_what_the_run_draws(run: aigc_tf.Run, tmp_path: Path):
    """The demo program, without TensorFlow and this package, generates the same pictures from the same seed."""
    from ai_edge_litert.interpreter import Interpreter

    from tools.tflite_demo import generate, read_metadata

    exported = run.export(quantize="none", batch=3, out=tmp_path / "out")
    file = Interpreter(model_path=str(exported.path))
    drawn = generate(file, "generate", read_metadata(exported.path), count=5, seed=4)
    np.testing.assert_allclose(drawn, run.generate(5, seed=4), atol=1e-5)
