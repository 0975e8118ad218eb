"""The nanoGPT subprocess: a line-by-line protocol."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aigc_tf.data.text.opening import open_source
from aigc_tf.data.text.source import TextSource
from aigc_tf.errors import InputError
from aigc_tf.recipes.gpt import GPT
from tests.interpreters import interpreter
from tools.benchmarks.language import nanogpt


@pytest.fixture(scope="module")
def source() -> TextSource:
    return open_source(GPT.tiny(), "some text\n" * 100)


def test_it_is_told_where_the_text_is_and_asked_for_steps(source: TextSource, tmp_path: Path) -> None:
    program = """
import json, sys
import numpy as np
for line in sys.stdin:
    request = json.loads(line)
    if "data" in request:
        text = np.load(request["data"])
        print(json.dumps({"torch": f"{len(text['train'])} {len(text['test'])} {text['symbols']}"}), flush=True)
    else:
        print(json.dumps({"seconds": 0.5 * request["steps"]}), flush=True)
"""
    rival = nanogpt(interpreter(tmp_path, program), source, tmp_path, seed=0)
    try:
        expected = (len(source.train.tokens), len(source.test.tokens), len(source.vocabulary))
        assert rival.version == "{} {} {}".format(*expected)
        assert rival.ask(steps=20) == {"seconds": 10.0}
    finally:
        rival.close()
    with np.load(tmp_path / "tokens.npz") as text:
        np.testing.assert_array_equal(text["train"], source.train.tokens)


def test_an_interpreter_without_pytorch_gets_one_line(source: TextSource, tmp_path: Path) -> None:
    python = interpreter(tmp_path, "raise SystemExit(1)")
    with pytest.raises(InputError, match="gave no answer: name a Python that has torch and numpy"):
        nanogpt(python, source, tmp_path, seed=0)
