"""tools/tflite_video.py runs without TensorFlow, and predicts and generates clips as Keras does."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageSequence

import aigc_tf
from aigc_tf.data.video.clip import write_animation
from aigc_tf.export import Limits, export
from aigc_tf.recipes.predict_video import PredictVideo
from aigc_tf.recipes.video_gan import VideoGAN
from tests.export.test_tflite_demo import DEMO, WITHOUT_TENSORFLOW

SCRIPT = DEMO.with_name("tflite_video.py")
UNET = PredictVideo.tiny()


def called(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the program without TensorFlow; Pillow reads and writes the clips."""
    alone = WITHOUT_TENSORFLOW.replace(", 'PIL'", "")
    command = [sys.executable, "-c", alone, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def frames_of(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.stack([np.asarray(frame.convert("L"), np.float32) for frame in ImageSequence.Iterator(picture)]) / 255


@pytest.mark.parametrize("recipe", [UNET, dataclasses.replace(UNET, network="convlstm", filters=4)])
def test_a_clip_goes_on_as_in_keras_in_a_verified_file_of_static_size(recipe: PredictVideo, tmp_path: Path):
    """One frame in, states in and out, also for the ConvLSTM, with built-in operators only."""
    model = aigc_tf.create(recipe)
    random = np.random.default_rng(0)
    for weight in model.used.weights:
        weight.assign(random.normal(0, 0.1, weight.shape))
    facts, limits = model.export_metadata(), Limits(examples=8, steps=8)
    made = export(model, tmp_path / "out", metadata=facts, measure=False, limits=limits)
    report = made.report
    assert not [name for name in report["operators"] if name.startswith(("Flex", "CUSTOM"))]
    clip = random.integers(0, 256, (4, 32, 32, 1), np.uint8)
    with (tmp_path / "clip.gif").open("wb") as file:
        write_animation(file, clip, 25.0, {})
    ran = called(SCRIPT, made.path, tmp_path / "clip.gif", "--count", 3, "--out", tmp_path / "next.gif")
    assert ran.returncode == 0 and "7 frames" in ran.stdout and "times real time" in ran.stdout, ran.stderr
    found = frames_of(tmp_path / "next.gif")
    np.testing.assert_allclose(found[:4], clip[..., 0] / 255, atol=0.01)
    (expected,) = model.transform([clip], frames=3)
    np.testing.assert_allclose(found[4:], expected[..., 0], atol=0.01)
    short = called(SCRIPT, made.path)
    assert short.returncode == 2 and "name a clip" in short.stderr and short.stderr.count("\n") == 1


def test_clips_are_drawn_as_in_keras(tmp_path: Path):
    model = aigc_tf.create(VideoGAN.tiny())
    facts = model.export_metadata()
    file = export(model, tmp_path / "out", metadata=facts, measure=False, limits=Limits(examples=8)).path
    ran = called(SCRIPT, file, "--count", 2, "--seed", 5, "--out", tmp_path / "clips.gif")
    assert ran.returncode == 0, ran.stderr
    expected = np.concatenate(model.generate(2, seed=5), axis=2)[..., 0]
    np.testing.assert_allclose(frames_of(tmp_path / "clips.gif"), expected, atol=0.02)


def test_what_is_no_such_file_is_one_line(tmp_path: Path):
    (tmp_path / "bad.tflite").write_bytes(b"no model" * 10)
    for file in (tmp_path / "bad.tflite", tmp_path / "nowhere.tflite"):
        made = called(SCRIPT, file)
        assert made.returncode == 2 and made.stderr.count("\n") == 1
