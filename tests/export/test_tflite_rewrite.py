"""tools/tflite_rewrite.py runs without TensorFlow and matches Keras; 8-bit files nearly so."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import aigc_tf
from aigc_tf.recipes.seq2seq import Search
from aigc_tf.recipes.settings import LoggingSettings
from aigc_tf.recipes.translation import Translation
from tests.export.test_tflite_demo import DEMO, WITHOUT_TENSORFLOW
from tools.tflite_rewrite import Symbols, read_metadata, repeating

SCRIPT = DEMO.with_name("tflite_rewrite.py")
TEXTS = ["9 May 1998", "January 14, 2007", "2. Feb 2050!", "long " * 20]
GREEDY = Search(beams=1)


def called(*arguments: object, piped: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", WITHOUT_TENSORFLOW, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, input=piped, encoding="utf-8")


@pytest.fixture(scope="module", params=["subword", "lstm", "separate"])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> aigc_tf.Run:
    tiny = Translation.tiny()
    recipe = dataclasses.replace(
        tiny, steps=30, logging=LoggingSettings(evaluate_every=100, evaluate_samples=20, samples_every=100)
    )
    if request.param == "lstm":
        recipe = dataclasses.replace(recipe, encoder="lstm")
    else:
        shared = request.param == "subword"
        pairs = dataclasses.replace(tiny.pairs, unit="subword", vocabulary_size=120, shared=shared)
        recipe = dataclasses.replace(recipe, pairs=pairs, copies=shared)
    return aigc_tf.train(recipe, tmp_path_factory.mktemp("run"))


def test_a_file_writes_what_the_model_writes(run: aigc_tf.Run, tmp_path: Path):
    file = run.export(out=tmp_path / "out", compare_with_keras=False).path
    expected = run.model.write_all(TEXTS, GREEDY)
    made = called(SCRIPT, file, "--text", *TEXTS)
    assert made.stdout == "\n".join(expected) + "\n", made.stderr
    piped = called(SCRIPT, file, piped=f"{TEXTS[0]}\n\n{TEXTS[1]}\n")
    assert piped.stdout == f"{expected[0]}\n\n{expected[1]}\n"
    aligned = called(SCRIPT, file, "--text", TEXTS[0], "--align").stdout.splitlines()
    assert aligned[0] == expected[0] and all(" from " in line for line in aligned[1:])
    refused = called(DEMO, file)
    assert refused.returncode == 2 and "use tools/tflite_rewrite.py" in refused.stderr
    symbols, vocabularies = Symbols(read_metadata(file)), run.model.vocabularies
    for text in (*TEXTS, "不知道", " two  spaces", "Ünïcode_1-2"):
        np.testing.assert_array_equal(symbols.encode(text), vocabularies.sources([text])[0])


def test_an_8_bit_file_is_measured(run: aigc_tf.Run, tmp_path: Path):
    exported = run.export(out=tmp_path / "out", quantize="dynamic", compare_with_keras=False)
    quality = exported.report["quality"]["step"]
    assert quality["measure"] == "perplexity of held-out targets"
    assert quality["after"] == pytest.approx(quality["before"] * (1 + quality["change"]))
    assert not [name for name in exported.report["operators"] if name.startswith(("Flex", "CUSTOM"))]


def test_what_is_no_such_file_is_one_line(tmp_path: Path):
    (tmp_path / "bad.tflite").write_bytes(b"no model" * 10)
    for file in (tmp_path / "bad.tflite", tmp_path / "nowhere.tflite"):
        made = called(SCRIPT, file, "--text", "a")
        assert made.returncode == 2 and made.stderr.count("\n") == 1


def test_symbols_that_would_repeat_a_sequence():
    assert repeating([1, 2, 3, 1, 2], 3) == [3] and repeating([1, 2], 3) == [] and repeating([1, 1], 0) == []


def test_the_page_has_what_it_needs(run: aigc_tf.Run):
    (panel,) = run.model.page(run.source)
    assert panel.module == "rewrite" and {panel.signature, panel.facts["encode"], panel.facts["begin"]} <= {
        *run.model.signatures(run.source)
    }
    assert json.dumps(panel.facts) and len(panel.facts["texts"]) == 3
