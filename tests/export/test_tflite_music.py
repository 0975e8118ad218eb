"""tools/tflite_music.py runs without TensorFlow and matches Keras."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

import aigc_tf
from aigc_tf.data.music.made_up import made_up_pieces
from aigc_tf.data.music.midi import origin_of, read_piece
from aigc_tf.data.music.piece import Piece
from aigc_tf.recipes.music import Music
from aigc_tf.recipes.pieces import VOICES, Choice
from aigc_tf.recipes.settings import LoggingSettings
from tests.export.test_tflite_demo import DEMO
from tests.export.test_tflite_rewrite import called

SCRIPT = DEMO.with_name("tflite_music.py")
GREEDY = Choice(temperature=0)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> aigc_tf.Run:
    logging = LoggingSettings(evaluate_every=100, samples_every=100)
    return aigc_tf.train(dataclasses.replace(Music.tiny(), steps=80, logging=logging), tmp_path_factory.mktemp("run"))


def test_a_file_writes_what_the_model_writes(run: aigc_tf.Run, tmp_path: Path):
    file = run.export(out=tmp_path / "out", compare_with_keras=False).path
    (drawn,) = run.model.generate(1, bars=3, choice=GREEDY)
    made = called(SCRIPT, file, "--bars", 3, "--temperature", 0, "--out", tmp_path / "drawn.mid")
    assert made.returncode == 0 and "3 bars" in made.stdout, made.stderr
    np.testing.assert_array_equal(read_piece(tmp_path / "drawn.mid", VOICES).held, drawn.held)
    assert "aigc_tf" in origin_of(tmp_path / "drawn.mid")[0]

    melody = Piece(made_up_pieces(VOICES)[3].cells[:40, :1], voices=VOICES[:1])
    run.model.gives.write(tmp_path / "melody.mid", melody, {})
    (fitted,) = run.model.transform([melody], choice=GREEDY)
    out = tmp_path / "fitted.mid"
    made = called(SCRIPT, file, tmp_path / "melody.mid", "--fix", "soprano", "--temperature", 0, "--out", out)
    assert made.returncode == 0, made.stderr
    np.testing.assert_array_equal(read_piece(out, VOICES).held, fitted.held)

    refused = called(DEMO, file)
    assert refused.returncode == 2 and "use tools/tflite_music.py" in refused.stderr
    wrong = called(SCRIPT, file, tmp_path / "melody.mid", "--fix", "soprano", "bass", "--out", out)
    assert wrong.returncode == 2 and "1 tracks with notes" in wrong.stderr and wrong.stderr.count("\n") == 1


def test_what_is_no_such_file_is_one_line(tmp_path: Path):
    (tmp_path / "bad.tflite").write_bytes(b"no model" * 10)
    for file in (tmp_path / "bad.tflite", tmp_path / "nowhere.tflite"):
        made = called(SCRIPT, file, "--bars", 1)
        assert made.returncode == 2 and made.stderr.count("\n") == 1
