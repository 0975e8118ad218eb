"""Commands with sequence-to-sequence runs: files, texts, pipes, conversations."""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path

import pytest

import aigc_tf
from aigc_tf.cli import chat, transform
from aigc_tf.recipes.dialogue import Dialogue
from aigc_tf.recipes.seq2seq import Search
from aigc_tf.recipes.settings import LoggingSettings
from aigc_tf.recipes.summary import Summary

TURNS = [(f"number {a}{b}\nand {b}{c}", f"{a}{c}") for a in "abcde" for b in "fghij" for c in "klmno"]
TEXTS = ["9 May 1998", "3. Jul 2024"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> aigc_tf.Run:
    recipe = dataclasses.replace(Summary.tiny(), steps=2, logging=LoggingSettings(evaluate_every=100))
    return aigc_tf.train(recipe, tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def talking(tmp_path_factory: pytest.TempPathFactory) -> aigc_tf.Run:
    table = tmp_path_factory.mktemp("data") / "turns.tsv"
    table.write_text("".join(f"{x.replace(chr(10), chr(9))}\t{y}\n" for x, y in TURNS))
    tiny = Dialogue.tiny()
    pairs = dataclasses.replace(tiny.pairs, columns=("1", "2", "3"))
    logging = LoggingSettings(evaluate_every=100)
    recipe = dataclasses.replace(tiny, source=str(table), pairs=pairs, steps=2, logging=logging)
    return aigc_tf.train(recipe, tmp_path_factory.mktemp("talking"))


def test_texts_and_files_give_a_line_for_each(run: aigc_tf.Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    expected = run.transform(TEXTS)
    transform.main([str(run.path), "--text", *TEXTS])
    assert capsys.readouterr().out == "\n".join(expected) + "\n"
    (tmp_path / "input.txt").write_text("\n".join(TEXTS) + "\n")
    transform.main([str(run.path), str(tmp_path / "input.txt"), "--out", str(tmp_path / "output.txt")])
    assert (tmp_path / "output.txt").read_text() == "\n".join(expected) + "\n"
    (tmp_path / "folder").mkdir()
    for number, text in enumerate(TEXTS):
        (tmp_path / "folder" / f"{number}.txt").write_text(text)
    transform.main([str(run.path), str(tmp_path / "folder"), "--out", str(tmp_path / "made")])
    assert [(tmp_path / "made" / f"{number}.txt").read_text().strip() for number in range(2)] == expected


def test_a_pipe(run: aigc_tf.Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{TEXTS[0]}\n\n{TEXTS[1]}"))
    transform.main([str(run.path), "-", "--beams", "1"])
    one, other = run.model.write_all(TEXTS, Search(beams=1))
    assert capsys.readouterr().out == f"{one}\n\n{other}\n"


def test_a_conversation_has_turns(
    talking: aigc_tf.Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr("sys.stdin", io.StringIO("number af\nand fk\n\nand gl\n"))
    asked: list[str] = []
    model = type(talking.model)
    monkeypatch.setattr(model, "write_long", lambda self, texts, *rest: asked.extend(texts) or ["so"])
    chat.main([str(talking.path)])
    assert capsys.readouterr().out == "so\nso\nso\n"
    assert asked == ["number af", "so\nand fk", "and gl"]


def test_other_models_do_not_answer(run: aigc_tf.Run, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as status:
        chat.main([str(run.path)])
    assert status.value.code == 2
    assert "a summary does not answer: choose a run of dialogue" in capsys.readouterr().err
