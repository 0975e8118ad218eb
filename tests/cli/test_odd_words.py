"""Unusual command lines and environments: one line, status 2, no traceback; `fuzz` tries thousands."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from aigc_tf.cli import main as program
from aigc_tf.cli.command import friendly_exit
from aigc_tf.cli.results import deliver
from aigc_tf.errors import InputError
from aigc_tf.export import check_arguments
from aigc_tf.modalities.pictures import Pictures
from aigc_tf.recipes.images import ImageSettings
from aigc_tf.recipes.options import PathSampling, Writing
from aigc_tf.recipes.settings import MAX_SEED
from aigc_tf.recipes.vrae import VRAE

HUGE = 10**30
BYTES = os.fsdecode(b"\xff")


def refusal(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """The single error line of a command that exits with status 2."""
    with pytest.raises(SystemExit) as end:
        program.main(words)
    out, said = capsys.readouterr()
    assert end.value.code == 2 and out == "" and said.count("\n") == 1 and said[:-1].isprintable(), said
    return said


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["sample", "run", "--seed", "-1"], "--seed is -1: give at least 0"),
        (["sample", "run", "--seed", str(MAX_SEED + 1)], "--seed is 4294967296: give at most 4,294,967,295"),
        (["sample", "run", "--count", "0"], "--count is 0: give at least 1"),
        (["sample", "run", "--count", str(HUGE)], f"--count is {HUGE}: give at most 10,000,000"),
        (["evaluate", "run", "--samples", str(HUGE)], "give at most 10,000,000"),
        (["evaluate", "run", "--seed", "-1"], "--seed is -1"),
        (["augment", "run", "--out", "out", "--count", str(HUGE)], "give at most 10,000,000"),
        (["augment", "run", "--out", "out", "--count", "2", "--seed", str(HUGE)], "give at most 4,294,967,295"),
        (["forecast", "run", "--steps", str(HUGE)], "give at most 10,000,000"),
        (["explore", "run", "interpolate", "--count", str(HUGE)], "give at most 10,000,000"),
        (["explore", "run", "interpolate", "--seed", "-1"], "--seed is -1"),
        (["transform", "run", "--text", "a", "--seed", "-1"], "--seed is -1"),
        (["sample", BYTES], "\\udcff is not a run folder"),
        (["sample", "~nobody-at-all/run"], "~nobody-at-all/run cannot be found"),
        (["train", "vae", "--run-dir", "~nobody-at-all/run", "--steps", "1"], "~nobody-at-all/run cannot be found"),
        (["train", "vae", "--source", "~nobody-at-all"], "'~nobody-at-all' cannot be opened"),
        (["train", "vae", "--start-from", "~nobody-at-all"], "~nobody-at-all cannot be found"),
        (["train", "vae", "--source", f"./{BYTES}"], "does not exist"),
        (["train", "vae", "--batch-size", str(HUGE)], f"batch_size is {HUGE}: give at most 4294967295"),
        (["train", "gpt", "--batch-size", "2147483648"], "give fewer, at most 10,000,000 per step"),
        (["train", "gpt", "--steps", str(HUGE)], f"steps is {HUGE}: give at most 4294967295"),
    ],
)
def test_odd_words_are_refused_in_one_line(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "recipe.json").write_text(VRAE.tiny().to_json())
    assert message in refusal(words, capsys)
    assert [str(path.relative_to(tmp_path)) for path in sorted(tmp_path.rglob("*"))] == ["run", "run/recipe.json"]


def test_without_a_home_the_variable_is_named_that_does_without(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)  # as for a user unknown to the system
    for name in ("AIGC_TF_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    assert "~/.cache cannot be found" in (said := refusal(["cache"], capsys)) and "set AIGC_TF_CACHE" in said
    monkeypatch.setenv("AIGC_TF_CACHE", str(tmp_path))
    program.main(["cache"])
    capsys.readouterr()
    monkeypatch.setenv("AIGC_TF_CACHE", "~nobody-at-all")
    assert "~nobody-at-all cannot be found" in refusal(["cache"], capsys)


@pytest.mark.parametrize("batch", [0, -1, 4097, HUGE])
def test_a_batch_that_no_file_has_is_refused_at_once(batch: int) -> None:
    with pytest.raises(InputError, match=f"batch is {batch}: "):
        check_arguments("tflite", "none", batch)


@pytest.mark.parametrize(("kind", "field"), [(Writing, "tokens"), (Writing, "beams"), (PathSampling, "steps")])
def test_options_that_say_how_many_have_a_limit(kind: type, field: str) -> None:
    for number in (0, HUGE):
        with pytest.raises(ValueError, match=field):
            kind(**{field: number})


@pytest.mark.parametrize("error", [MemoryError("Unable to allocate 7 TiB"), MemoryError()])
def test_too_little_memory_is_one_line(error: MemoryError, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end, friendly_exit():
        raise error
    assert end.value.code == 2
    assert f"there is not enough memory ({str(error) or 'an array'}): ask for fewer" in capsys.readouterr().err


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_numbers_that_are_not_finite_are_not_delivered(number: float, tmp_path: Path) -> None:
    pictures = np.full((2, 4, 4, 1), 0.5, np.float32)
    pictures[1, 2, 2] = number
    with pytest.raises(InputError, match="it has diverged, choose another checkpoint"):
        deliver(Pictures(ImageSettings(height=4, width=4)), tmp_path / "a.png", [pictures], 2, {})
    assert list(tmp_path.iterdir()) == []
