"""Damaged or malicious run folders: resumed without the lost parts, or refused in one line."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c

import aigc_tf
from aigc_tf.errors import InputError
from aigc_tf.recipes.dcgan import DCGAN
from aigc_tf.runs import checkpoints
from aigc_tf.runs.environment import environment
from aigc_tf.runs.recovery import cut_events, cut_log
from aigc_tf.runs.session import put_in_order
from tools.benchmarks import specimens

DEEP = "[" * 100_000
BEST = {"step": 1, "frechet_distance": 0.5}


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run folder of a DCGAN with checkpoints of steps 1 and 2, and logs up to step 3."""
    specimens.write_run(tmp_path / "run", DCGAN.tiny(), {})
    return tmp_path / "run"


def resume(run: Path) -> Any:
    recipe = DCGAN.tiny()
    progress = put_in_order(run, recipe, environment())
    aigc_tf.Run(run, recipe, progress).model.state()
    return progress


def test_a_run_goes_on_with_what_its_checkpoint_records(run: Path):
    progress = resume(run)
    assert (progress.step, progress.seconds, progress.best) == (2, 1.0, BEST)
    assert (progress.quality, progress.watched) == ({"frechet_distance": 0.75}, {"rises": 1})
    assert [json.loads(line)["step"] for line in (run / "metrics.jsonl").read_text().splitlines()] == [1, 2]


@pytest.mark.parametrize("line", [DEEP, "[]", "{", '{"step": "1"}', "null"])
def test_a_log_ends_before_what_is_no_line_of_it(line: str, tmp_path: Path):
    log = tmp_path / "metrics.jsonl"
    log.write_text('{"step": 1}\n' + line + '\n{"step": 2}\n')
    cut_log(log, 2)
    assert log.read_text() == '{"step": 1}\n'


def test_an_event_file_ends_before_what_is_no_event(tmp_path: Path):
    path = tmp_path / "events.out.tfevents.1.v2"
    specimens.write_events(path, (1, 2))
    whole = path.read_bytes()
    with tf.io.TFRecordWriter(str(tmp_path / "other")) as file:
        file.write(b"\xff\xff no event")
    path.write_bytes(whole + (tmp_path / "other").read_bytes())
    cut_events(path, 2)
    assert path.read_bytes() == whole


def test_an_event_file_ends_before_a_record_that_is_longer_than_it(tmp_path: Path):
    """TensorFlow's own reader would abort the process: it allocates a terabyte."""
    path = tmp_path / "events.out.tfevents.1.v2"
    specimens.write_events(path, (1, 2))
    whole = path.read_bytes()
    length = struct.pack("<Q", 2**40)
    path.write_bytes(whole + length + struct.pack("<I", masked_crc32c(length)) + b"short")
    cut_events(path, 2)
    assert path.read_bytes() == whole


def test_a_folder_in_the_place_of_an_event_file_is_told_of(run: Path, capsys: pytest.CaptureFixture[str]):
    folder = run / "tensorboard" / "events.out.tfevents.2.v2"
    folder.mkdir()
    assert resume(run).step == 2 and folder.is_dir()
    assert f"warning: {folder} is not an event file" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("best", 3),
        ("best", {"step": "1", "frechet_distance": 0.5}),
        ("best", {"frechet_distance": 0.5}),
        ("best", {"step": 1}),
        ("best", {"step": 1, "frechet_distance": None}),
        ("seconds", "a\n\x1b[2J"),
        ("seconds", 10**400),
        ("processor_seconds", None),
        ("joules", "1"),
        ("quality", []),
        ("watched", {"rises": "1"}),
        ("watched", None),
    ],
)
def test_what_a_checkpoint_cannot_have_recorded_is_refused(name: str, value: object, run: Path):
    path = checkpoints.save(run / "checkpoints", aigc_tf.create(DCGAN.tiny()).state(), 2, {"seconds": 1, name: value})
    with pytest.raises(InputError, match=rf"{path} is not a readable checkpoint \(its {name} is .*\); remove it"):
        resume(run)


def test_what_is_nested_deeper_than_the_stack_is_refused(run: Path, monkeypatch: pytest.MonkeyPatch):
    (run / "checkpoints" / "best.json").write_text(DEEP)
    with pytest.raises(InputError, match=r"best\.json is damaged .*: choose the last checkpoint"):
        aigc_tf.Run.open(run, "best")
    monkeypatch.setattr(checkpoints.json, "dumps", lambda metadata: DEEP)
    checkpoints.save(run / "checkpoints", aigc_tf.create(DCGAN.tiny()).state(), 2, {})
    with pytest.raises(InputError, match=r"step-00000002\.npz is not a readable checkpoint"):
        resume(run)


def test_the_card_shows_an_export(run: Path):
    aigc_tf.Run.open(run).write_card()
    card = (run / "README.md").read_text()
    for row in (
        "| tflite-none-batch1 | 1,000 | 3 | 3 | 1.0 MB |",
        "| tflite-none-batch1, `generate` | 1e-05 | 1e-06 | 0.500 (0.750) | 0.500 (0.750) | 1.5 times faster |",
        "| tflite-none-batch1, `generate` | distance | 1 | 1.25 | 0.25 | 0.5 |",
        "- `generate`, input `latent`: float32 [1, 8], normal numbers",
    ):
        assert row in card.splitlines()


@pytest.mark.parametrize(
    ("pictures", "shown"),
    [
        (
            {"nearest_ones": "Is anything\ncopied?", "missing": "x"},
            "Is anything\\ncopied?\n\n![nearest ones](nearest_ones.png)",
        ),
        ({}, ""),
        (["nearest_ones"], ""),
        (None, ""),
    ],
)
def test_the_card_shows_the_pictures_of_an_evaluation_with_their_captions(pictures: object, shown: str, run: Path):
    (run / "nearest_ones.png").write_bytes(b"a picture")
    report = {"step": 2, "protocol": {}, "pictures": pictures}
    (run / "evaluation.json").write_text(json.dumps(report))
    aigc_tf.Run.open(run).write_card()
    card = (run / "README.md").read_text()
    assert card.count("nearest_ones.png") == bool(shown) and shown in card and "missing.png" not in card


@pytest.mark.parametrize(
    "changed",
    [
        {"signatures": {"a": {}}, "files": {}},
        {"files": {"model.tflite": "large"}},
        {"operators": [1]},
        {"peak_memory": {"added_by_file_bytes": 10**400}},
        {"quality": {"generate": None}},
        {"latency": {"generate": {"1": {}}}},
        {"signatures": {"generate": None}},
    ],
)
def test_a_report_that_is_none_is_named(changed: dict[str, Any], run: Path):
    path = run / "exports" / "tflite-none-batch1" / "export.json"
    path.write_text(json.dumps(specimens.EXPORT | changed))
    with pytest.raises(InputError, match=rf"{path} is damaged \(.*\): export again, or remove the folder"):
        aigc_tf.Run.open(run).write_card()
    path.unlink()
    (run / "samples" / "samples-00000002.txt").write_bytes(b"\xff")
    with pytest.raises(InputError, match=r"samples-00000002\.txt cannot be read"):
        aigc_tf.Run.open(run).write_card()
