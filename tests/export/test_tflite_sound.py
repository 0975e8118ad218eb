"""tools/tflite_sound.py runs without TensorFlow and matches Keras."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import soundfile

import aigc_tf
from aigc_tf.families.latent_space import between
from aigc_tf.recipes.settings import LoggingSettings
from aigc_tf.recipes.sound_ar import SoundAR
from aigc_tf.recipes.sound_vae import SoundVAE
from tests.export.test_tflite_demo import DEMO
from tests.export.test_tflite_rewrite import called
from tools.benchmarks.sound import calls_of_a_sound

SCRIPT = DEMO.with_name("tflite_sound.py")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> aigc_tf.Run:
    logging = LoggingSettings(evaluate_every=100, samples_every=100)
    recipe = dataclasses.replace(SoundVAE.tiny(), steps=4, logging=logging)
    return aigc_tf.train(recipe, tmp_path_factory.mktemp("run"))


def test_a_file_makes_the_sounds_of_the_model(run: aigc_tf.Run, tmp_path: Path):
    file = run.export(out=tmp_path / "out", compare_with_keras=False, measure=False).path
    made = called(SCRIPT, file, "--count", 2, "--out", tmp_path / "drawn.wav")
    assert made.returncode == 0 and "2 sounds" in made.stdout, made.stderr
    sound, rate = soundfile.read(tmp_path / "drawn.wav")
    samples = run.recipe.sound.samples
    np.testing.assert_allclose(sound[:samples], run.generate(2, seed=0)[0], atol=1e-3)
    assert rate == run.recipe.sound.rate and len(sound) == 2 * samples + rate // 4

    recordings = run.source.inputs("test", 2)
    for name, one in zip("ab", recordings, strict=True):
        run.model.gives.write(tmp_path / f"{name}.wav", one, {})
    ends = [tmp_path / "a.wav", tmp_path / "b.wav"]
    made = called(SCRIPT, file, "--between", *ends, "--count", 3, "--out", tmp_path / "way.wav")
    assert made.returncode == 0, made.stderr
    way = between(run.model, *recordings, frames=3)
    sound, _ = soundfile.read(tmp_path / "way.wav")
    np.testing.assert_allclose(sound[-samples:], way[-1], atol=0.02)

    wrong = called(SCRIPT, file, "--label", "seven")
    assert wrong.returncode == 2 and "no class seven" in wrong.stderr and wrong.stderr.count("\n") == 1
    soundfile.write(tmp_path / "fast.wav", recordings[0], 48000)
    wrong = called(SCRIPT, file, "--between", tmp_path / "fast.wav", tmp_path / "b.wav")
    assert wrong.returncode == 2 and "48000 samples per second" in wrong.stderr


def test_a_file_draws_frame_by_frame_as_the_model_does(tmp_path: Path):
    recipe = dataclasses.replace(SoundAR.tiny(), steps=20)
    run = aigc_tf.train(recipe, tmp_path / "run")
    file = run.export(out=tmp_path / "out", compare_with_keras=False, measure=False).path
    kind = run.model.classes.names[1]
    options = ("--label", kind, "--count", 1, "--out", tmp_path / "a.wav")
    made = called(SCRIPT, file, "--temperature", 0, "--noise", 0, *options)
    assert made.returncode == 0 and "times as fast" in made.stdout, made.stderr
    sound, _ = soundfile.read(tmp_path / "a.wav")
    np.testing.assert_allclose(sound, run.generate(1, condition=[kind], temperature=0, noise=0)[0], atol=0.02)
    made = called(SCRIPT, file, "--noise", 1, *options)
    assert not np.array_equal(soundfile.read(tmp_path / "a.wav")[0], sound)
    wrong = called(SCRIPT, file, "--between", tmp_path / "a.wav", tmp_path / "a.wav")
    assert wrong.returncode == 2 and "does not encode recordings" in wrong.stderr
    assert set(calls_of_a_sound(set(run.model.signatures()), 16)) == set(run.model.signatures())


def test_what_is_no_such_file_is_one_line(tmp_path: Path):
    (tmp_path / "bad.tflite").write_bytes(b"no model" * 10)
    for file in (tmp_path / "bad.tflite", tmp_path / "nowhere.tflite"):
        made = called(SCRIPT, file)
        assert made.returncode == 2 and made.stderr.count("\n") == 1
